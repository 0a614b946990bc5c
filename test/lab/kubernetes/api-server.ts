/**
 * A real Kubernetes API for tests: etcd, kube-apiserver and, if wanted, kube-controller-manager, on free ports of
 * loopback. There is no kubelet: tests write what nodes and pods would say. For the logs of pods there is a stand-in.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../certificates.ts';
import { freePort } from '../free-port.ts';
import { temporaryFolder } from '../scratch.ts';
import { needs, runTool } from '../tools.ts';

export interface ApiServer extends AsyncDisposable {
  readonly port: number;
  /** Of an administrator, with everything embedded. */
  readonly kubeconfig: string;
  /** A token of the same administrator. */
  readonly token: string;
  /** PEM files: `ca.crt`, `ca.key`, `admin.crt`, `admin.key`, `server.crt`. */
  readonly folder: string;
  /** Sends a request as the administrator; fails unless the status is 2xx. */
  send(method: string, path: string, body?: object, type?: string): Promise<Record<string, unknown>>;
  /** Merges into the status of an object. */
  setStatus(path: string, status: object): Promise<void>;
  /** Adds a node; with `ready` false it says that its network is not there. */
  addNode(name: string, ready?: boolean): Promise<void>;
  /** What the stand-in for a kubelet answers, by `namespace/pod/container`, `?previous` for the run before. */
  readonly logs: Map<string, string>;
  /** Kills the API server alone; etcd keeps everything. */
  stopApi(): Promise<void>;
  /** Starts it again on the same port. */
  startApi(): Promise<void>;
}

/** The folder with Kubernetes, or why there is none. Never builds it: that takes minutes. */
export function kubernetesBinaries(): { readonly bin: string; readonly skip: false } | { readonly skip: string } {
  const cache = process.env.SEALER_LAB_CACHE ?? join(homedir(), '.cache', 'sealer-lab');
  const complete = existsSync(join(cache, 'kubernetes-1.20.2', 'bin', 'complete'));
  const lacking = needs('openssl');
  if (!complete) return { skip: 'absent: Kubernetes (test/lab/kubernetes/build makes it, in some minutes)' };
  if (lacking !== false) return { skip: lacking };
  return { bin: execFileSync(join(import.meta.dirname, 'build'), { encoding: 'utf8' }).trim(), skip: false };
}

/**
 * Starts it and waits until it answers. Disposing ends all.
 * @param options.controllers whether Deployments and the like are worked on. Nodes are not: they have no kubelet that
 *   would say that it lives
 */
