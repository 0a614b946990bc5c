/** Objects for the tests, as small as the API takes them, and what a kubelet would write into them. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiServer } from '../../lab/kubernetes/api-server.ts';

/** A template of pods that is bound to a node already: there is no scheduler. */
export function template(app: string, image = 'registry.example.com/app:1'): object {
  return {
    metadata: { labels: { app } },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image }] },
  };
}

/** A Deployment. */
export function deployment(name: string, replicas = 1, spec: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  };
}

/** A Job of one try. */
export function job(name: string): object {
  const { spec, metadata } = template(name) as { spec: object; metadata: object };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { backoffLimit: 0, template: { metadata, spec: { ...spec, restartPolicy: 'Never' } } },
  };
}

/** A pod that nobody owns, unless metadata says so. */
export function pod(name: string, metadata: object = {}): object {
  const spec = { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
}

export const READY = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [
    {
      name: 'main',
      ready: true,
      restartCount: 0,
      image: 'registry.example.com/app:1',
      imageID: 'registry.example.com/app@sha256:4242',
      state: { running: { startedAt: '2024-01-01T00:00:00Z' } },
    },
  ],
};

export const CRASHING = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    {
      name: 'main',
      ready: false,
      restartCount: 3,
      image: 'registry.example.com/app:1',
      imageID: '',
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
      lastState: { terminated: { exitCode: 7, reason: 'Error' } },
    },
  ],
};

export const NO_IMAGE = {
  phase: 'Pending',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    {
      name: 'main',
      ready: false,
      restartCount: 0,
      image: 'registry.example.com/app:1',
      imageID: '',
      state: { waiting: { reason: 'ErrImagePull', message: 'registry.example.com/app:1: not found' } },
    },
  ],
};

export interface ListedPod {
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** The pods of an app in `default`. */
export async function podsOf(api: ApiServer, app: string): Promise<readonly ListedPod[]> {
  const list = await api.send('GET', `/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
  return list.items as readonly ListedPod[];
}

/** Waits until an app has so many pods, and writes a status into each. */
export async function letPodsBe(api: ApiServer, app: string, count: number, status: object): Promise<void> {
  await until(`${app} has ${count} pods`, async () => (await podsOf(api, app)).length >= count);
  for (const { metadata } of await podsOf(api, app)) {
    await api.setStatus(`/api/v1/namespaces/default/pods/${metadata.name}`, status);
  }
}

/** Waits until it is so, however slow the machine. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so after two minutes: ${what}`);
    await sleep(50);
  }
}

/** Removes all that a test made, and waits until it is gone. */
export async function clear(api: ApiServer): Promise<void> {
  const namespace = 'namespaces/default';
  const lists = [
    `/apis/apps/v1/${namespace}/deployments`,
    `/apis/apps/v1/${namespace}/statefulsets`,
    `/apis/apps/v1/${namespace}/daemonsets`,
    `/apis/apps/v1/${namespace}/replicasets`,
    `/apis/batch/v1/${namespace}/jobs`,
    `/apis/batch/v1beta1/${namespace}/cronjobs`,
    `/api/v1/${namespace}/replicationcontrollers`,
    `/api/v1/${namespace}/pods`,
  ];
  await until('all that was made is gone', async () => {
    let remaining = 0;
    for (const list of lists) {
      const { items } = (await api.send('GET', list)) as { items: readonly unknown[] };
      remaining += items.length;
      if (items.length === 0) continue;
      await api.send('DELETE', `${list}?gracePeriodSeconds=0&propagationPolicy=Background`);
    }
    return remaining === 0;
  });
}
