/** All workloads and pods of a cluster, reduced to what counts while they are still being read. */

import { SealerError } from '../error.ts';
import { apiError, type KubernetesClient, parseJson } from './client.ts';
import { type Fields, mapOf, mapsOf, stringOf } from './fields.ts';
import { type ContainerImageUse, imagesOf, type LogSource, logSources } from './pod.ts';
import { type Rollout, rolloutOf, type WorkloadKind } from './rollout.ts';

/** What controls an object (`ownerReferences` with `controller: true`). */
export interface Owner {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly name: string;
  readonly uid: string;
}

export interface Workload {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly owner: Owner | undefined;
  /** It is being deleted, and so never gets ready. */
  readonly isEnding: boolean;
  readonly rollout: Rollout;
}

export interface Pod extends Workload {
  readonly kind: 'Pod';
  readonly images: readonly ContainerImageUse[];
  readonly logSources: readonly LogSource[];
}

export interface Inventory {
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pod[];
}

type Controller = Exclude<WorkloadKind, 'Pod'>;

/** Where each kind is listed; the first path that the cluster serves is taken. */
const PATHS: Readonly<Record<Controller, readonly string[]>> = {
  Deployment: ['/apis/apps/v1/deployments'],
  StatefulSet: ['/apis/apps/v1/statefulsets'],
  DaemonSet: ['/apis/apps/v1/daemonsets'],
  ReplicaSet: ['/apis/apps/v1/replicasets'],
  ReplicationController: ['/api/v1/replicationcontrollers'],
  Job: ['/apis/batch/v1/jobs'],
  // batch/v1 has them since 1.21, and v1beta1 until 1.24.
  CronJob: ['/apis/batch/v1/cronjobs', '/apis/batch/v1beta1/cronjobs'],
};

const CONTROLLERS: readonly Controller[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
];

/** The objects of one answer. */
const PAGE = 250;

/**
 * Reads everything, all kinds at once.
 * @throws SealerError CLUSTER_UNREACHABLE, CLUSTER_API_ERROR
 */
export async function readInventory(client: KubernetesClient, signal?: AbortSignal): Promise<Inventory> {
  const [pods, ...workloads] = await Promise.all([
    listServed(client, ['/api/v1/pods'], podOf, signal),
    ...CONTROLLERS.map((kind) => listServed(client, PATHS[kind], (object) => workloadOf(kind, object), signal)),
  ]);
  return { workloads: workloads.flat(), pods };
}

/** The list at the first path that the cluster serves. */
async function listServed<T>(
  client: KubernetesClient,
  paths: readonly string[],
  read: (object: Fields) => T | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly T[]> {
  for (const path of paths) {
    const items = await list(client, path, read, signal);
    if (items !== undefined) return items;
  }
  throw new SealerError('CLUSTER_API_ERROR', `The cluster's API does not serve ${paths.join(' or ')}`);
}

/**
 * All pages of a list; undefined where there is no such path. A list that became too old between two pages (410) is an
 * error like any other: the caller asks again.
 */
async function list<T>(
  client: KubernetesClient,
  path: string,
  read: (object: Fields) => T | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly T[] | undefined> {
  const items: T[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = `${path}?limit=${PAGE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const answer = await client.ask(page, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw apiError(path, answer);
    const json = mapOf(parseJson(path, answer.text));
    for (const object of mapsOf(json.items)) {
      const item = read(object);
      if (item !== undefined) items.push(item);
    }
    next = stringOf(mapOf(json.metadata).continue);
  }
  return items;
}

function podOf(object: Fields): Pod | undefined {
  const workload = workloadOf('Pod', object);
  if (workload === undefined) return undefined;
  return { ...workload, kind: 'Pod', images: imagesOf(object), logSources: logSources(object) };
}

function workloadOf(kind: WorkloadKind, object: Fields): Workload | undefined {
  const metadata = mapOf(object.metadata);
  const name = stringOf(metadata.name);
  const uid = stringOf(metadata.uid);
  if (name === undefined || uid === undefined) return undefined;
  return {
    kind,
    namespace: stringOf(metadata.namespace) ?? '',
    name,
    uid,
    owner: ownerOf(metadata),
    isEnding: metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null,
    rollout: rolloutOf(kind, object),
  };
}

function ownerOf(metadata: Fields): Owner | undefined {
  const owner = mapsOf(metadata.ownerReferences).find(({ controller }) => controller === true);
  const uid = stringOf(owner?.uid);
  if (owner === undefined || uid === undefined) return undefined;
  const version = stringOf(owner.apiVersion) ?? '';
  return {
    kind: stringOf(owner.kind) ?? '',
    group: version.includes('/') ? version.slice(0, version.indexOf('/')) : '',
    name: stringOf(owner.name) ?? '',
    uid,
  };
}
