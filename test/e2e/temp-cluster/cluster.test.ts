/** A temporary cluster with a real Kubernetes in it: k3s where there is one, else the lab's all-in-one image. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineNetwork, parseNetwork } from '../../../src/container-engine/network.ts';
import { KubernetesClient, parseKubeconfig } from '../../../src/kubernetes/index.ts';
import { silent } from '../../../src/progress.ts';
import { folderStorage, type RegistryStorage } from '../../../src/registry/server/index.ts';
import { startTempCluster, type TempCluster } from '../../../src/temp-cluster/index.ts';
import { type LabEngine, labEngine, whatEngineLacks } from '../../lab/engine.ts';
import { labClusterImage } from '../../lab/kubernetes/cluster-image.ts';
import { folderOf, temporaryFolder } from '../../lab/scratch.ts';
import { runTool } from '../../lab/tools.ts';
import { clientOf, leftOf, untilContainer, untilNothingIsLeft } from './left.ts';

const skip = whatEngineLacks() ?? false;
/** The first run on a machine builds Kubernetes. */
const BUILD_MS = 30 * 60_000;

describe('a temporary cluster', { skip, timeout: BUILD_MS }, () => {
  const resources = new AsyncDisposableStack();
  let engine: LabEngine;
  let image: string;
  let folder: string;
  let cluster: TempCluster;
  /** `<registry> <repository>` */
  const asked = new Set<string>();

  before(async () => {
    const started = resources.use(await labEngine());
    assert.ok(started.skip === false, String(started.skip));
    engine = started;
    image = await labClusterImage(engine);
    folder = resources.use(await temporaryFolder('temp-cluster')).path;
    cluster = await startTempCluster({
      image,
      isolated: true,
      registry: listening(folderStorage(join(folder, 'registry')), asked),
      env: { HOME: folder, ...engine.env },
      scratch: folder,
      startTimeoutMs: 180_000,
      report: silent,
    });
    resources.use(cluster);
  });
  after(() => resources.disposeAsync());

  test('is ready when it is given: its API, its node and what pods need', async (t) => {
    const { engineMs, readyMs, ourMs } = cluster.timings;
    t.diagnostic(`engine ${Math.round(engineMs)} ms, ready ${Math.round(readyMs)} ms, ours ${Math.round(ourMs)} ms`);
    assert.ok(ourMs < readyMs / 4, `${ourMs} of ${readyMs} ms are ours`);
    await using client = new KubernetesClient(cluster.access);
    assert.equal(await client.text('/readyz'), 'ok');
    const nodes = JSON.stringify(await client.get('/api/v1/nodes'));
    assert.match(nodes, /"name":"sealer"/);
    await client.get('/api/v1/namespaces/default/serviceaccounts/default');
  });

  test('is reached by a kubeconfig that only its user may read', async () => {
    assert.equal((await stat(cluster.kubeconfig)).mode & 0o777, 0o600);
    assert.deepEqual(parseKubeconfig(await readFile(cluster.kubeconfig, 'utf8')), cluster.access);
    assert.match(cluster.access.server, /^https:\/\/\d+\.\d+\.\d+\.\d+:6443$/);
  });

  test('asks our registry for every image, whatever its registry', async () => {
    const id = await untilContainer(engine, process.pid);
    const names = ['unknown.example.org/team/app:2', 'registry.example.com:5000/other:1', 'nginx:1.27'];
    for (const [i, name] of names.entries()) {
      await engine.podman('exec', id, 'kubectl', 'run', `pod-${i}`, '--restart=Never', `--image=${name}`);
    }
    const wanted = ['unknown.example.org team/app', 'registry.example.com:5000 other', 'docker.io library/nginx'];
    const end = Date.now() + 60_000;
    while (!wanted.every((each) => asked.has(each))) {
      assert.ok(Date.now() < end, `asked was for ${[...asked].join(', ')}`);
      await sleep(200);
    }
  });

  test('has no way out, even for who changes its routes', async () => {
    const id = await untilContainer(engine, process.pid);
    const pid = (await engine.podman('inspect', '--format', '{{.State.Pid}}', id)).trim();
    const { gateway } = await networkOf(engine, cluster.id);
    await using outside = await listen(gateway);
    const url = `http://${gateway}:${outside.port}/`;
    assert.equal((await fetch(url)).status, 200);
    const script = `fetch('${url}', { signal: AbortSignal.timeout(5000) })
      .then(({ status }) => console.log(status), (error) => console.log(error.cause?.code ?? error.name))`;
    const inside = (...command: string[]) => runTool('nsenter', ['-t', pid, '-n', ...command]);
    await inside('ip', 'route', 'replace', 'default', 'via', gateway, 'dev', 'eth0');
    assert.match(
      (await inside(process.execPath, '-e', script)).trim(),
      /^(?:ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|TimeoutError)$/,
    );
  });

  test('tells its log', async () => {
    assert.notEqual((await cluster.logs(5)).length, 0);
  });

  test('leaves nothing when it is disposed of, and can be disposed of twice', async () => {
    await cluster[Symbol.asyncDispose]();
    assert.deepEqual(await leftOf(engine, process.pid), []);
    await cluster[Symbol.asyncDispose]();
  });

  test('leaves nothing when its process is killed while it runs', async (t) => {
    const scratch = await folderOf(t, 'killed');
    const starter = join(import.meta.dirname, 'starter.ts');
    const child = spawn(process.execPath, [starter, image, scratch], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, HOME: scratch, ...engine.env },
      detached: true,
    });
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    for await (const text of child.stdout) {
      said += text;
      if (said.includes('ready')) break;
    }
    assert.match(said, /^ready /m, 'it ran when it was killed');
    assert.ok(child.pid !== undefined);
    assert.notDeepEqual(await leftOf(engine, child.pid), []);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    await untilNothingIsLeft(engine, child.pid);
  });
});

/** A storage that notes what it is asked for. */
function listening(storage: RegistryStorage, asked: Set<string>): RegistryStorage {
  const locate: RegistryStorage['locate'] = (name, origin, intent) => {
    asked.add(`${origin.namespace} ${name}`);
    return storage.locate(name, origin, intent);
  };
  return new Proxy(storage, {
    get: (target, key) => {
      if (key === 'locate') return locate;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function networkOf(engine: LabEngine, id: string): Promise<EngineNetwork> {
  const name = `sealer-${id}`;
  return parseNetwork(name, await clientOf(engine).json({ method: 'GET', path: `/networks/${name}` }));
}

async function listen(address: string): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((_request, response) => response.end('outside'));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return {
    port: bound.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
