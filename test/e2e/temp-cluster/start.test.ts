/** A temporary cluster's container in a real engine; a stand-in for Kubernetes in it. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { silent } from '../../../src/progress.ts';
import { folderStorage } from '../../../src/registry/server/index.ts';
import { startTempCluster, type TempClusterOptions } from '../../../src/temp-cluster/index.ts';
import { NO_NAMESERVER } from '../../../src/temp-cluster/node/nameservers.ts';
import { OWNER_LABEL, sessionLabels } from '../../../src/temp-cluster/session/labels.ts';
import { type LabEngine, labEngine, whatEngineLacks } from '../../lab/engine.ts';
import { folderOf } from '../../lab/scratch.ts';
import { runTool, works } from '../../lab/tools.ts';
import { leftOf, untilContainer } from './left.ts';
import { standInImage, whatStandInLacks } from './stand-in.ts';

const skip = whatEngineLacks() ?? whatStandInLacks() ?? false;

const UNREACHABLE = /^(?:ENETUNREACH|EHOSTUNREACH|ETIMEOUT|TimeoutError|UND_ERR_CONNECT_TIMEOUT|ECONNREFUSED)$/;

describe('a temporary cluster in an engine', { skip, timeout: 600_000 }, () => {
  const resources = new AsyncDisposableStack();
  let engine: LabEngine;

  before(async () => {
    const started = resources.use(await labEngine());
    assert.ok(started.skip === false, String(started.skip));
    engine = started;
  });
  after(() => resources.disposeAsync());

  async function optionsFor(t: TestContext, more: Partial<TempClusterOptions> = {}): Promise<TempClusterOptions> {
    const scratch = await folderOf(t, 'temp-cluster');
    return {
      image: await standInImage(engine, 'stays'),
      isolated: false,
      registry: folderStorage(join(scratch, 'registry')),
      env: { HOME: scratch, ...engine.env },
      scratch,
      startTimeoutMs: 60_000,
      report: silent,
      ...more,
    };
  }

  /** Starts a node that never gets ready, does something with it while it runs, and stops it. */
  async function whileRunning(t: TestContext, isolated: boolean, work: (id: string) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const starting = startTempCluster(await optionsFor(t, { isolated, signal: stop.signal }));
    starting.catch(() => {});
    try {
      const id = await untilContainer(engine, process.pid);
      // Its files are there when it has become what it runs.
      while (!(await engine.podman('logs', id)).includes('k3s stays server')) {}
      await work(id);
    } finally {
      stop.abort(new Error('enough'));
      await assert.rejects(starting, /enough/);
      assert.deepEqual(await leftOf(engine, process.pid), []);
    }
  }

  async function failing(options: TempClusterOptions): Promise<SealerError> {
    const error = await startTempCluster(options).then(
      () => assert.fail('it must fail'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof SealerError, String(error));
    assert.deepEqual(await leftOf(engine, process.pid), []);
    return error;
  }

  test('whose node ends is told of at once, with its last lines, and nothing is left', async (t) => {
    const error = await failing(await optionsFor(t, { image: await standInImage(engine, 'ends') }));
    assert.equal(error.code, 'CLUSTER_NOT_READY');
    assert.match(
      error.message,
      /exit code 3; its last lines:\n {2}k3s ends server\n {2}level=fatal msg="no such luck"/,
    );
  });

  test('that does not get ready in time is told of with its last lines, and nothing is left', async (t) => {
    const error = await failing(await optionsFor(t, { startTimeoutMs: 5000 }));
    assert.equal(error.code, 'CLUSTER_NOT_READY');
    assert.match(error.message, /no kubeconfig within 5 s; its last lines:\n {2}k3s stays server/);
  });

  test('whose image is nowhere is told of in the engine’s own words, and nothing is left', async (t) => {
    const error = await failing(await optionsFor(t, { image: '127.0.0.1:1/none/k3s:v1.33.4-k3s1' }));
    assert.ok(['IMAGE_NOT_FOUND', 'REGISTRY_ERROR'].includes(error.code), error.code);
    assert.match(error.message, /cannot pull 127\.0\.0\.1:1\/none\/k3s:v1\.33\.4-k3s1: .*refused/);
    assert.match(error.hint ?? '', /--cluster-image/);
  });

  test('keeps its password in files that only root can read, and out of what the engine shows', async (t) => {
    await whileRunning(t, false, async (id) => {
      const shown = await engine.podman('inspect', id);
      const registries = await engine.podman('exec', id, 'cat', '/etc/rancher/k3s/registries.yaml');
      const password = /password: "(.{20,})"/.exec(registries)?.[1] ?? '';
      assert.notEqual(password, '');
      assert.ok(!shown.includes(password));
      const modes = await engine.podman('exec', id, 'stat', '-c', '%a %u', '/etc/rancher/k3s/registries.yaml');
      assert.equal(modes.trim(), '600 0');
      const processes = await engine.podman('exec', id, 'sh', '-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ');
      assert.ok(!processes.includes(password));
    });
  });

  test('has its registry within reach, for who has the password', async (t) => {
    await whileRunning(t, true, async (id) => {
      const registries = await engine.podman('exec', id, 'cat', '/etc/rancher/k3s/registries.yaml');
      const url = /endpoint: \["(http:\/\/[^"]+)"\]/.exec(registries)?.[1];
      const password = /password: "(.+)"/.exec(registries)?.[1];
      const basic = Buffer.from(`sealer:${password}`).toString('base64');
      assert.equal(await statusFrom(id, `${url}/v2/`, { Authorization: `Basic ${basic}` }), '200');
      assert.equal(await statusFrom(id, `${url}/v2/`), '401');
    });
  });

  const alias = '198.51.100.77';
  const canAddAddress = works('ip', 'addr', 'show', 'lo');

  test('that is isolated reaches nothing else and resolves no name; one that is not does', {
    skip: !canAddAddress && 'absent: ip',
  }, async (t) => {
    await using outside = await listenAt(t, alias);
    const url = `http://${alias}:${outside.port}/`;
    await whileRunning(t, false, async (id) => {
      assert.equal(await statusFrom(id, url), '200');
      assert.match(await engine.podman('exec', id, 'ip', 'route'), /^default via /m);
    });
    await whileRunning(t, true, async (id) => {
      assert.match(await statusFrom(id, url), UNREACHABLE);
      assert.match(await resolveFrom(id, [NO_NAMESERVER]), UNREACHABLE);
      assert.match(await resolveFrom(id, ['8.8.8.8']), UNREACHABLE);
      assert.equal(await engine.podman('exec', id, 'cat', '/etc/resolv.conf'), 'nameserver 203.0.113.53\n');
      // Kubernetes insists on a default route.
      assert.match(await engine.podman('exec', id, 'ip', 'route'), /^default via \d+\.\d+\.\d+\.254 dev eth0/m);
    });
  });

  test('sweeps away what dead processes left, at its start', async (t) => {
    const own = sessionLabels('dead0dead0de');
    // No process has this number and our start.
    const labels = { ...own, [OWNER_LABEL]: own[OWNER_LABEL]?.replace(/^\d+/, '4194305') };
    const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    await engine.podman('volume', 'create', ...flags, 'sealer-dead0dead0de-0');
    await engine.podman('network', 'create', ...flags, 'sealer-dead0dead0de');
    await failing(await optionsFor(t, { startTimeoutMs: 1 }));
    assert.deepEqual(await leftOf(engine, 4194305), []);
  });

  /** The status that a process in the node's network gets from a web server, or the code of its error. */
  async function statusFrom(id: string, url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const script = `fetch(${JSON.stringify(url)}, { headers: ${JSON.stringify(headers)}, signal: AbortSignal.timeout(10_000) })
      .then(({ status }) => console.log(status), (error) => console.log(error.cause?.code ?? error.name))`;
    return await inNetworkOf(id, script);
  }

  /** What a process in the node's network gets from name servers: an address, or the code of its error. */
  async function resolveFrom(id: string, servers: readonly string[]): Promise<string> {
    const script = `const resolver = new dns.promises.Resolver({ timeout: 1000, tries: 2 });
      resolver.setServers(${JSON.stringify(servers)});
      resolver.resolve4('example.com').then(String, (error) => error.code).then(console.log)`;
    return await inNetworkOf(id, script);
  }

  async function inNetworkOf(id: string, script: string): Promise<string> {
    const pid = (await engine.podman('inspect', '--format', '{{.State.Pid}}', id)).trim();
    return (await runTool('nsenter', ['-t', pid, '-n', process.execPath, '-e', script])).trim();
  }

  /** A web server at an address of this machine that belongs to no network of the engine. */
  async function listenAt(t: TestContext, address: string): Promise<{ port: number } & AsyncDisposable> {
    assert.ok(works('ip', 'addr', 'replace', `${address}/32`, 'dev', 'lo'));
    t.after(() => works('ip', 'addr', 'del', `${address}/32`, 'dev', 'lo'));
    const server = createServer((_request, response) => response.end('outside'));
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const { port } = server.address() as AddressInfo;
    return {
      port,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
});
