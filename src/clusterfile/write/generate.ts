/** A Clusterfile to begin with, with comments that say what else there is. */

import { writeYaml } from '../config/yaml-text.ts';
import type { ClusterfileFlags } from '../flags/flags.ts';
import { clusterfileFromFlags } from '../flags/from-flags.ts';
import { documentsOf, type Tree } from './documents.ts';

/**
 * Writes a Clusterfile from flags, for `sealer gen`. A password is written as `${SSH_PASSWORD}`, a passphrase as
 * `${SSH_PASSPHRASE}`; what the flags do not say stands there as a comment.
 * @throws SealerError USAGE: a flag is malformed
 */
export function genClusterfile(flags: ClusterfileFlags): string {
  const [cluster = {}] = documentsOf(
    clusterfileFromFlags({ image: 'docker.io/sealerio/kubernetes:v1.22.15', ...flags }),
  );
  const spec = isTree(cluster.spec) ? cluster.spec : {};
  const ssh = isTree(spec.ssh) ? spec.ssh : {};
  const { hosts = EXAMPLE_HOSTS, env, ...others } = spec;
  const secrets = {
    ...(flags.password !== undefined && { passwd: '${SSH_PASSWORD}' }),
    ...(flags.passphrase !== undefined && { pkPasswd: '${SSH_PASSPHRASE}' }),
    ...(flags.sudoPassword !== undefined && { sudoPasswd: '${SUDO_PASSWORD}' }),
  };
  const login = { user: 'root', port: 22, ...ssh, ...secrets };
  const parts = [
    part({ image: spec.image }, 'The cluster image.'),
    part({ ssh: login }, 'How hosts are reached; a host can have its own. Secrets come from the environment: ${NAME}.'),
    ...(Object.keys(secrets).length > 0
      ? []
      : [indent('# passwd: ${SSH_PASSWORD}\n# pk: ~/.ssh/id_ed25519\n# jump: admin@bastion.example.com', 4)]),
    part({ hosts }, 'Addresses, ranges (10.0.0.5-10.0.0.9) and names, with the roles master, node and your own.'),
    indent(HOST_COMMENT, 6),
    env === undefined ? indent(ENV_COMMENT, 2) : part({ env }, 'Variables for templates, plugins and scripts.'),
    ...rest(others),
    indent(REGISTRY_COMMENT, 2),
  ];
  const metadata = writeYaml({ apiVersion: cluster.apiVersion, kind: cluster.kind, metadata: cluster.metadata });
  return `${HEAD}${metadata}spec:\n${parts.join('')}${MORE}`;
}

const HEAD =
  '# What the cluster is to be. sealer apply -f Clusterfile makes it so; a second time it changes what differs.\n';

const EXAMPLE_HOSTS = [
  { ips: ['10.0.0.2'], roles: ['master'] },
  { ips: ['10.0.0.5-10.0.0.9'], roles: ['node'] },
];

const HOST_COMMENT = `# env: [StorageDevice=/dev/vdb]
# labels: {disk: ssd}
# taints: [dedicated=db:NoSchedule]
# ssh: {user: admin, port: 2222}`;

const ENV_COMMENT = `# Variables for templates, plugins and scripts.
# env:
#   - PodCIDR=10.244.0.0/16
#   - SvcCIDR=10.96.0.0/12`;

const REGISTRY_COMMENT = `# The cluster's own registry. Default: on all masters where there are several.
# registry:
#   localRegistry: {domain: sea.hub, port: 5000, ha: true}`;

const MORE = `# Further documents may follow: Config (files of the image), Plugin (scripts at a phase), Application (how apps are
# launched), kubeadm's own documents, K3sConfig, and the ClusterConfig of k0s. For example:
# ---
# apiVersion: sealer.cloud/v2
# kind: Config
# metadata:
#   name: shop
# spec:
#   path: application/apps/shop/values.yaml
#   strategy: merge
#   data: |
#     replicas: 3
`;

function rest(others: Tree): readonly string[] {
  const { image: _, ssh: __, ...left } = others;
  return Object.keys(left).length === 0 ? [] : [indent(writeYaml(left).trimEnd(), 2)];
}

function part(tree: Tree, comment: string): string {
  return indent(`# ${comment}\n${writeYaml(tree).trimEnd()}`, 2);
}

function indent(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(width)}${line}\n`)
    .join('');
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
