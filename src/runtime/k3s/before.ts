/** What a host was before k3s, as far as files do not tell: so that it can be so again. */

import type { Host } from '../../hosts/host.ts';
import type { OwnFiles } from './paths.ts';

/** Switches of the kernel, below /proc/sys, that k3s, its kubelet and its kube-proxy set. */
const SWITCHES = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/forwarding',
  'net/ipv4/conf/default/forwarding',
  'net/ipv4/conf/all/route_localnet',
  'net/ipv6/conf/all/forwarding',
  'net/ipv6/conf/default/forwarding',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
  'net/netfilter/nf_conntrack_max',
  'net/netfilter/nf_conntrack_tcp_timeout_established',
  'net/netfilter/nf_conntrack_tcp_timeout_close_wait',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
];

/** Folders that stay, empty, if they were there. */
const FOLDERS = ['/usr/libexec/kubernetes', '/run/containerd', '/run/netns', '/opt/containerd'];

/** Writes it down, unless that was done before: what came since then is k3s's. */
export async function rememberBefore(host: Host, files: OwnFiles, signal: AbortSignal): Promise<void> {
  const argv = [
    'sh',
    '-c',
    REMEMBER,
    'sealer',
    `${files.folder}/before`,
    FOLDERS.join(' '),
    SWITCHES.join(' '),
  ] as const;
  await host.exec({ argv, signal });
}

/** Arguments: the file, folders, switches. */
const REMEMBER = `
set -eu
file=$1
[ ! -e "$file" ] || exit 0
mkdir -p "\${file%/*}"
{
  for folder in $2; do [ ! -e "$folder" ] || echo "folder $folder"; done
  for switch in $3; do
    if value=$(cat "/proc/sys/$switch" 2>/dev/null); then echo "switch $switch $value"; fi
  done
  for tool in iptables ip6tables; do
    rules=$("$tool-save" 2>/dev/null | grep -v '^#') || true
    [ -z "$rules" ] || echo "rules $tool"
  done
} > "$file.new"
mv "$file.new" "$file"
`;