export async function startApiServer(options: { readonly controllers?: boolean } = {}): Promise<ApiServer> {
  const found = kubernetesBinaries();
  if (found.skip !== false) throw new Error(found.skip);
  const stack = new AsyncDisposableStack();
  try {
    const folder = stack.use(await temporaryFolder('kubernetes')).path;
    return await start(found.bin, folder, options.controllers === true, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function start(
  bin: string,
  folder: string,
  controllers: boolean,
  stack: AsyncDisposableStack,
): Promise<ApiServer> {
  const at = (name: string): string => join(folder, name);
  await makeCertificates(folder);
  await makeClient(folder, 'admin', '/O=system:masters/CN=admin');
  await runTool('openssl', ['genrsa', '-out', at('sa.key'), '2048']);
  const token = 'lab-token-of-an-administrator';
  await writeFile(at('tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const run = (name: string, args: readonly string[]): Running => runDaemon(join(bin, name), args, at(`${name}.log`));
  await mkdir(at('etcd'), { mode: 0o700 });
  const etcd = run('etcd', [
    ...['--name', 'lab', '--data-dir', at('etcd')],
    ...[
      '--listen-client-urls',
      `http://127.0.0.1:${etcdPort}`,
      '--advertise-client-urls',
      `http://127.0.0.1:${etcdPort}`,
    ],
    ...[
      '--listen-peer-urls',
      `http://127.0.0.1:${peerPort}`,
      '--initial-advertise-peer-urls',
      `http://127.0.0.1:${peerPort}`,
    ],
    ...['--initial-cluster', `lab=http://127.0.0.1:${peerPort}`],
  ]);
  stack.defer(etcd.stop);
  const kubeconfig = await kubeconfigOf(folder, `https://127.0.0.1:${port}`);
  await writeFile(at('admin.kubeconfig'), kubeconfig, { mode: 0o600 });
  const logs = new Map<string, string>();
  const kubelet = stack.use(await standInForKubelet(folder, logs));
  let api: Running | undefined;
  const server = {
    port,
    kubeconfig,
    token,
    folder,
    logs,
    send: (method: string, path: string, body?: object, type = 'application/json') =>
      request({ folder, port, method, path, body, type }),
    setStatus: async (path: string, status: object) => {
      await server.send('PATCH', `${path}/status`, { status }, 'application/merge-patch+json');
    },
    addNode: async (name: string, ready = true) => {
      await server.send('POST', '/api/v1/nodes', { kind: 'Node', apiVersion: 'v1', metadata: { name } });
      await server.setStatus(`/api/v1/nodes/${name}`, nodeStatus(ready, kubelet.port));
    },
    stopApi: async () => await api?.stop(),
    startApi: async () => {
      api = run('kube-apiserver', [
        ...[`--etcd-servers=http://127.0.0.1:${etcdPort}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
        ...[`--tls-cert-file=${at('server.crt')}`, `--tls-private-key-file=${at('server.key')}`],
        ...[`--client-ca-file=${at('ca.crt')}`, `--token-auth-file=${at('tokens.csv')}`, '--authorization-mode=RBAC'],
        ...[`--service-account-key-file=${at('sa.key')}`, `--service-account-signing-key-file=${at('sa.key')}`],
        ...['--service-account-issuer=https://kubernetes.default.svc', '--service-cluster-ip-range=10.0.0.0/24'],
        ...['--endpoint-reconciler-type=none', `--cert-dir=${folder}`, '--allow-privileged=true'],
        ...[`--kubelet-client-certificate=${at('admin.crt')}`, `--kubelet-client-key=${at('admin.key')}`],
      ]);
      await untilReady(server, api);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  stack.defer(() => server.stopApi());
  await server.startApi();
  if (controllers) {
    const manager = run('kube-controller-manager', [
      ...[`--kubeconfig=${at('admin.kubeconfig')}`, '--leader-elect=false', '--port=0', '--secure-port=0'],
      ...[`--service-account-private-key-file=${at('sa.key')}`, `--root-ca-file=${at('ca.crt')}`],
      '--controllers=*,-nodelifecycle,-nodeipam,-podgc,-ttl',
    ]);
    stack.defer(manager.stop);
  }
  return server;
}

/** What the API server takes for a kubelet: it gives the logs that the test put there. */
async function standInForKubelet(
  folder: string,
  logs: ReadonlyMap<string, string>,
): Promise<AsyncDisposable & { readonly port: number }> {
  const [cert, key] = [await readFile(join(folder, 'server.crt')), await readFile(join(folder, 'server.key'))];
  const server = https.createServer({ cert, key }, (asked, answer) => {
    const url = new URL(asked.url ?? '/', 'https://kubelet');
    const [, , ...pod] = url.pathname.split('/');
    const log = logs.get(`${pod.join('/')}${url.searchParams.get('previous') === 'true' ? '?previous' : ''}`);
    answer.writeHead(log === undefined ? 404 : 200).end(log ?? 'no such log');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A node as its kubelet would describe it; with `ready` false it says that its network is not there. */
function nodeStatus(ready: boolean, kubeletPort: number): object {
  const why = ready
    ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : { status: 'False', reason: 'KubeletNotReady', message: 'cni plugin not initialized' };
  return {
    conditions: [{ type: 'Ready', ...why }],
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    allocatable: { cpu: '64', memory: '64Gi', pods: '500' },
    capacity: { cpu: '64', memory: '64Gi', pods: '500' },
  };
}

/** A certificate of the same authority for a client, as `<name>.crt` and `<name>.key`. */
export async function makeClient(folder: string, name: string, subject: string, ...args: string[]): Promise<void> {
  const at = (file: string): string => join(folder, file);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch'];
  await runTool('openssl', ['req', ...key, '-subj', subject, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]);
  const authority = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', ...args];
  await runTool('openssl', ['x509', '-req', '-in', at(`${name}.csr`), ...authority, '-out', at(`${name}.crt`)]);
}

async function kubeconfigOf(folder: string, server: string): Promise<string> {
  const data = async (name: string): Promise<string> => (await readFile(join(folder, name))).toString('base64');
  const cluster = { server, 'certificate-authority-data': await data('ca.crt') };
  const user = { 'client-certificate-data': await data('admin.crt'), 'client-key-data': await data('admin.key') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'admin' } }],
    clusters: [{ name: 'lab', cluster }],
    users: [{ name: 'admin', user }],
  });
}

interface Running {
  readonly log: string;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

function runDaemon(path: string, args: readonly string[], log: string): Running {
  const child: ChildProcess = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log);
  child.stdout?.pipe(file, { end: false });
  child.stderr?.pipe(file, { end: false });
  const ended = once(child, 'exit');
  return {
    log,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      file.end();
    },
  };
}

/** Until it says that it is ready, and has made the namespace `default`, which it does only afterwards. */
async function untilReady(api: Pick<ApiServer, 'send'>, running: Running): Promise<void> {
  const answers = async (path: string): Promise<boolean> =>
    await api.send('GET', path).then(
      () => true,
      () => false,
    );
  const deadline = Date.now() + 300_000;
  while (Date.now() < deadline && !running.hasEnded()) {
    if ((await answers('/readyz')) && (await answers('/api/v1/namespaces/default'))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`kube-apiserver does not get ready:\n${readFileSync(running.log, 'utf8').slice(-3000)}`);
}

interface Request {
  readonly folder: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly body: object | undefined;
  readonly type: string;
}

async function request({ folder, port, method, path, body, type }: Request): Promise<Record<string, unknown>> {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const tls = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  const headers = { Accept: 'application/json', 'Content-Type': type };
  const text = await new Promise<string>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, ...tls, agent: false as const };
    const outgoing = https.request(options, (answer) => {
      let said = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      answer.on('error', reject).on('end', () => {
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(said);
        else reject(new Error(`${method} ${path}: ${status} ${said}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
  return text.startsWith('{') ? JSON.parse(text) : {};
}
