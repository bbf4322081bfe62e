import { fetchManifest, listedFile, type OwnResolver, UpdaterError } from 'openstack-image-updater'

/**
 * Images of a build server: `latest_url` is `FOLDER/latest.json`, which names the newest version, and
 * `FOLDER/VERSION/SHA256SUMS` lists its file.
 */
export const buildServer: OwnResolver = {
  name: 'build-server',
  serves: { latestUrl: /\/latest\.json$/ },
  strategies: [
    (image) => async (context) => {
      const { http, signal, tell } = context
      const { latestUrl = '' } = image
      const { text } = await http.text(latestUrl, { signal })
      const [, version] = /"version": *"([0-9.]+)"/.exec(text) ?? []
      if (version === undefined) {
        throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${latestUrl} names no version`)
      }
      const folder = new URL(`${version}/`, latestUrl).href
      const url = `${folder}os-${version}.qcow2`
      tell({ type: 'latest-url', url })
      const manifest = await fetchManifest(`${folder}SHA256SUMS`, context)
      const { digest, size } = listedFile(url, manifest, image)
      return { url, version, digest, size, trust: manifest.trust, signer: manifest.signer }
    },
  ],
}
