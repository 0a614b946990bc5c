/** What a host was before us, as far as it is not files of ours: the footprint keeps those. */

import type { Host } from '../../../hosts/host.ts';
import { ETCD_FOLDER } from '../places.ts';

/**
 * Folders that a kubelet, containerd, kubeadm, etcd, CNI plugins and static pods make. After a reset those are gone that were not there
 * before; of the others, what belongs to us is gone.
 */
export const FOLDERS: readonly string[] = [
  '/etc/kubernetes',
  '/etc/cni',
  '/opt/cni',
  ETCD_FOLDER,
  '/var/lib/kubelet',
  '/var/lib/cni',
  '/var/lib/calico',
  '/var/lib/containerd',
  '/opt/containerd',
  '/etc/containerd',
  '/run/containerd',
  '/run/kubernetes',
  '/run/flannel',
  '/run/calico',
  '/run/xtables.lock',
  '/run/netns',
  '/var/log/pods',
  '/var/log/containers',
  '/var/log/calico',
  '/usr/libexec/kubernetes',
  '/root/.kube/cache',
  '/root/.kube',
  '/var/log/containerd.log',
  '/var/log/kubelet.log',
];

/** Switches of the kernel that we or kube-proxy set, and that are put back. */
export const SWITCHES: readonly string[] = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.route_localnet',
  'net.ipv6.conf.all.forwarding',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
];

/** Where it is kept. */
export function beforePath(home: string): string {
  return `${home}/before`;
}

const PROGRAM = `
set -eu
file=$1; folders=$2; switches=$3
test ! -e "$file" || exit 0
mkdir -p "$(dirname "$file")"
{
  for folder in $folders; do test ! -e "$folder" || echo "folder $folder"; done
  for link in /sys/class/net/*; do test ! -e "$link" || echo "link \${link##*/}"; done
  for switch in $switches; do
    value=$(cat "/proc/sys/$(echo "$switch" | tr . /)" 2>/dev/null) && echo "switch $switch $value" || true
  done
  for tool in iptables ip6tables; do
    rules=$("$tool-save" 2>/dev/null | grep -v '^#') || true
    test -z "$rules" || echo "rules $tool"
  done
} > "$file.new"
mv "$file.new" "$file"
`;

/**
 * Writes down what there is, unless that was done before: what we made since then is none of it.
 * @param etcd folder of etcd's data
 */
export async function rememberBefore(host: Host, home: string, etcd: string, signal: AbortSignal): Promise<void> {
  const folders = [...new Set([...FOLDERS, etcd])].join(' ');
  const argv = ['sh', '-c', PROGRAM, 'sealer', beforePath(home), folders, SWITCHES.join(' ')] as const;
  await host.exec({ argv, signal });
}
