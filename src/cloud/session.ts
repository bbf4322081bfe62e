import type { RequestBody } from '../http/request-body.ts'
import type { OpenBody } from '../http/transport.ts'
import type { Project } from './projects.ts'

/** One request to the Image API. */
export interface CloudRequest {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: RequestBody | undefined
  /** Bytes of a body that is streamed, if they are known: some servers take none without a length. */
  readonly length?: number | undefined
  /** Milliseconds from the body's end to the answer. Default: those of the policy. */
  readonly answerTimeout?: number | undefined
  /**
   * Whether the same request may be sent again after an answer or a failure that may pass. A streamed body is never sent
   * again. Default: whether the method is GET, HEAD, DELETE or PUT.
   */
  readonly isRepeatable?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** A cloud that is logged in to. */
export interface CloudSession {
  /** `NAME` or `NAME/REGION`, for messages. */
  readonly cloud: string
  readonly project: { readonly id: string; readonly name: string }
  readonly roles: readonly string[]
  /** Base of the Image API, without version and final slash. */
  readonly imageUrl: string
  /**
   * One request of the Image API with the token, which is renewed before it ends, and once after a 401. An answer with
   * any status comes back.
   * @param path e.g. `/v2/images`, with the query
   * @throws UpdaterError CLOUD_AUTH, CLOUD_UNREACHABLE, ABORTED, and what a streamed body throws
   */
  request(method: string, path: string, options?: CloudRequest): Promise<OpenBody>
  /**
   * Returns the projects that a text stands for: an id, a name in the domain of our own project, `DOMAIN/NAME`, or
   * `domain:DOMAIN` for all enabled ones of a domain, which is named by its id or name. An id is taken as it is where
   * we have no right to look it up.
   * @throws UpdaterError CLOUD_CONFIGURATION: there is none; CLOUD_DENIED, CLOUD_AUTH, CLOUD_FAILED, CLOUD_UNREACHABLE, ABORTED
   */
  findProjects(wanted: string, signal?: AbortSignal): Promise<readonly Project[]>
  /** Ends all connections, also those in use. */
  close(): Promise<void>
}
