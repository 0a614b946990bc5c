import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeEvents } from '../../../src/kubernetes/diagnose.ts';
import { describeWorkloads, type PodState, podImages } from '../../../src/kubernetes/index.ts';
import { imagesOf, logSources, podProblem, podRollout } from '../../../src/kubernetes/pod.ts';

describe('a pod', () => {
  it('uses the images of all its containers, and of volumes', () => {
    const object = {
      spec: {
        initContainers: [{ name: 'init', image: 'busybox' }],
        containers: [{ name: 'main', image: 'nginx:1' }, { name: 'nameless' }, 'no container'],
        ephemeralContainers: [{ name: 'debug', image: 'debug:2' }],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'model', image: { reference: 'registry.example.com/m:1' } },
        ],
      },
      status: { containerStatuses: [{ name: 'main', imageID: 'docker.io/library/nginx@sha256:11' }] },
    };
    assert.deepEqual(imagesOf(object), [
      { container: 'init', image: 'busybox' },
      { container: 'main', image: 'nginx:1', imageId: 'docker.io/library/nginx@sha256:11' },
      { container: 'debug', image: 'debug:2' },
      { container: 'volume model', image: 'registry.example.com/m:1' },
    ]);
  });

  it('of the kubelet itself needs only run: it may be told late that it is ready', () => {
    const spec = { containers: [{ name: 'etcd' }] };
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'f00' } };
    const ready = (state: object, of: object = metadata) => {
      const status = { phase: 'Running', containerStatuses: [{ name: 'etcd', ready: false, state }] };
      return podRollout({ metadata: of, spec, status }, spec, status).ready;
    };
    assert.equal(ready({ running: {} }), true);
    assert.equal(ready({ waiting: { reason: 'CrashLoopBackOff' } }), false);
    assert.equal(ready({ running: {} }, {}), false);
  });

  const problems: readonly (readonly [what: string, status: object, problem: string | undefined])[] = [
    ['nothing is known', {}, undefined],
    ['it is ready', { conditions: [{ type: 'Ready', status: 'True' }], message: 'x' }, undefined],
    [
      'no node takes it',
      {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no' }],
      },
      'Unschedulable: no',
    ],
    [
      'its containers are being made',
      { phase: 'Pending', containerStatuses: [{ name: 'a', state: { waiting: { reason: 'ContainerCreating' } } }] },
      'it is Pending',
    ],
    [
      'one ended, killed by a signal',
      { containerStatuses: [{ name: 'a', state: { terminated: { exitCode: 137, signal: 9, reason: 'OOMKilled' } } }] },
      'container a ended with signal 9 (OOMKilled)',
    ],
    [
      'one runs and answers no probe',
      {
        containerStatuses: [
          { name: 'a', ready: false, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } },
        ],
      },
      'container a runs and is not ready; it ended before with exit code 1',
    ],
  ];
  for (const [what, status, problem] of problems) {
    it(`tells what is wrong when ${what}`, () => assert.equal(podProblem({ status }), problem));
  }

  it('the logs that explain are those of containers that are not well, of the run that ended too', () => {
    const containerStatuses = [
      { name: 'well', ready: true, state: { running: {} }, restartCount: 1 },
      { name: 'never-ran', restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } },
      { name: 'crashing', restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } },
      { name: 'again', restartCount: 1, ready: false, state: { running: {} } },
      { name: 'done', state: { terminated: { exitCode: 0 } } },
      { name: 'failed', state: { terminated: { exitCode: 2 } } },
    ];
    assert.deepEqual(logSources({ status: { containerStatuses } }), [
      { container: 'crashing', previous: true },
      { container: 'again', previous: true },
      { container: 'again', previous: false },
      { container: 'failed', previous: false },
    ]);
  });
});

describe('events', () => {
  it('that say the same are one line, the newest last, at most twenty; of both APIs', () => {
    const events = Array.from({ length: 30 }, (_, i) => ({
      type: 'Normal',
      reason: 'R',
      message: `number ${i}`,
      eventTime: `2024-01-01T00:00:${String(i).padStart(2, '0')}.000000Z`,
    }));
    const repeated = {
      type: 'Warning',
      reason: 'Failed',
      message: 'two\nlines',
      series: { count: 5, lastObservedTime: '2025' },
    };
    const lines = describeEvents([repeated, ...events, { ...repeated, series: undefined, lastTimestamp: '2023' }]);
    assert.equal(lines.length, 20);
    assert.equal(lines[0], 'Normal R: number 11');
    assert.equal(lines.at(-1), 'Warning Failed: two lines (×6)');
  });
});

describe('a report', () => {
  const pod: PodState = { namespace: 'a', name: 'p', uid: '1', ready: false, images: [], events: [], logs: [] };

  it('names each workload with its pods, and no other’s', () => {
    const report = {
      ready: false,
      elapsedMs: 1,
      workloads: [
        {
          kind: 'Deployment' as const,
          namespace: 'a',
          name: 'web',
          ready: false,
          why: '0 of 1',
          events: ['Warning X: y'],
        },
        { kind: 'Deployment' as const, namespace: 'b', name: 'web', ready: true },
        { kind: 'Pod' as const, namespace: 'a', name: 'p', ready: false, why: 'broken' },
      ],
      pods: [
        { ...pod, problem: 'broken', logs: [{ container: 'c', lines: ['one', 'two'] }] },
        { ...pod, name: 'web-1', owner: 'Deployment a/web' },
        { ...pod, name: 'web-2', namespace: 'b', owner: 'Deployment b/web' },
      ],
      problem: 'The API is gone',
    };
    assert.deepEqual(describeWorkloads(report), [
      'Deployment a/web: 0 of 1',
      '  event: Warning X: y',
      '  pod web-1: is not ready',
      'Pod a/p: broken',
      '    last lines of c:',
      '      | one',
      '      | two',
      'The API is gone',
    ]);
  });

  it('gives every image with the pod that uses it', () => {
    const images = [{ container: 'c', image: 'nginx' }];
    const pods = [{ ...pod, images, owner: 'Job a/j' }];
    assert.deepEqual(podImages({ ready: true, elapsedMs: 0, workloads: [], pods }), [
      { container: 'c', image: 'nginx', namespace: 'a', pod: 'p', owner: 'Job a/j' },
    ]);
  });
});
