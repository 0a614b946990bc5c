/** Each rule of readiness, on objects that a real API server has taken, defaulted and given a generation. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Rollout, rolloutOf, type WorkloadKind } from '../../../src/kubernetes/rollout.ts';
import { type ApiServer, kubernetesBinaries, startApiServer } from '../../lab/kubernetes/api-server.ts';
import { deployment, job, pod, template } from './objects.ts';

const found = kubernetesBinaries();
const { skip } = found;
const BASE: Readonly<Record<WorkloadKind, string>> = {
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
  StatefulSet: '/apis/apps/v1/namespaces/default/statefulsets',
  DaemonSet: '/apis/apps/v1/namespaces/default/daemonsets',
  ReplicaSet: '/apis/apps/v1/namespaces/default/replicasets',
  ReplicationController: '/api/v1/namespaces/default/replicationcontrollers',
  Job: '/apis/batch/v1/namespaces/default/jobs',
  CronJob: '/apis/batch/v1beta1/namespaces/default/cronjobs',
  Pod: '/api/v1/namespaces/default/pods',
};

describe('rolled out means what kubectl rollout status means by it', { skip }, () => {
  let api: ApiServer;
  before(async () => {
    api = await startApiServer();
    const account = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default' } };
    await api.send('POST', '/api/v1/namespaces/default/serviceaccounts', {
      ...account,
      automountServiceAccountToken: false,
    });
  });
  after(async () => await api?.[Symbol.asyncDispose]());

  let count = 0;
  /** Makes an object and gives what the rule says for each status that is written into it. */
  async function make(kind: WorkloadKind, body: (name: string) => object) {
    const name = `test-${++count}`;
    await api.send('POST', BASE[kind], body(name));
    const path = `${BASE[kind]}/${name}`;
    const look = async (): Promise<Rollout> => {
      const rollout = rolloutOf(kind, await api.send('GET', path));
      const said = kubectlSays(kind, name);
      if (said !== undefined) assert.equal(rollout.ready, said, `kubectl says ${said} where we say ${rollout.why}`);
      return rollout;
    };
    return {
      look,
      with: async (status: object): Promise<Rollout> => {
        await api.setStatus(path, status);
        return await look();
      },
      change: async (spec: object): Promise<Rollout> => {
        await api.send('PATCH', path, { spec }, 'application/merge-patch+json');
        return await look();
      },
    };
  }
  /** Whether kubectl calls it rolled out; undefined where it does not tell. */
  function kubectlSays(kind: WorkloadKind, name: string): boolean | undefined {
    if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind) || found.skip !== false) return undefined;
    const config = ['--kubeconfig', join(api.folder, 'admin.kubeconfig')];
    const args = [...config, 'rollout', 'status', `${kind.toLowerCase()}/${name}`, '--watch=false'];
    const { stdout, stderr } = spawnSync(join(found.bin, 'kubectl'), args, { encoding: 'utf8' });
    if (stderr.includes('only available for RollingUpdate')) return undefined;
    return /successfully rolled out|roll out complete|rolling update complete/.test(stdout);
  }
  const set = (kind: 'StatefulSet' | 'DaemonSet' | 'ReplicaSet', spec: object) => (name: string) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: template(name),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      ...spec,
    },
  });

  it('a Deployment: observed, all updated, no old ones left, all available', async () => {
    const web = await make('Deployment', (name) => deployment(name, 2));
    assert.deepEqual(await web.look(), { ready: false, why: 'its controller has not seen it yet' });
    assert.deepEqual(await web.with({ observedGeneration: 1, replicas: 1, updatedReplicas: 1 }), {
      ready: false,
      why: '1 of 2 new replicas have been updated',
    });
    assert.deepEqual(await web.with({ replicas: 3, updatedReplicas: 2, availableReplicas: 1, readyReplicas: 1 }), {
      ready: false,
      why: '1 old replicas are pending termination',
    });
    assert.deepEqual(await web.with({ replicas: 2 }), { ready: false, why: '1 of 2 updated replicas are available' });
    assert.deepEqual(await web.with({ availableReplicas: 2, readyReplicas: 2 }), { ready: true });
    assert.equal((await web.change({ replicas: 3 })).why, 'its controller has not seen it yet');
    const late = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
    assert.deepEqual(
      await web.with({ observedGeneration: 2, replicas: 3, updatedReplicas: 3, conditions: late }),
      { ready: false, why: '2 of 3 updated replicas are available; it exceeded its progress deadline' },
      'even where it may still succeed',
    );
  });

  it('a Deployment whose pods the API refuses says so', async () => {
    const web = await make('Deployment', (name) => deployment(name, 1));
    const refused = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'exceeded quota: small',
    };
    assert.deepEqual(await web.with({ observedGeneration: 1, conditions: [refused] }), {
      ready: false,
      why: '0 of 1 new replicas have been updated; FailedCreate: exceeded quota: small',
    });
  });

  it('a Deployment of no replicas is ready when it was seen; a paused one that has none says that it is paused', async () => {
    const none = await make('Deployment', (name) => deployment(name, 0));
    assert.equal((await none.look()).ready, false);
    assert.deepEqual(await none.with({ observedGeneration: 1 }), { ready: true });
    const paused = await make('Deployment', (name) => deployment(name, 1, { paused: true }));
    assert.match((await paused.with({ observedGeneration: 1 })).why ?? '', /; it is paused$/);
  });

  it('a StatefulSet: observed, all ready, and those above the partition updated', async () => {
    const db = await make('StatefulSet', set('StatefulSet', { replicas: 3 }));
    assert.equal((await db.look()).why, 'its controller has not seen it yet');
    assert.equal(
      (await db.with({ observedGeneration: 1, replicas: 3, readyReplicas: 2 })).why,
      '2 of 3 replicas are ready',
    );
    assert.equal(
      (await db.with({ readyReplicas: 3, updatedReplicas: 1 })).why,
      '1 of 3 new replicas have been updated',
      'the API server defaults the partition to 0',
    );
    await db.change({ updateStrategy: { rollingUpdate: { partition: 2 } } });
    assert.deepEqual(await db.with({ observedGeneration: 2 }), { ready: true });
  });

  it('a StatefulSet that is updated by deleting its pods is ready when all are', async () => {
    const db = await make('StatefulSet', set('StatefulSet', { replicas: 1, updateStrategy: { type: 'OnDelete' } }));
    assert.equal((await db.with({ observedGeneration: 1, replicas: 1 })).ready, false);
    const status = { readyReplicas: 1, currentRevision: 'a', updateRevision: 'b' };
    assert.deepEqual(await db.with(status), { ready: true, why: 'its update strategy is OnDelete' });
  });

  it('a DaemonSet: on every node where it should be, updated and available', async () => {
    const agent = await make('DaemonSet', set('DaemonSet', {}));
    const some = { currentNumberScheduled: 2, numberMisscheduled: 0, numberReady: 0 };
    assert.equal((await agent.look()).why, 'its controller has not seen it yet');
    assert.equal(
      (await agent.with({ ...some, observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 1 })).why,
      '1 of 2 new pods have been updated',
    );
    assert.equal(
      (await agent.with({ ...some, updatedNumberScheduled: 2, numberAvailable: 1 })).why,
      '1 of 2 updated pods are available',
    );
    assert.deepEqual(await agent.with({ ...some, numberAvailable: 2 }), { ready: true });
    const manual = await make('DaemonSet', set('DaemonSet', { updateStrategy: { type: 'OnDelete' } }));
    const old = { ...some, observedGeneration: 1, desiredNumberScheduled: 2, numberAvailable: 2 };
    assert.deepEqual(await manual.with(old), { ready: true, why: 'its update strategy is OnDelete' });
  });

  it('a Job: complete, failed for good, suspended, or under way', async () => {
    const import_ = await make('Job', job);
    assert.deepEqual(await import_.look(), { ready: false, why: '0 of 1 completions' });
    assert.equal((await import_.with({ failed: 2 })).why, '0 of 1 completions, 2 tries failed');
    const failed = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached it' };
    assert.deepEqual(await import_.with({ conditions: [failed] }), {
      ready: false,
      isFinal: true,
      why: 'it failed: BackoffLimitExceeded: Job has reached it',
    });
    assert.deepEqual(await import_.with({ conditions: [{ type: 'Complete', status: 'True' }] }), { ready: true });
    // The field is newer than this API server, which drops it.
    assert.deepEqual(rolloutOf('Job', { spec: { suspend: true }, status: {} }), {
      ready: true,
      why: 'it is suspended',
    });
  });

  it('a CronJob is ready: it starts nothing before its time', async () => {
    const nightly = await make('CronJob', (name) => {
      const { spec } = job(name) as { spec: object };
      const cron = { schedule: '0 3 * * *', jobTemplate: { spec } };
      return { apiVersion: 'batch/v1beta1', kind: 'CronJob', metadata: { name }, spec: cron };
    });
    assert.deepEqual(await nightly.look(), { ready: true });
  });

  it('a ReplicaSet and a ReplicationController: as many available as wanted', async () => {
    const rs = await make('ReplicaSet', set('ReplicaSet', { replicas: 2 }));
    assert.equal((await rs.look()).ready, false);
    assert.equal(
      (await rs.with({ observedGeneration: 1, replicas: 2, availableReplicas: 1, readyReplicas: 2 })).why,
      '1 of 2 replicas are available',
    );
    assert.deepEqual(await rs.with({ replicas: 2, availableReplicas: 2 }), { ready: true });
    const rc = await make('ReplicationController', (name) => ({
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name },
      spec: { replicas: 1, selector: { app: name }, template: template(name) },
    }));
    assert.equal((await rc.look()).ready, false);
    const status = { observedGeneration: 1, replicas: 1, availableReplicas: 1, readyReplicas: 1 };
    assert.deepEqual(await rc.with(status), { ready: true });
  });

  it('a Pod: Ready, or done; one that failed never gets ready', async () => {
    const once = await make('Pod', pod);
    assert.deepEqual(await once.look(), { ready: false, why: 'it is Pending' });
    assert.equal(
      (await once.with({ phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] })).ready,
      false,
    );
    assert.deepEqual(await once.with({ conditions: [{ type: 'Ready', status: 'True' }] }), { ready: true });
    assert.deepEqual(await once.with({ phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False' }] }), {
      ready: true,
    });
    const evicted = await make('Pod', pod);
    assert.deepEqual(await evicted.with({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }), {
      ready: false,
      isFinal: true,
      why: 'Failed: Evicted: low on memory',
    });
  });
});
