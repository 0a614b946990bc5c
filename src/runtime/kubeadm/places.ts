/** Where things lie on a host of a kubeadm cluster. */

/** Our programs; in no package's way, and on everybody's PATH. */
export const PROGRAMS = '/usr/local/bin';
export const KUBEADM = `${PROGRAMS}/kubeadm`;
export const KUBELET = `${PROGRAMS}/kubelet`;
export const KUBECTL = `${PROGRAMS}/kubectl`;
export const CONTAINERD = `${PROGRAMS}/containerd`;
export const CTR = `${PROGRAMS}/ctr`;
/** Shared libraries that the image brings for its container runtime. */
export const LIBRARIES = '/usr/local/lib/sealer';
export const CNI_PROGRAMS = '/opt/cni/bin';

export const CONTAINERD_CONFIG = '/etc/containerd/config.toml';
/** containerd's `config_path`. */
export const MIRRORS = '/etc/containerd/certs.d';
export const CRI_SOCKET = 'unix:///run/containerd/containerd.sock';

export const ADMIN_CONF = '/etc/kubernetes/admin.conf';
export const KUBELET_CONF = '/etc/kubernetes/kubelet.conf';
export const MANIFESTS = '/etc/kubernetes/manifests';
export const PKI = '/etc/kubernetes/pki';
/** Of etcd's data, unless somebody moved it (`etcdFolder`). */
export const ETCD_FOLDER = '/var/lib/etcd';
export const CA_CERTIFICATE = `${PKI}/ca.crt`;
export const API_CERTIFICATE = `${PKI}/apiserver.crt`;

/** Where an administrator's tools look for a cluster. */
export const ROOT_KUBECONFIG = '/root/.kube/config';

/** What our commands run with: sudo's own PATH leaves out /usr/local in many distributions. */
export const COMMAND_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LD_LIBRARY_PATH: LIBRARIES,
  LC_ALL: 'C',
} as const;
