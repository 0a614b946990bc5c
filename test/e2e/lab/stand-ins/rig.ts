/** Hosts of the lab for scenarios of one runtime's program, with the image that every pod needs. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PROJECT } from '../../../lab/cli.ts';
import { labEngine } from '../../../lab/engine.ts';
import { type LabHost, labHosts } from '../../../lab/hosts/index.ts';
import { LAB_KUBERNETES_BIN } from '../../../lab/kubernetes/cluster-image.ts';
import { temporaryFolder } from '../../../lab/scratch.ts';
import { needsStandIns, standInProgram } from '../../../lab/stand-ins/base-images.ts';

export interface Rig extends AsyncDisposable {
  readonly hosts: readonly [LabHost, LabHost, LabHost, LabHost];
  /** Puts the program of a version onto hosts, over one that may be running. */
  install(hosts: readonly LabHost[], version: string): Promise<void>;
}

/** What to give as the `skip` of a test that asks a stand-in by hand: what runs clusters on them shows most of it too. */
export function needsAskedStandIns(): string | false {
  if ((process.env.SEALER_TEST_STAND_INS ?? '') === '')
    return 'SEALER_TEST_STAND_INS=1 asks the stand-ins (four minutes each)';
  return needsStandIns();
}

/** Starts four hosts with a pause image where the runtime imports archives from. */
export async function startRig(runtime: 'k3s' | 'k0s', pause: string, images: string): Promise<Rig> {
  await using undo = new AsyncDisposableStack();
  const engine = await labEngine();
  undo.use(engine);
  if (engine.skip !== false) throw new Error(engine.skip);
  const lab = undo.use(await labHosts(engine, { count: 4, standIns: true, prefix: runtime }));
  const [a, b, c, d] = lab.hosts;
  assert.ok(a && b && c && d);
  const archive = await pauseArchive(pause);
  const program = `/usr/local/bin/${runtime}`;
  await Promise.all(lab.hosts.map((host) => put(host, join(images, 'pause.tar'), archive)));
  const life = undo.move();
  return {
    hosts: [a, b, c, d],
    async install(hosts, version) {
      const content = await readFile(await standInProgram(runtime, version));
      await Promise.all(hosts.map((host) => put(host, program, content, '755')));
    },
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

/** Writes a file on a host, in one piece. */
export async function put(host: LabHost, path: string, content: string | Uint8Array, mode = '600'): Promise<void> {
  const script = 'mkdir -p "${1%/*}" && cat >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"';
  await host.exec(['sh', '-c', script, 'sh', path, mode], { input: content });
}

/** Runs a shell script on a host and gives what it printed, both streams; a failure is an answer too. */
export async function sh(host: LabHost, script: string): Promise<string> {
  const { stdout, stderr } = await host.exec(['sh', '-c', script], { allowFailure: true });
  return stdout + stderr;
}

/** Waits until a script on a host prints what matches, and gives it. */
export async function until(host: LabHost, script: string, wanted: RegExp, limitMs = 180_000): Promise<string> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const said = await sh(host, script);
    if (wanted.test(said)) return said;
    if (Date.now() > deadline) throw new Error(`${host.name}: ${script} never said ${wanted}, but:\n${said}`);
    await sleep(200);
  }
}

/** Names and addresses that a certificate at an address is for, as openssl reads it. */
export async function servedNames(address: string): Promise<string> {
  const script = 'openssl s_client -connect "$1" </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName';
  const { stdout } = await promisify(execFile)('sh', ['-c', script, 'sh', `${address}:6443`]);
  return stdout;
}

/** One pod on every node, whatever it is tainted with. */
export function podOnEveryNode(image: string): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'still' },
    spec: {
      selector: { matchLabels: { app: 'still' } },
      template: {
        metadata: { labels: { app: 'still' } },
        spec: {
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'still', image, imagePullPolicy: 'Never' }],
        },
      },
    },
  });
}

async function pauseArchive(name: string): Promise<Buffer> {
  await using folder = await temporaryFolder('pause');
  const [root, file] = [join(folder.path, 'root'), join(folder.path, 'pause.tar')];
  await mkdir(root);
  await copyFile(join(LAB_KUBERNETES_BIN, 'pause'), join(root, 'pause'));
  const script = join(PROJECT, 'images', 'lab', 'container-image');
  await promisify(execFile)(script, [file, name, '{"Entrypoint":["/pause"]}', root]);
  return await readFile(file);
}
