/** The client side of the distribution API. */

export {
  anonymous,
  type Credential,
  type Credentials,
  type GivenCredential,
  loadCredentials,
} from './auth/credentials.ts';
export { type LoginOptions, login, logout } from './auth/login.ts';
export { RegistryClient, type RegistryClientOptions } from './client.ts';
export { isForbidden } from './http/address.ts';
export { type FetchFrom, type MirrorableSource, mirroredSource } from './mirrored-source.ts';
export type { BlobSource, UploadOptions } from './transfer/blob-upload.ts';
export { type CreateIndexOptions, createIndex } from './transfer/create-index.ts';
export { type PullOptions, type PullResult, pullImage } from './transfer/pull.ts';
export { type PullBlobOptions, type PulledBlob, pullBlob } from './transfer/pull-blob.ts';
export { type PullReferrersOptions, pullReferrers } from './transfer/pull-referrers.ts';
export { type PushOptions, type PushResult, pushImage } from './transfer/push.ts';
