/** Finding the engine, and what it lacks, before anything is started. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { findCandidates } from '../../../src/container-engine/candidates.ts';
import { checkEngine } from '../../../src/container-engine/check-engine.ts';
import { demultiplex } from '../../../src/container-engine/container.ts';
import { connectionTo } from '../../../src/container-engine/endpoint.ts';
import { parseFacts } from '../../../src/container-engine/facts.ts';
import { whatLacks } from '../../../src/container-engine/fitness.ts';
import { parseNetwork } from '../../../src/container-engine/network.ts';
import { SealerError } from '../../../src/error.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { type FakeAnswers, startFakeEngine } from './fake-engine.ts';

const GIB = 1024 ** 3;
/** As docker 27 on a GitHub runner answers, shortened. */
const DOCKER_INFO = {
  ServerVersion: '27.5.1',
  OperatingSystem: 'Ubuntu 24.04.1 LTS',
  OSType: 'linux',
  CgroupVersion: '2',
  MemTotal: 16 * GIB,
  NCPU: 4,
  SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
};
const DOCKER_VERSION = { Version: '27.5.1', Components: [{ Name: 'Engine' }, { Name: 'containerd' }] };
const PODMAN_VERSION = { Version: '5.2.2', Components: [{ Name: 'Podman Engine' }, { Name: 'Conmon' }] };

async function fake(t: TestContext, answers: FakeAnswers) {
  const engine = await startFakeEngine(answers);
  t.after(() => engine[Symbol.asyncDispose]());
  return engine;
}

