/**
 * Documents of kubeadm between the versions of its configuration. Inside we have v1beta4 only: whatever comes in is
 * lifted to it, and what goes out is written in the version that the cluster's kubeadm reads.
 */

import { type Fields, fieldsOf, mapOf } from '../../../kubernetes/fields.ts';
import { apiVersionOf, type KubeadmApi } from './api-version.ts';
import { argumentsAsMap, readArguments } from './arguments.ts';

/** Where flags of components stand, by kind. */
export const ARGUMENT_PATHS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ClusterConfiguration: [
    ['apiServer', 'extraArgs'],
    ['controllerManager', 'extraArgs'],
    ['scheduler', 'extraArgs'],
    ['etcd', 'local', 'extraArgs'],
  ],
  InitConfiguration: [['nodeRegistration', 'kubeletExtraArgs']],
  JoinConfiguration: [['nodeRegistration', 'kubeletExtraArgs']],
};

/** Lifts a document of any version to v1beta4, without its apiVersion and kind. What has gone since is left out. */
export function liftDocument(kind: string, document: Fields): Fields {
  const { apiVersion: _, kind: __, ...own } = document;
  const lifted = (ARGUMENT_PATHS[kind] ?? []).reduce(
    (each, path) => changeAt(each, path, readArguments),
    own as Fields,
  );
  if (kind === 'ClusterConfiguration') return liftCluster(lifted);
  return kind === 'JoinConfiguration' ? liftTimeout(lifted, 'discovery', 'timeout', 'discovery') : lifted;
}

/** Writes a document of ours in the version that is asked for, complete with apiVersion and kind. */
export function lowerDocument(kind: string, document: Fields, api: KubeadmApi): Fields {
  const head = { apiVersion: apiVersionOf(kind, api), kind };
  const paths = ARGUMENT_PATHS[kind];
  if (paths === undefined || api === 'v1beta4') return { ...head, ...document };
  const lowered = paths.reduce(
    (each, path) => changeAt(each, path, (list) => argumentsAsMap(readArguments(list))),
    document,
  );
  const { timeouts, encryptionAlgorithm: _, dryRun: __, ...rest } = lowered;
  const old = api === 'v1beta2' ? withoutNews(rest) : rest;
  if (kind === 'JoinConfiguration')
    return { ...head, ...lowerTimeout(old, 'discovery', 'timeout', mapOf(timeouts).discovery) };
  return { ...head, ...old };
}

/**
 * Both documents of an init. The wait for the control plane is the cluster's up to v1beta3 (`apiServer.timeoutForControlPlane`), and a
 * node's from v1beta4 on (`timeouts.controlPlaneComponentHealthCheck`): either form is taken, and the right one written.
 */
export function lowerPair(init: Fields, cluster: Fields, api: KubeadmApi): readonly [init: Fields, cluster: Fields] {
  const { timeoutForControlPlane: old, ...server } = mapOf(cluster.apiServer);
  const wait = mapOf(init.timeouts).controlPlaneComponentHealthCheck ?? old;
  const rest = cluster.apiServer === undefined ? cluster : { ...cluster, apiServer: server };
  const timed =
    api === 'v1beta4'
      ? ([withTimeout(init, wait), rest] as const)
      : ([init, lowerTimeout(rest, 'apiServer', 'timeoutForControlPlane', wait)] as const);
  return [lowerDocument('InitConfiguration', timed[0], api), lowerDocument('ClusterConfiguration', timed[1], api)];
}

function withTimeout(init: Fields, wait: unknown): Fields {
  return wait === undefined
    ? init
    : { ...init, timeouts: { ...mapOf(init.timeouts), controlPlaneComponentHealthCheck: wait } };
}

/** `dns.type` and hyperkube went with v1beta3. */
function liftCluster(document: Fields): Fields {
  const { useHyperKubeImage: _, ...rest } = document;
  return changeAt(rest, ['dns'], (dns) => without(mapOf(dns), 'type'));
}

function liftTimeout(document: Fields, part: string, old: string, name: string): Fields {
  const value = mapOf(document[part])[old];
  if (value === undefined) return document;
  const timeouts = { [name]: value, ...mapOf(document.timeouts) };
  return { ...document, [part]: without(mapOf(document[part]), old), timeouts };
}

function lowerTimeout(document: Fields, part: string, old: string, value: unknown): Fields {
  return value === undefined ? document : { ...document, [part]: { ...mapOf(document[part]), [old]: value } };
}

/** What v1beta3 brought. */
function withoutNews(document: Fields): Fields {
  const { skipPhases: _, patches: __, ...rest } = document;
  return changeAt(rest, ['nodeRegistration'], (node) => without(mapOf(node), 'imagePullPolicy', 'imagePullSerial'));
}

function changeAt(document: Fields, path: readonly string[], change: (value: unknown) => unknown): Fields {
  const [name = '', ...rest] = path;
  const value = document[name];
  if (value === undefined || value === null) return document;
  if (rest.length === 0) return { ...document, [name]: change(value) };
  const inner = fieldsOf(value);
  return inner === undefined ? document : { ...document, [name]: changeAt(inner, rest, change) };
}

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
