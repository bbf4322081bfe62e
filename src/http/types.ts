/** What the rest of the program may ask of HTTP. The one implementation is `client.ts`. */

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A small body, read whole and decoded as UTF-8 (invalid bytes become U+FFFD). */
export interface TextAnswer {
  /** Where it came from after redirects. */
  readonly url: string
  readonly text: string
  /** The body as it came. */
  readonly bytes: Uint8Array
  /** What the server said of this state of the text, for asking whether it has changed. */
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

export interface TextOptions extends RequestOptions {
  /** An earlier answer. It is the answer again where the server says that it has not changed. */
  readonly known?: TextAnswer | undefined
}

/** What a server says of a file without sending it. */
export interface FileFacts {
  readonly url: string
  /** Bytes. */
  readonly size: number | undefined
  readonly lastModified: Date | undefined
  readonly etag: string | undefined
  readonly contentType: string | undefined
}

/** The narrow interface that discovery gets: small texts and facts, nothing else. */
export interface DiscoveryHttp {
  /**
   * GET of a listing, a manifest, a key.
   * @throws UpdaterError HTTP_STATUS (any answer but 2xx), HTTP_NETWORK, HTTP_TIMEOUT, HTTP_REDIRECT,
   * HTTP_TOO_LARGE (over 8 MiB), HTTP_URL, ABORTED
   */
  text(url: string, options?: TextOptions): Promise<TextAnswer>
  /** HEAD, or a GET of one byte where the server refuses HEAD. Errors as for `text`. */
  facts(url: string, options?: RequestOptions): Promise<FileFacts>
}

/** A body on its way. Whoever opened it reads it to the end or calls `discard`. */
export interface OpenBody {
  readonly url: string
  readonly status: number
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

export interface SendOptions extends RequestOptions {
  readonly body?: Uint8Array | string | undefined
  /** Redirects to follow; 0 hands a redirect back as the answer. Default: 5. */
  readonly redirects?: number | undefined
  /** Called before each attempt, so that a signature can carry the attempt's own time. */
  readonly sign?: ((attempt: number) => Promise<Record<string, string>>) | undefined
}

export interface DownloadOptions extends RequestOptions {
  /**
   * More than one: parts of the file are asked for at the same time by Range, and yielded in order; where the
   * server has no ranges, or names no state of the file to hold them together, one it is. Default: 1.
   */
  readonly connections?: number | undefined
}

export interface HttpClient extends DiscoveryHttp {
  /**
   * One request under the policy (timeouts, retries, redirects, proxies). Answers with any status come
   * back once the retries of the retriable ones are used up; `HTTP_NETWORK`, `HTTP_TIMEOUT`,
   * `HTTP_REDIRECT`, `ABORTED` are thrown.
   */
  send(method: string, url: string, options?: SendOptions): Promise<OpenBody>
  /**
   * GET of a large file. Resumes by Range with If-Range when the connection breaks off; the iterable
   * yields each byte of the file exactly once, in order, or throws.
   */
  download(url: string, options?: DownloadOptions): Promise<Download>
  close(): Promise<void>
}

export interface Download {
  readonly facts: FileFacts
  /**
   * The file's bytes. Throws `HTTP_TRUNCATED` where the file changed under way, the server stopped
   * honouring Range, or the length is wrong: a consumer that hashes must start again from scratch.
   */
  readonly body: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}
