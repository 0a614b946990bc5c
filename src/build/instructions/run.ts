/** RUN: a command in the unpacked rootfs, whose changes become a layer. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SealerError } from '../../error.ts';
import type { RunInstruction } from '../../kubefile/ast.ts';
import { diffTree, snapshotTree, type TarEntry, WHITEOUT_PREFIX } from '../../oci/tar/index.ts';
import { type CommandEnd, runCommand } from '../../process/command.ts';
import type { Builder } from '../builder.ts';
import { resolveInside } from '../context/source-tree.ts';
import { buildCluster } from '../images/cluster.ts';
import { cacheKey } from '../layers/layer-cache.ts';
import { type LayerContent, packContent, platformKey, reuse } from '../layers/make-layer.ts';
import { findSecret } from '../run/find-secret.ts';
import { createMask } from '../run/mask.ts';
import { placeMounts } from '../run/mounts.ts';
import { ensureRootfs, rootfsTree, type StageRootfs } from '../stage/rootfs.ts';
import { PROXY_ARGS } from '../stage/scope.ts';
import { chainOf, type StageLayer, type StageState } from '../stage/state.ts';
import { cleanDestination } from './destination.ts';

/**
 * Carries out a RUN.
 * @param task id of the progress task that its output belongs to
 * @returns the layer, or undefined if the command changed nothing
 * @throws SealerError RUN_FAILED, SECRET_IN_LAYER
 */
export async function runInstruction(
  builder: Builder,
  state: StageState,
  instruction: RunInstruction,
  task: string,
): Promise<StageLayer | undefined> {
  const request = { kind: 'rootfs', createdBy: instruction.text } as const;
  const key = keyOf(builder, state, instruction);
  const cached = await builder.cache.get(key);
  if (cached !== undefined) return reuse(builder, cached, request);
  const rootfs = await ensureRootfs(builder, state);
  const content = await changesOf(builder, state, rootfs, instruction, task);
  if (content.entries.length + content.removed.length === 0) {
    await builder.cache.put(key, { layer: undefined, origins: {} });
    return undefined;
  }
  const { layer } = await packContent(builder, content, request);
  // The rootfs has these changes already.
  rootfs.applied += 1;
  await builder.cache.put(key, { layer: { descriptor: layer.descriptor, diffId: layer.diffId }, origins: {} });
  return layer;
}

async function changesOf(
  builder: Builder,
  state: StageState,
  rootfs: StageRootfs,
  instruction: RunInstruction,
  task: string,
): Promise<LayerContent> {
  const before = await snapshotTree(rootfs.root);
  const mounts = await placeMounts(builder, rootfs, state.workdir, instruction);
  const mask = createMask(mounts.secrets);
  const private_ = join(rootfs.outside, 'run');
  try {
    const cluster = instruction.onCluster ? { KUBECONFIG: (await buildCluster(builder, state)).kubeconfig } : {};
    const env = { ...(await environment(builder, state, rootfs, private_)), ...mounts.env, ...cluster };
    const workdir = resolveInside(rootfsTree(rootfs, 'the rootfs'), cleanDestination('/', state.workdir));
    const cwd = join(rootfs.root, workdir);
    await mkdir(cwd, { recursive: true });
    const onLine = (line: string): void => builder.world.report({ type: 'output', id: task, line: mask(line) });
    const { command } = instruction;
    const argv = command.form === 'shell' ? ['/bin/sh', '-c', command.script] : command.argv;
    const end = await runCommand({ argv, cwd, env, onLine, signal: builder.world.signal });
    if (end.code !== 0) throw runFailed(instruction, end, mask);
  } finally {
    await mounts.release();
    await rm(private_, { recursive: true, force: true });
  }
  const entries = await diffTree(rootfs.root, before, { mtime: builder.epoch, onSkipped: () => {} });
  refuseSecrets(entries, mounts.secrets, instruction);
  return splitWhiteouts(entries);
}

/**
 * A clean environment: what the Kubefile declares, proxies, and folders of its own for temporary files. ENV wins over ARG.
 */
async function environment(
  builder: Builder,
  state: StageState,
  rootfs: StageRootfs,
  private_: string,
): Promise<Record<string, string>> {
  const home = join(private_, 'home');
  const temporary = join(private_, 'tmp');
  await mkdir(home, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const { env: host } = builder.world;
  const proxies = PROXY_ARGS.flatMap((name): [string, string][] => {
    const value = builder.options.buildArgs[name] ?? host[name];
    return value === undefined ? [] : [[name, value]];
  });
  const declared = Object.fromEntries([...proxies, ...state.args, ...state.env]);
  const path = [join(rootfs.root, 'bin'), declared.PATH, host.PATH ?? '/usr/local/bin:/usr/bin:/bin'];
  return {
    HOME: home,
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    SOURCE_DATE_EPOCH: String(builder.epoch),
    ...declared,
    PATH: path.filter((part) => part !== undefined && part !== '').join(':'),
  };
}

/** What decides about the outcome. Proxies and secrets do not: they are ways to get there. */
function keyOf(builder: Builder, state: StageState, { command, mounts, onCluster }: RunInstruction): string {
  const args = [...state.args].filter(([name]) => !PROXY_ARGS.includes(name)).sort();
  return cacheKey(
    'run',
    chainOf(state),
    command,
    mounts,
    // As keys were before there were clusters.
    ...(onCluster ? ['cluster'] : []),
    [...state.env].sort(),
    args,
    state.workdir,
    platformKey(state.platform),
    platformKey(builder.host),
    builder.compression,
    builder.epoch,
  );
}

function runFailed({ at, text }: RunInstruction, end: CommandEnd, mask: (line: string) => string): SealerError {
  const how = end.signal === undefined ? `exit code ${end.code}` : `signal ${end.signal}`;
  const said = end.tail.map((line) => `\n    ${mask(line)}`).join('');
  const first = text.split('\n')[0] ?? text;
  return new SealerError('RUN_FAILED', `${first} failed with ${how}${said === '' ? ' and said nothing' : `:${said}`}`, {
    at,
    hint:
      end.code === 127
        ? 'A command was not found: RUN uses the programs of this machine and of bin/ in the image.'
        : 'Nothing of it is kept; mend the command and build again.',
  });
}

function refuseSecrets(entries: readonly TarEntry[], secrets: readonly string[], { at }: RunInstruction): void {
  const path = findSecret(entries, secrets);
  if (path === undefined) return;
  throw new SealerError('SECRET_IN_LAYER', `The command wrote a secret into /${path}`, {
    at,
    hint: 'Everyone who has the image could read it. Use the secret without writing it down.',
  });
}

function splitWhiteouts(entries: readonly TarEntry[]): LayerContent {
  const removed: string[] = [];
  const kept: TarEntry[] = [];
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/') + 1;
    const name = entry.path.slice(slash);
    if (name.startsWith(WHITEOUT_PREFIX)) removed.push(entry.path.slice(0, slash) + name.slice(WHITEOUT_PREFIX.length));
    else kept.push(entry);
  }
  return { entries: kept, removed };
}
