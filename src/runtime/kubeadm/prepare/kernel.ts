/** Modules and switches of the kernel that pods' networks need (kubernetes.io: container runtimes, prerequisites). */

import { installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import type { RuntimeContext } from '../../runtime.ts';

const MODULES_FILE = '/etc/modules-load.d/sealer.conf';
const SWITCHES_FILE = '/etc/sysctl.d/99-sealer.conf';

const SWITCHES = `# Written by sealer.
net.ipv4.ip_forward = 1
net.ipv6.conf.all.forwarding = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
`;

/** A module may be built in, or another's in a container: what counts is whether kubeadm's checks pass afterwards. */
const PROGRAM = `
file=$1; shift
for module in "$@"; do modprobe "$module" 2>/dev/null; done
while IFS= read -r line; do
  case $line in ''|'#'*|';'*) continue;; esac
  key=$(echo "\${line%%=*}" | tr -d ' '); value=\${line#*=}; value=\${value# }
  path=/proc/sys/$(echo "$key" | tr . /)
  test ! -w "$path" || echo "$value" > "$path" || echo "$key" >&2
done < "$file"
exit 0
`;

/** Loads and sets them, now and at every start; the image's etc/sysctl.conf comes after our own. */
export async function prepareKernel(
  host: Host,
  { home, image, signal }: Pick<RuntimeContext, 'home' | 'image' | 'signal'>,
  usesIpvs: boolean,
): Promise<void> {
  const modules = [
    'overlay',
    'br_netfilter',
    ...(usesIpvs ? ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh', 'nf_conntrack'] : []),
  ];
  const extra = await host.readText(`${image.rootfs}/etc/sysctl.conf`, { signal });
  const files = [
    { path: MODULES_FILE, mode: 0o644, content: `# Written by sealer.\n${modules.join('\n')}\n` },
    { path: SWITCHES_FILE, mode: 0o644, content: extra === undefined ? SWITCHES : `${SWITCHES}${extra.trimEnd()}\n` },
  ];
  await installFiles(host, home, files, { signal });
  await host.exec({ argv: ['sh', '-c', PROGRAM, 'sealer', SWITCHES_FILE, ...modules], signal });
}
