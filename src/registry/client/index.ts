/** The client side of the distribution API. */

export type { BlobSource, UploadOptions } from './blob-upload.ts';
export { RegistryClient, type RegistryClientOptions } from './client.ts';
export {
  anonymous,
  type Credential,
  type Credentials,
  type GivenCredential,
  loadCredentials,
} from './credentials.ts';
export { type LoginOptions, login, logout } from './login.ts';
export { type PullOptions, type PullResult, pullImage } from './pull.ts';
export { type PullBlobOptions, type PulledBlob, pullBlob } from './pull-blob.ts';
export { type PushOptions, type PushResult, pushImage } from './push.ts';