async function failure(promise: Promise<unknown>): Promise<SealerError> {
  const error = await promise.then(
    () => assert.fail('it must fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof SealerError, String(error));
  return error;
}

describe('the engine', () => {
  test('is the one of DOCKER_HOST, and tells what it is', async (t) => {
    const engine = await fake(t, { info: DOCKER_INFO, version: DOCKER_VERSION });
    const facts = await checkEngine({ HOME: '/nowhere', DOCKER_HOST: engine.url });
    assert.deepEqual(facts, {
      url: engine.url,
      source: '$DOCKER_HOST',
      kind: 'docker',
      version: '27.5.1',
      os: 'linux',
      system: 'Ubuntu 24.04.1 LTS',
      isRootless: false,
      cgroupVersion: 2,
      memory: 16 * GIB,
      cpus: 4,
    });
  });

  test('is known for podman by the components of its version', async (t) => {
    const engine = await fake(t, { info: DOCKER_INFO, version: PODMAN_VERSION });
    assert.equal((await checkEngine({ HOME: '/nowhere', CONTAINER_HOST: engine.url })).kind, 'podman');
  });

  test('that somebody chose and that does not answer is an error, whatever else there is', async (t) => {
    const folder = await folderOf(t);
    const error = await failure(checkEngine({ HOME: folder, DOCKER_HOST: `unix://${folder}/absent.sock` }));
    assert.equal(error.code, 'ENGINE_NOT_FOUND');
    assert.match(error.message, /\$DOCKER_HOST: there is no such socket/);
    assert.match(error.hint ?? '', /Install docker .* or podman .*DOCKER_HOST.*Everything else works without one\.$/);
  });

  test('of a docker context is found as docker does it, and an unknown context is named', async (t) => {
    const home = await folderOf(t);
    const meta = { Name: 'lab', Endpoints: { docker: { Host: 'unix:///lab.sock' } } };
    const key = createHash('sha256').update('lab').digest('hex');
    writeFiles(home, {
      '.docker/config.json': '{"currentContext":"lab"}',
      [`.docker/contexts/meta/${key}/meta.json`]: JSON.stringify(meta),
    });
    const source = 'docker context "lab"';
    assert.deepEqual(await findCandidates({ HOME: home }), [{ url: 'unix:///lab.sock', source, isChosen: true }]);
    // DOCKER_HOST goes before a context, as in docker's own client.
    assert.equal((await findCandidates({ HOME: home, DOCKER_HOST: 'unix:///x' }))[0]?.url, 'unix:///x');
    const error = await failure(findCandidates({ HOME: home, DOCKER_CONTEXT: 'gone' }));
    assert.match(error.message, /context "gone" does not exist/);
  });

  test('is looked for in the usual places, podman’s too', async (t) => {
    const home = await folderOf(t);
    const found = await findCandidates({ HOME: home, XDG_RUNTIME_DIR: '/run/user/7' });
    const urls = found.map(({ url }) => url);
    assert.equal(urls[0], 'unix:///var/run/docker.sock');
    assert.ok(urls.includes('unix:///run/podman/podman.sock'));
    assert.ok(urls.includes('unix:///run/user/7/podman/podman.sock'));
    assert.ok(urls.includes(`unix://${join(home, '.docker/run/docker.sock')}`));
  });

  test('of testcontainers’ own settings is taken', async (t) => {
    const home = await folderOf(t);
    writeFiles(home, { '.testcontainers.properties': '# mine\ndocker.host = unix\\:///mine.sock\n' });
    assert.equal((await findCandidates({ HOME: home }))[0]?.url, 'unix:///mine.sock');
    assert.equal((await findCandidates({ HOME: home, DOCKER_HOST: 'unix:///x' }))[0]?.url, 'unix:///x');
  });

  for (const [host, why] of [
    ['ssh://me@build.example.com', /another machine \(build\.example\.com, over ssh\)/],
    ['tcp://192.0.2.7:2376', /another machine \(192\.0\.2\.7\)/],
    ['npipe:////./pipe/docker_engine', /virtual machine of Windows/],
  ] as const) {
    test(`at ${host} is told to be unfit without being asked`, async () => {
      const error = await failure(checkEngine({ HOME: '/nowhere', DOCKER_HOST: host }));
      assert.equal(error.code, 'ENGINE_UNFIT');
      assert.match(error.message, why);
      assert.match(error.hint ?? '', /set DOCKER_HOST/);
    });
  }

  test('whose containers are elsewhere is unfit', async (t) => {
    const engine = await fake(t, { info: DOCKER_INFO, version: DOCKER_VERSION });
    const env = { HOME: '/nowhere', DOCKER_HOST: engine.url, TESTCONTAINERS_HOST_OVERRIDE: 'host.docker.internal' };
    assert.match((await failure(checkEngine(env))).message, /TESTCONTAINERS_HOST_OVERRIDE is host\.docker\.internal/);
    await checkEngine({ ...env, TESTCONTAINERS_HOST_OVERRIDE: 'localhost' });
  });

  for (const [name, info, version, message] of [
    ['rootless docker', { SecurityOptions: ['name=seccomp', 'name=rootless'] }, undefined, /it is rootless/],
    ['rootless podman', { Rootless: true }, undefined, /it is rootless/],
    ['Docker Desktop', { OperatingSystem: 'Docker Desktop' }, undefined, /virtual machine \(Docker Desktop\)/],
    ['Windows containers', { OSType: 'windows' }, undefined, /windows containers/],
    [
      'cgroup v1 with Kubernetes 1.35',
      { CgroupVersion: '1' },
      { major: 1, minor: 35 },
      /cgroup v1, and Kubernetes 1\.35/,
    ],
    ['little memory', { MemTotal: GIB / 2 }, undefined, /512 MiB of memory/],
  ] as const) {
    test(`is unfit, and says why: ${name}`, async (t) => {
      const engine = await fake(t, { info: { ...DOCKER_INFO, ...info }, version: DOCKER_VERSION });
      const error = await failure(checkEngine({ HOME: '/nowhere', DOCKER_HOST: engine.url }, version));
      assert.equal(error.code, 'ENGINE_UNFIT');
      assert.match(error.message, message);
      assert.notEqual(error.hint ?? '', '');
      assert.equal(engine.calls.length, 2);
    });
  }

  test('with cgroup v1 runs an older Kubernetes', () => {
    const facts = parseFacts({ url: '', source: '' }, { ...DOCKER_INFO, CgroupVersion: '1' }, DOCKER_VERSION);
    assert.equal(whatLacks(facts, { major: 1, minor: 34 }), undefined);
    assert.equal(whatLacks(facts), undefined);
    assert.notEqual(whatLacks(facts, { major: 2, minor: 0 }), undefined);
  });

  test('that says nothing of itself is taken for fit', () => {
    assert.equal(whatLacks(parseFacts({ url: '', source: '' }, {}, undefined), { major: 1, minor: 40 }), undefined);
  });
});

test('an address leads to a socket or to a port of this machine', () => {
  assert.deepEqual(connectionTo('unix:///run/a%20b.sock'), { socketPath: '/run/a b.sock' });
  assert.deepEqual(connectionTo('tcp://127.0.0.1:2375'), { host: '127.0.0.1', port: 2375 });
  assert.deepEqual(connectionTo('tcp://[::1]'), { host: '::1', port: 2375 });
  assert.match(String(connectionTo('nonsense')), /none that is known/);
});

test('a network tells our address in it, and one that nobody gets', () => {
  const answer = {
    IPAM: {
      Config: [
        { Subnet: 'fd00::/64', Gateway: 'fd00::1' },
        { Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' },
      ],
    },
  };
  assert.deepEqual(parseNetwork('n', answer), { name: 'n', gateway: '172.18.0.1', unused: '172.18.255.254' });
  assert.throws(() => parseNetwork('n', {}), /no IPv4 gateway/);
});

test('a log is taken out of its frames, and a cut frame does no harm', () => {
  const frame = (output: number, text: string) => {
    const head = Buffer.alloc(8);
    head[0] = output;
    head.writeUInt32BE(text.length, 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n')]);
  assert.equal(demultiplex(bytes), 'one\ntwo\n');
  assert.equal(demultiplex(bytes.subarray(0, -2)), 'one\ntw');
});
