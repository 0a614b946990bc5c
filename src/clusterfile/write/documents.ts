/** A Clusterfile as documents in one canonical form: what says nothing is left out. */

import { formatTaint } from '../addresses/taint.ts';
import type { Clusterfile, ConfigSpec, Env, HostSpec, PluginSpec, RegistrySpec, SshSpec } from '../desired.ts';
import { DEFAULT_DATA_ROOT } from '../documents/cluster.ts';
import { defaultHa } from '../documents/registry.ts';
import { SSH_DEFAULTS } from '../documents/ssh.ts';
import { createSecretFilter, type SecretFilter } from './secrets.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** The documents, the Cluster first. Passwords are not in them. */
export function documentsOf(clusterfile: Clusterfile): readonly Tree[] {
  const filter = createSecretFilter(clusterfile);
  const { cluster, configs, plugins, application, kubeadm, k3s, k0s } = clusterfile;
  return [
    own('Cluster', cluster.name, clusterOf(clusterfile, filter)),
    ...configs.map((config) => own('Config', config.name, configOf(config, filter))),
    ...plugins.map((plugin) => own('Plugin', plugin.name, pluginOf(plugin, filter))),
    ...(application === undefined ? [] : [own('Application', undefined, applicationOf(application, filter))]),
    ...Object.values(kubeadm).map((document) => rawOf(document, filter)),
    ...(k3s === undefined ? [] : [own('K3sConfig', undefined, k3sOf(k3s, filter))]),
    ...(k0s === undefined ? [] : [rawOf(k0s, filter)]),
  ];
}

/** Entries that say nothing go: undefined, and empty lists and mappings. */
export function compact(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => !isNothing(value)));
}

function own(kind: string, name: string | undefined, spec: Tree): Tree {
  return { apiVersion: 'sealer.cloud/v2', kind, ...(name && { metadata: { name } }), spec };
}

function clusterOf({ cluster }: Clusterfile, filter: SecretFilter): Tree {
  const common = cluster.hosts[0]?.ssh ?? SSH_DEFAULTS;
  return compact({
    image: filter.text(cluster.image),
    env: envOf(cluster.env, filter),
    cmd: cluster.cmd,
    appNames: cluster.appNames?.map((name) => filter.text(name)),
    ssh: sshOf(common, SSH_DEFAULTS, filter),
    hosts: groupsOf(cluster.hosts).map((group) => hostsOf(group, common, filter)),
    registry: registryOf(cluster.registry, cluster.hosts, filter),
    containerRuntime: cluster.containerRuntime && { type: cluster.containerRuntime },
    hostAliases: cluster.hostAliases,
    dataRoot: cluster.dataRoot === DEFAULT_DATA_ROOT ? undefined : cluster.dataRoot,
  });
}

/** Neighbours that differ in nothing but their address. */
function groupsOf(hosts: readonly HostSpec[]): readonly (readonly [HostSpec, ...HostSpec[]])[] {
  const groups: [HostSpec, ...HostSpec[]][] = [];
  let before: string | undefined;
  for (const host of hosts) {
    const { address: _, ...rest } = host;
    const likeness = JSON.stringify(rest);
    const group = groups.at(-1);
    if (group !== undefined && likeness === before) group.push(host);
    else groups.push([host]);
    before = likeness;
  }
  return groups;
}

function hostsOf([first, ...others]: readonly [HostSpec, ...HostSpec[]], common: SshSpec, filter: SecretFilter): Tree {
  return compact({
    ips: [first, ...others].map(({ address }) => address),
    roles: first.roles,
    ssh: sshOf(first.ssh, common, filter),
    env: envOf(first.env, filter),
    labels: Object.fromEntries(Object.entries(first.labels).map(([key, value]) => [key, filter.text(value)])),
    taints: first.taints.map(formatTaint),
  });
}

function sshOf(ssh: SshSpec, under: SshSpec, filter: SecretFilter): Tree {
  return compact({
    user: ssh.user === under.user ? undefined : ssh.user,
    port: ssh.port === under.port ? undefined : ssh.port,
    pk: ssh.privateKey === under.privateKey || ssh.privateKey === undefined ? undefined : filter.text(ssh.privateKey),
    jump: ssh.jump === under.jump ? undefined : ssh.jump,
  });
}

function registryOf(registry: RegistrySpec, hosts: readonly HostSpec[], filter: SecretFilter): Tree {
  const username = registry.username === undefined ? undefined : filter.text(registry.username);
  if (registry.kind === 'external') {
    const { domain, port, insecure, ca } = registry;
    const isDefault = port === (insecure ? 80 : 443);
    const external = { domain, port: isDefault ? undefined : port, username, insecure: insecure || undefined, ca };
    return { externalRegistry: compact(external) };
  }
  const { domain, port, ha, insecure, sans } = registry;
  return compact({
    localRegistry: compact({
      domain: domain === 'sea.hub' ? undefined : domain,
      port: port === 5000 ? undefined : port,
      username,
      ha: ha === defaultHa(hosts) ? undefined : ha,
      insecure: insecure || undefined,
      cert: sans.length === 0 ? undefined : { subjectAltName: { dnsNames: sans } },
    }),
  });
}

function configOf({ path, appName, strategy, process, data }: ConfigSpec, filter: SecretFilter): Tree {
  return compact({
    path: filter.text(path),
    appName,
    strategy: strategy === 'overwrite' ? undefined : strategy,
    process: process.length === 0 ? undefined : process.join('|'),
    ...dataOf(data, filter),
  });
}

function dataOf(data: string, filter: SecretFilter): Tree {
  const { text, isHiding } = filter.literal(data);
  return { data: text, ...(isHiding && { expandEnv: true }) };
}

function pluginOf({ type, phases, on, data, env, timeoutMs }: PluginSpec, filter: SecretFilter): Tree {
  return compact({
    type,
    action: phases.join('|'),
    on,
    data: data === '' ? undefined : data,
    env: envOf(env, filter),
    timeout: timeoutMs === 600_000 ? undefined : timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${timeoutMs}ms`,
  });
}

function applicationOf(
  { cmds, launchApps, configs }: NonNullable<Clusterfile['application']>,
  filter: SecretFilter,
): Tree {
  return {
    ...(cmds && { cmds }),
    ...(launchApps && { launchApps: launchApps.length === 0 ? [''] : launchApps }),
    ...compact({
      configs: configs.map(({ name, env, files, launchCmds }) =>
        compact({
          name,
          env: envOf(env, filter),
          files: files.map(({ path, strategy, data }) =>
            compact({ path, strategy: strategy === 'overwrite' ? undefined : strategy, ...dataOf(data, filter) }),
          ),
          launch: launchCmds && { cmds: launchCmds },
        }),
      ),
    }),
  };
}

function k3sOf({ server, agent }: NonNullable<Clusterfile['k3s']>, filter: SecretFilter): Tree {
  return { ...rawOf(server, filter), ...compact({ agent: rawOf(agent, filter) }) };
}

function rawOf(tree: Tree, filter: SecretFilter): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, treeOf(value, key, filter)]));
}

function treeOf(value: unknown, key: string, filter: SecretFilter): unknown {
  if (typeof value === 'string') return filter.text(value, key);
  if (Array.isArray(value)) return value.map((item: unknown) => treeOf(item, key, filter));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, treeOf(each, name, filter)]));
}

function envOf(env: Env, filter: SecretFilter): readonly string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${filter.text(value, name)}`);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
