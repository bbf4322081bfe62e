/** Options whose values are never printed. */
export const secretOptions = ['minio_access_key', 'minio_secret_key', 'webhook'] as const
