/** A containerd of the test's own, to pull as a node does: by the original name, through a mirror of `hosts.toml`. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './scratch.ts';
import { findTool, runTool, works } from './tools.ts';

export interface MirrorOptions {
  /** The mirror's URL for a registry host, path included. */
  readonly mirror: (host: string) => string;
  readonly platform: string;
  /** An Authorization header for the mirror. */
  readonly authorization?: string;
}

export interface Containerd extends AsyncDisposable {
  readonly socket: string;
  readonly folder: string;
}

/** Starts a containerd with a socket and folders of its own. Disposing ends it. */
export async function startContainerd(): Promise<Containerd> {
  const folder = await temporaryFolder('containerd');
  const socket = join(folder.path, 'c.sock');
  const config = join(folder.path, 'config.toml');
  writeFileSync(
    config,
    `version = 2
root = "${folder.path}/root"
state = "${folder.path}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`,
  );
  const containerd = spawn(findTool('containerd') ?? 'containerd', ['--config', config], { stdio: 'ignore' });
  const ended = once(containerd, 'exit');
  const stop = async () => {
    containerd.kill('SIGKILL');
    await ended;
    await folder[Symbol.asyncDispose]();
  };
  try {
    const ctr = findTool('ctr') ?? 'ctr';
    const deadline = Date.now() + 20_000;
    while (!works(ctr, '--address', socket, 'version')) {
      if (Date.now() > deadline || containerd.exitCode !== null) throw new Error('containerd does not answer');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { socket, folder: folder.path, [Symbol.asyncDispose]: stop };
}

/** Pulls the content of references and gives the digest that containerd has for each. Needs no root: nothing is unpacked. */
export async function pullWithContainerd(
  references: readonly string[],
  { mirror, platform, authorization }: MirrorOptions,
): Promise<string[]> {
  await using containerd = await startContainerd();
  const { socket } = containerd;
  const hosts = join(containerd.folder, 'certs.d');
  for (const reference of references) {
    const host = reference.slice(0, reference.indexOf('/'));
    writeMirror(join(hosts, host), mirror(host), authorization);
  }
  for (const reference of references) {
    await runTool('ctr', [
      '--address',
      socket,
      'content',
      'fetch',
      '--platform',
      platform,
      '--hosts-dir',
      hosts,
      reference,
    ]);
  }
  const listed = await runTool('ctr', ['--address', socket, 'images', 'ls']);
  return references.map((reference) => digestOf(reference, listed));
}

/** `override_path` makes containerd ask for exactly this path; both entries point at the mirror, so nothing goes upstream. */
function writeMirror(folder: string, url: string, authorization: string | undefined): void {
  mkdirSync(folder, { recursive: true });
  const header = (table: string) =>
    authorization === undefined ? '' : `[${table}]\n  authorization = "${authorization}"\n`;
  writeFileSync(
    join(folder, 'hosts.toml'),
    `server = "${url}"
${header('header')}[host."${url}"]
  capabilities = ["pull", "resolve"]
  override_path = true
  skip_verify = true
${header(`host."${url}".header`)}`,
  );
}

function digestOf(reference: string, listed: string): string {
  const line = listed.split('\n').find((each) => each.startsWith(`${reference} `));
  const digest = /sha256:[0-9a-f]{64}/.exec(line?.slice(reference.length) ?? '')?.[0];
  if (digest === undefined) throw new Error(`containerd does not list ${reference}:\n${listed}`);
  return digest;
}
