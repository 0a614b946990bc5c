/** The peer of `sealer run`: kubeadm by hand, on hosts that have all files already. */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../lab/hosts/index.ts';

const ENV = [
  'env',
  'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'LD_LIBRARY_PATH=/usr/local/lib/sealer',
] as const;
const KUBECTL = [...ENV, 'kubectl', '--kubeconfig=/etc/kubernetes/admin.conf'] as const;
const READY_WITHIN_MS = 10 * 60_000;
const NETWORK = 'network.yaml';

/** In seconds. */
export interface BareTimes {
  /** init, and join. */
  readonly kubeadm: number;
  /** With the network, and until both nodes are Ready. */
  readonly wall: number;
}

/**
 * Takes the cluster that is on the hosts apart again (its programs, services and preloaded images stay), and makes it anew
 * with the same configuration.
 */
export async function bareKubeadm(master: LabHost, node: LabHost): Promise<BareTimes> {
  const token = `${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`;
  const documents = await configOf(master);
  const network = await master.exec(['sh', '-c', `cat "$(find /var/lib/sealer -name ${NETWORK} | head -n 1)"`]);
  const flags = await Promise.all([master, node].map(kubeletFlags));
  await Promise.all([node, master].map(reset));
  await pointToMaster(node, master);
  const [masterFlags = '', nodeFlags = ''] = flags;
  await master.exec(['sh', '-c', 'cat > /root/bare.yaml'], {
    input: initDocument(master, masterFlags, token) + documents,
  });
  await node.exec(['sh', '-c', 'cat > /root/bare.yaml'], { input: joinDocument(master, nodeFlags, token) });

  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const ignore = '--ignore-preflight-errors=all';
  await master.exec([...ENV, 'kubeadm', 'init', '--config=/root/bare.yaml', '--skip-token-print', ignore]);
  const init = since();
  await master.exec(['sh', '-c', `cat > /root/${NETWORK}`], { input: network.stdout });
  await master.exec([...KUBECTL, 'apply', '-f', `/root/${NETWORK}`]);
  const joining = since();
  await node.exec([...ENV, 'kubeadm', 'join', '--config=/root/bare.yaml', ignore]);
  const kubeadm = init + since() - joining;
  await untilReady(master, 2);
  return { kubeadm, wall: since() };
}

/** The cluster's documents for kubeadm, as the cluster keeps them. */
async function configOf(master: LabHost): Promise<string> {
  const read = async (name: string, key: string) => {
    const template = `{{index .data "${key}"}}`;
    const { stdout } = await master.exec([
      ...KUBECTL,
      '-n',
      'kube-system',
      'get',
      'cm',
      name,
      '-o',
      `go-template=${template}`,
    ]);
    return stdout;
  };
  const { stdout: names } = await master.exec([...KUBECTL, '-n', 'kube-system', 'get', 'cm', '-o', 'name']);
  const kubelet = /configmap\/(kubelet-config\S*)/.exec(names)?.[1] ?? 'kubelet-config';
  const all = [
    await read('kubeadm-config', 'ClusterConfiguration'),
    await read(kubelet, 'kubelet'),
    await read('kube-proxy', 'config.conf'),
  ];
  return all.map((text) => `---\n${text.trim()}\n`).join('');
}

/** What kubeadm told the kubelet on its command line, as entries of `kubeletExtraArgs`. */
async function kubeletFlags(host: LabHost): Promise<string> {
  const { stdout } = await host.exec(['cat', '/var/lib/kubelet/kubeadm-flags.env']);
  return [...stdout.matchAll(/--([a-z-]+)=([^\s"]+)/g)]
    .map(([, name = '', value = '']) => `    ${name}: ${JSON.stringify(value)}\n`)
    .join('');
}

async function reset(host: LabHost): Promise<void> {
  await host.exec([...ENV, 'kubeadm', 'reset', '--force']);
  await host.exec([
    'sh',
    '-c',
    'rm -rf /etc/cni/net.d/* /var/lib/cni/*; for link in cni0 flannel.1; do ip link delete "$link"; done; true',
  ]);
}

/** The node finds the API by a name of ours, at its own balancer, which is gone. */
async function pointToMaster(node: LabHost, master: LabHost): Promise<void> {
  const program =
    'sed "s/^[^ ]* \\(.* # sealer:apiserver\\)$/$1 \\1/" /etc/hosts > /root/hosts && cat /root/hosts > /etc/hosts';
  await node.exec(['sh', '-c', program, 'sh', master.address]);
}

function initDocument({ address, name }: LabHost, flags: string, token: string): string {
  return `apiVersion: kubeadm.k8s.io/v1beta2
kind: InitConfiguration
bootstrapTokens: [{ token: "${token}" }]
localAPIEndpoint: { advertiseAddress: "${address}" }
nodeRegistration:
  name: "${name}"
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
${flags}`;
}

function joinDocument(master: LabHost, flags: string, token: string): string {
  return `apiVersion: kubeadm.k8s.io/v1beta2
kind: JoinConfiguration
discovery:
  bootstrapToken: { token: "${token}", apiServerEndpoint: "${master.address}:6443", unsafeSkipCAVerification: true }
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
${flags}`;
}

async function untilReady(master: LabHost, count: number): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const { stdout } = await master.exec([...KUBECTL, 'get', 'nodes', '--no-headers'], { allowFailure: true });
    if (stdout.split('\n').filter((line) => / Ready /.test(line)).length === count) return;
    if (Date.now() > deadline) throw new Error(`the nodes of kubeadm do not get ready:\n${stdout}`);
    await sleep(200);
  }
}
