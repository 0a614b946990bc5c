/**
 * `npm run demo`: the whole way of a cluster image on one machine, without root, container engine or internet. Every step
 * is the command that a user would type; this script only starts them, times them, and compares what they say.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const SEALER = resolve(import.meta.dirname, '../src/cli/main.ts');
const EXAMPLE = resolve(import.meta.dirname, 'hello');
const EXAMPLE_REGISTRY = 'localhost:5050';

const folder = await mkdtemp(join(tmpdir(), 'sealer-demo-'));
let registry: ChildProcess | undefined;
const started = performance.now();
try {
  registry = await demo();
} finally {
  registry?.kill('SIGTERM');
  if (registry !== undefined && registry.exitCode === null) await once(registry, 'exit');
  await rm(folder, { recursive: true, force: true });
}

async function demo(): Promise<ChildProcess> {
  title('A registry on loopback (sealer registry serve)');
  const { process: server, address } = await startRegistry();
  registry = server;
  say(`listening on ${address}`);

  title('A small container image, made by sealer itself, in that registry');
  const image = `${address}/demo/hello:v1`;
  await makeContainerContext(join(folder, 'container'));
  await sealer('maker', ['build', '-q', '-t', image, join(folder, 'container')]);
  const pushedImage = await sealerJson<{ digest: string }>('maker', ['push', image]);
  say(`${image}  ${short(pushedImage.digest)}`);

  title('The cluster image: build examples/hello, whose manifest names that container image');
  const cluster = `${address}/demo/cluster:v1`;
  const context = exampleFor(address);
  const built = await sealerJson<BuildOutput>('builder', ['build', '-t', cluster, context]);
  say(`${cluster}  ${short(built.digest)}`);
  for (const each of built.platforms[0]?.images ?? []) say(`carries ${each.reference}`);

  title('The same again: nothing changed, so nothing is done');
  const again = await sealerJson<BuildOutput>('builder', ['build', '-t', cluster, context]);
  same('digest of the second build', again.digest, built.digest);
  say(`fetched ${bytes(again.fetchedBytes)}`);

  title('Push, and pull into a fresh store');
  const pushed = await sealerJson<{ digest: string }>('builder', ['push', cluster]);
  same('digest that was pushed', pushed.digest, built.digest);
  const pulled = await sealerJson<{ digest: string }>('fresh', ['pull', cluster]);
  same('digest that was pulled', pulled.digest, built.digest);

  title('Save it to a file, and load that into another fresh store');
  const file = join(folder, 'cluster.tar');
  await sealer('fresh', ['save', '-q', '-o', file, cluster]);
  say(`${bytes((await stat(file)).size)} in an OCI archive`);
  await sealer('carried', ['load', '-q', '-i', file]);
  const carried = await sealerJson<{ digest: string }>('carried', ['inspect', cluster]);
  same('digest after the journey', carried.digest, built.digest);

  process.stdout.write(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
  return server;
}

interface BuildOutput {
  readonly digest: string;
  readonly fetchedBytes: number;
  readonly platforms: readonly { readonly images: readonly { readonly reference: string }[] }[];
}

/** The embedded registry, on the port that the example names, or on another where that one is taken. */
async function startRegistry(): Promise<{ process: ChildProcess; address: string }> {
  const listen = (await isTaken(5050)) ? 'localhost:0' : EXAMPLE_REGISTRY;
  const child = spawn(
    process.execPath,
    [SEALER, 'registry', 'serve', '--listen', listen, '--root', join(folder, 'registry'), '--json'],
    {
      env: environment('registry'),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout });
  const [first] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the registry ended with ${code}`))),
  ])) as [string];
  const { address } = JSON.parse(first) as { address: string };
  return { process: child, address: address.replace('127.0.0.1', 'localhost') };
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => done(socket.destroy() !== undefined));
    socket.on('error', () => done(false));
  });
}

/** A container image is an OCI image like any other: a Kubefile from scratch makes one. */
async function makeContainerContext(context: string): Promise<void> {
  await mkdir(context, { recursive: true });
  await writeFile(join(context, 'Kubefile'), 'FROM scratch\nCOPY --chmod=0755 server /server\n');
  await writeFile(join(context, 'server'), Buffer.alloc(3 << 20, 'a container image of the demo\n'));
}

/** The example as it is, or a copy that names the registry's other port. */
function exampleFor(address: string): string {
  if (address === EXAMPLE_REGISTRY) return EXAMPLE;
  const copy = join(folder, 'hello');
  cpSync(EXAMPLE, copy, { recursive: true });
  const manifest = join(copy, 'manifests', 'hello.yaml');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(EXAMPLE_REGISTRY, address));
  say(`port 5050 is taken here, so the example is built from a copy that names ${address}`);
  return copy;
}

function environment(store: string): NodeJS.ProcessEnv {
  return { ...process.env, SEALER_HOME: join(folder, 'stores', store) };
}

/** Runs `sealer` on a store of that name, shows the command and how long it took, and gives its standard output. */
async function sealer(store: string, args: readonly string[]): Promise<string> {
  const begun = performance.now();
  const child = spawn(process.execPath, [SEALER, ...args], {
    env: environment(store),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const [code] = await once(child, 'close');
  const shown = args
    .filter((arg) => arg !== '--json' && arg !== '-q' && arg !== '--quiet')
    .join(' ')
    .replaceAll(`${folder}/`, '');
  process.stdout.write(`  $ sealer ${shown}   (${Math.round(performance.now() - begun)} ms)\n`);
  if (code !== 0) throw new Error(`sealer ${args[0]} ended with ${code}`);
  return stdout;
}

async function sealerJson<T>(store: string, args: readonly string[]): Promise<T> {
  return JSON.parse(await sealer(store, [...args, '--json', '-q'])) as T;
}

function title(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

function same(what: string, actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`the ${what} is ${actual}, expected ${expected}`);
  say(`${what}: equal (${short(actual)})`);
}

function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function bytes(count: number): string {
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
