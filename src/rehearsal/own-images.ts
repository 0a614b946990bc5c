/**
 * What the temporary cluster pulls for itself. It is no part of any app: where the base image is k3s, its own bundle has
 * all of it; where the base is another Kubernetes, nobody needs it.
 */

/** Repositories of the images in k3s's own manifests and containerd configuration (k3s-io/k3s, scripts/airgap/image-list.txt). */
const OWN =
  /^docker\.io\/rancher\/(?:(?:mirrored-)?pause|(?:mirrored-)?coredns-coredns|local-path-provisioner|klipper-(?:helm|lb)|(?:mirrored-)?library-(?:busybox|traefik)|(?:mirrored-)?metrics-server)(?=[:@]|$)/;

/**
 * Whether a name is of an image that k3s runs itself.
 * @param name complete, or only registry and repository
 */
export function isOwnImage(name: string): boolean {
  return OWN.test(name);
}
