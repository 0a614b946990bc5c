/** GitHub's API, as far as workflows of ours use it. */

export { type Github, type GithubOptions, openGithub } from './client.ts';
export {
  type OurComment,
  readComment,
  readLogin,
  removeComment,
  type WrittenComment,
  writeComment,
} from './comments.ts';
export {
  type Deployment,
  type DeploymentState,
  type DeploymentStatus,
  ensureDeployment,
  lastSign,
  listDeployments,
  type NewDeployment,
  removeDeployment,
  setDeploymentStatus,
} from './deployments.ts';
export { explain, isGone, isUncertain, type Request } from './explain.ts';
export { type Pull, readPull } from './pulls.ts';
