/** Waiting for clusters and workloads, on a real API server with its controllers. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  describeWorkloads,
  KubernetesClient,
  parseKubeconfig,
  podImages,
  type WaitForWorkloadsOptions,
  type WorkloadReport,
  waitForCluster,
  waitForWorkloads,
  workloadUids,
} from '../../../src/kubernetes/index.ts';
import { type ProgressEvent, silent } from '../../../src/progress.ts';
import { type ApiServer, kubernetesBinaries, startApiServer } from '../../lab/kubernetes/api-server.ts';
import { CRASHING, clear, deployment, job, letPodsBe, NO_IMAGE, pod, podsOf, READY, until } from './objects.ts';

const { skip } = kubernetesBinaries();
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const PODS = '/api/v1/namespaces/default/pods';
const EVENTS = '/api/v1/namespaces/default/events';

/** When a wait ends that has something to wait for: after a look at everything, on a machine with other work too. */
const SHORT_MS = 4000;
/** What no wait comes near that ends by itself. */
const LONG_MS = 60_000;

describe('waiting for a real API', { skip, timeout: 1_200_000 }, () => {
  let api: ApiServer;
  let client: KubernetesClient;
  before(async () => {
    api = await startApiServer({ controllers: true });
    client = new KubernetesClient(parseKubeconfig(api.kubeconfig));
  });
  after(async () => {
    await client?.[Symbol.asyncDispose]();
    await api?.[Symbol.asyncDispose]();
  });
  afterEach(async () => await clear(api));

  const wait = (options: Partial<WaitForWorkloadsOptions> = {}): Promise<WorkloadReport> =>
    waitForWorkloads(client, { timeoutMs: LONG_MS, settleMs: 300, report: silent, ...options });
  /** One look at everything. */
  const look = (): Promise<WorkloadReport> => wait({ isHopeless: () => true });
  /** A wait that has looked at everything once. */
  async function looking(options: Partial<WaitForWorkloadsOptions>): Promise<{ report: Promise<WorkloadReport> }> {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const report = wait({ ...options, report: ({ type }) => type === 'output' && resolve() });
    await Promise.race([told, report]);
    return { report };
  }

  it('a cluster without a node is not ready, and neither is one whose node is not; each is said', async () => {
    const short = { timeoutMs: SHORT_MS, report: silent };
    await assert.rejects(waitForCluster(client, short), { code: 'CLUSTER_NOT_READY', message: /No node has joined/ });
    await api.addNode('node-1', false);
    await assert.rejects(waitForCluster(client, short), {
      code: 'CLUSTER_NOT_READY',
      message: /a node is Ready: not yet\. The node node-1 says KubeletNotReady: cni plugin not initialized/,
    });
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' };
    await api.setStatus('/api/v1/nodes/node-1', { conditions: [ready] });
    const events: ProgressEvent[] = [];
    await waitForCluster(client, { timeoutMs: LONG_MS, report: (event) => events.push(event) });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['start', 'advance', 'advance', 'advance', 'end'],
    );
  });

  it('a service account that has lost its token is waited for, as pods are refused without it', async () => {
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    await api.send('PATCH', account, { secrets: null }, 'application/merge-patch+json');
    await waitForCluster(client, { timeoutMs: LONG_MS, report: silent });
    const { secrets } = (await api.send('GET', account)) as { secrets?: readonly object[] };
    assert.equal(secrets?.length, 1);
    await untilPods('taken');
  });

  it('everything rolled out is ready, and its pods tell their images', async () => {
    await api.send('POST', DEPLOYMENTS, deployment('web', 2));
    await api.send('POST', PODS, pod('once'));
    const report = wait();
    await letPodsBe(api, 'web', 2, READY);
    await api.setStatus(`${PODS}/once`, { phase: 'Succeeded' });
    const { ready, workloads, pods } = await report;
    assert.equal(ready, true);
    assert.deepEqual(
      workloads.map(({ kind, name }) => `${kind} ${name}`),
      ['Deployment web', 'Pod once'],
      'what a Deployment owns is not waited for twice',
    );
    assert.deepEqual(new Set(pods.map(({ owner }) => owner)), new Set(['Deployment default/web', undefined]));
    assert.deepEqual(
      podImages({ ready, workloads, pods, elapsedMs: 0 }).map(({ image, imageId }) => [image, imageId]),
      [
        ['registry.example.com/app:1', undefined],
        ['registry.example.com/app:1', 'registry.example.com/app@sha256:4242'],
        ['registry.example.com/app:1', 'registry.example.com/app@sha256:4242'],
      ],
    );
    assert.deepEqual(describeWorkloads({ ready, workloads, pods, elapsedMs: 0 }), []);
  });

  it('what an operator makes while all is quiet is waited for as well', async () => {
    await api.send('POST', PODS, pod('operator'));
    await api.setStatus(`${PODS}/operator`, READY);
    const lines: string[] = [];
    let made: Promise<unknown> | undefined;
    let readyAt: number | undefined;
    const owner = { apiVersion: 'example.com/v1', kind: 'Shop', name: 'shop', uid: 'f00', controller: true };
    const report = await wait({
      settleMs: 4000,
      report: (event) => {
        if (event.type !== 'output') return;
        lines.push(event.line);
        made ??= api.send('POST', PODS, pod('late', { ownerReferences: [owner] }));
        if (readyAt !== undefined || !event.line.includes('default/late')) return;
        readyAt = performance.now();
        made = made.then(() => api.setStatus(`${PODS}/late`, READY));
      },
    });
    const quiet = performance.now() - (readyAt ?? Infinity);
    await made;
    assert.equal(report.ready, true);
    assert.equal(lines[0], '1 of 1 workloads ready; watching whether more appear');
    assert.equal(lines[1], '1 of 2 workloads ready; waiting for Pod default/late: it is Pending');
    assert.ok(quiet >= 4000, `${quiet} ms: the quiet time began anew`);
    assert.deepEqual(report.pods.find(({ name }) => name === 'late')?.owner, 'Shop default/shop');
  });

  it('what was there before does not count, nor what it owns; what appears after it does', async () => {
    await api.send('POST', DEPLOYMENTS, deployment('system'));
    const ignore = await workloadUids(client);
    await letPodsBe(api, 'system', 1, CRASHING);
    await api.send('POST', PODS, pod('new'));
    const late = await wait({ ignore, isHopeless: () => true });
    assert.equal(late.ready, false);
    await api.setStatus(`${PODS}/new`, READY);
    const report = await wait({ ignore });
    assert.equal(report.ready, true);
    const names = [report.workloads, report.pods].map((list) => list.map(({ name }) => name));
    assert.deepEqual(names, [['new'], ['new']]);
  });

  it('jobs of a clock neither keep us waiting nor end the wait', async () => {
    const { spec } = job('x') as { spec: object };
    await api.send('POST', '/apis/batch/v1beta1/namespaces/default/cronjobs', {
      apiVersion: 'batch/v1beta1',
      kind: 'CronJob',
      metadata: { name: 'nightly' },
      spec: { schedule: '0 3 * * *', jobTemplate: { spec } },
    });
    const list = await api.send('GET', '/apis/batch/v1beta1/namespaces/default/cronjobs');
    const [cron] = list.items as readonly { metadata: { uid: string } }[];
    const owner = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      name: 'nightly',
      uid: cron?.metadata.uid,
      controller: true,
    };
    const made = job('nightly-1') as { metadata: object };
    await api.send('POST', JOBS, { ...made, metadata: { ...made.metadata, ownerReferences: [owner] } });
    const report = await wait();
    assert.equal(report.ready, true);
    assert.deepEqual(
      report.workloads.map(({ kind }) => kind),
      ['CronJob'],
    );
  });

  it('a Job that failed for good ends the wait at once', async () => {
    await api.send('POST', JOBS, job('import'));
    const report = wait();
    await letPodsBe(api, 'import', 1, { phase: 'Failed' });
    const { ready, elapsedMs, workloads } = await report;
    assert.equal(ready, false);
    assert.ok(elapsedMs < LONG_MS);
    assert.match(workloads[0]?.why ?? '', /^it failed: BackoffLimitExceeded: /);
  });

  it('when the time is over, the report names workload, pod, reason, events and the last lines', async () => {
    await api.send('POST', DEPLOYMENTS, deployment('web'));
    await letPodsBe(api, 'web', 1, CRASHING);
    const [crashing] = await podsOf(api, 'web');
    assert.ok(crashing !== undefined);
    const { name, uid } = crashing.metadata;
    api.logs.set(`default/${name}/main?previous`, 'starting\n\u001b[31mno database at db:5432\u001b[0m\n');
    const involvedObject = { kind: 'Pod', namespace: 'default', name, uid };
    const event = (id: string, reason: string, message: string, lastTimestamp: string, count = 1): object => {
      return { metadata: { name: id }, involvedObject, type: 'Warning', reason, message, lastTimestamp, count };
    };
    await api.send('POST', EVENTS, event('b', 'BackOff', 'Back-off restarting', '2024-01-01T00:00:05Z', 4));
    await api.send('POST', EVENTS, event('a', 'Pulled', 'Pulled the image', '2024-01-01T00:00:01Z'));
    await api.send('POST', EVENTS, event('c', 'BackOff', 'Back-off restarting', '2024-01-01T00:00:09Z', 3));
    const report = await wait({ timeoutMs: SHORT_MS });
    assert.equal(report.ready, false);
    assert.deepEqual(describeWorkloads(report), [
      'Deployment default/web: 0 of 1 updated replicas are available',
      `  pod ${name}: container main: CrashLoopBackOff: back-off 40s restarting failed container; it ended before with exit code 7 (Error)`,
      '    event: Warning Pulled: Pulled the image',
      '    event: Warning BackOff: Back-off restarting (×7)',
      '    last lines of main, before it was started again:',
      '      | starting',
      '      | [31mno database at db:5432 [0m',
    ]);
  });

  it('a workload whose pods are refused tells it by its own events', async () => {
    const quota = { metadata: { name: 'none' }, spec: { hard: { pods: '0' } } };
    await api.send('POST', '/api/v1/namespaces/default/resourcequotas', quota);
    try {
      await untilPods('refused');
      await api.send('POST', JOBS, job('refused'));
      await until('an event', async () => {
        const { items } = await api.send('GET', `${EVENTS}?fieldSelector=reason%3DFailedCreate`);
        return Array.isArray(items) && items.length > 0;
      });
      const report = await look();
      assert.match(report.workloads[0]?.events?.[0] ?? '', /^Warning FailedCreate: .*exceeded quota: none/);
    } finally {
      await api.send('DELETE', '/api/v1/namespaces/default/resourcequotas/none');
      await untilPods('taken');
    }
  });

  /** Quotas and accounts count some time after they were changed. */
  async function untilPods(are: 'taken' | 'refused'): Promise<void> {
    await until(`pods are ${are}`, async () => {
      const said = await api.send('POST', `${PODS}?dryRun=All`, pod('try')).then(() => 'taken', String);
      return are === 'taken' ? said === 'taken' : said.includes('exceeded quota');
    });
  }

  it('an image that is nowhere ends the wait at once, if the caller says so', async () => {
    await api.send('POST', PODS, pod('web'));
    await api.setStatus(`${PODS}/web`, NO_IMAGE);
    const report = await wait({ failFast: ({ problem }) => problem?.includes('ErrImagePull') === true });
    assert.equal(report.ready, false);
    assert.ok(report.elapsedMs < LONG_MS);
    assert.equal(report.pods[0]?.problem, 'container main: ErrImagePull: registry.example.com/app:1: not found');
    const other = await look();
    assert.equal(other.ready, false);
    assert.ok(other.elapsedMs < LONG_MS);
  });

  it('an API that goes away in the middle is waited for, and the quiet time begins anew', async () => {
    await api.send('POST', PODS, pod('web'));
    await api.setStatus(`${PODS}/web`, READY);
    const waiting = await looking({ timeoutMs: 3 * LONG_MS, settleMs: 6000 });
    await api.stopApi();
    // It is looked at every second.
    await sleep(1500);
    const startedAt = performance.now();
    await api.startApi();
    const { ready, problem } = await waiting.report;
    const quiet = performance.now() - startedAt;
    assert.equal(ready, true);
    assert.equal(problem, undefined);
    assert.ok(quiet >= 6000, `${quiet} ms after it was started again`);
  });

  it('an API that does not come back is told, with what was known before', async () => {
    await api.send('POST', PODS, pod('web'));
    const waiting = await looking({ timeoutMs: SHORT_MS });
    await api.stopApi();
    try {
      const report = await waiting.report;
      assert.equal(report.ready, false);
      assert.equal(report.workloads[0]?.name, 'web');
      assert.match(report.problem ?? '', /cannot be reached: nothing listens there/);
      assert.match(describeWorkloads(report).at(-1) ?? '', /nothing listens there/);
      await assert.rejects(waitForCluster(client, { timeoutMs: 1000, report: silent }), {
        code: 'CLUSTER_NOT_READY',
        message: /the API is ready \(\/readyz\): not yet\. .*nothing listens there/,
      });
    } finally {
      await api.startApi();
    }
  });

  it('an abort ends every wait with its own reason, and at once', async () => {
    await api.send('POST', PODS, pod('web'));
    const waits = [
      (signal: AbortSignal) => wait({ signal }),
      (signal: AbortSignal) => client.get('/api/v1/pods?watch=true', signal),
    ];
    for (const start of waits) {
      const controller = new AbortController();
      const reason = new Error('mine');
      setTimeout(() => controller.abort(reason), 200);
      const began = performance.now();
      await assert.rejects(start(controller.signal), reason);
      assert.ok(performance.now() - began < LONG_MS / 2);
    }
    await api.setStatus(`${PODS}/web`, READY);
    const settling = new AbortController();
    setTimeout(() => settling.abort(new Error('mine')), 200);
    await assert.rejects(wait({ signal: settling.signal, settleMs: 50_000 }), { message: 'mine' });
  });

  it('a list of several pages is read to its end', async () => {
    const names = Array.from({ length: 260 }, (_, i) => `cm-${i}`);
    await Promise.all(names.map((name) => api.send('POST', PODS, pod(name, { labels: { app: 'many' } }))));
    const report = await look();
    assert.equal(report.pods.length, 260);
    assert.equal(report.ready, false);
  });
});
