/** Plugins on a real shell: this machine as a host. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PluginContext, runPlugins } from '../../../../src/cluster/plugins/index.ts';
import type { PluginSpec } from '../../../../src/clusterfile/desired.ts';
import type { Host } from '../../../../src/hosts/host.ts';
import { localHost } from '../../../../src/hosts/index.ts';
import { silent } from '../../../../src/progress.ts';

let folder: string;
let host: Host;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealer-plugins-'));
  await mkdir(join(folder, 'rootfs/plugins'), { recursive: true });
  host = localHost({ env: process.env });
});
after(async () => {
  await host[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const context = (specs: readonly PluginSpec[], signal = new AbortController().signal): PluginContext => ({
  specs,
  hosts: [{ host, roles: ['master'], labels: {}, env: { GREETING: "it's $HOME\nand more" }, isMaster0: true }],
  home: folder,
  rootfs: join(folder, 'rootfs'),
  clusterName: 'shop',
  report: silent,
  signal,
});

const spec = (more: Partial<PluginSpec>): PluginSpec => ({
  name: 'one',
  type: 'SHELL',
  phases: ['post-install'],
  on: [],
  data: 'true',
  env: {},
  timeoutMs: 60_000,
  at: { file: 'Clusterfile', line: 1 },
  ...more,
});

const needsRoot = process.getuid?.() === 0 ? false : 'commands on hosts run as root';

test('a script sees its environment byte for byte, works in the rootfs, and leaves no copy of itself', {
  skip: needsRoot,
}, async () => {
  const data = 'printf %s "$GREETING" >greeting\ncat\necho "$SEALER_PHASE of $SEALER_CLUSTER"';
  const [run] = await runPlugins('post-install', context([spec({ data })]));
  assert.equal(await readFile(join(folder, 'rootfs/greeting'), 'utf8'), "it's $HOME\nand more");
  assert.deepEqual(run?.lastLines, ['post-install of shop']);
  assert.deepEqual(await readdir(join(folder, 'plugins')), []);
});

test('a script that fails tells its exit code and its last lines', { skip: needsRoot }, async () => {
  const data = 'echo one; echo two >&2; exit 7';
  await assert.rejects(runPlugins('post-install', context([spec({ data })])), {
    code: 'PLUGIN_FAILED',
    message: /exit code 7\n(?: {2}one\n {2}two| {2}two\n {2}one)/,
  });
  assert.deepEqual(await readdir(join(folder, 'plugins')), []);
});

test('a script that hangs is ended when its time is over', { skip: needsRoot }, async () => {
  const began = performance.now();
  await assert.rejects(runPlugins('post-install', context([spec({ data: 'exec sleep 60', timeoutMs: 500 })])), {
    code: 'PLUGIN_FAILED',
    message: /took longer than 0\.5 s/,
  });
  assert.ok(performance.now() - began < 15_000);
});

test('an executable of the image reads what it is to do', { skip: needsRoot }, async () => {
  const program = join(folder, 'rootfs/plugins/echo-json');
  await writeFile(program, '#!/bin/sh\ncat >told.json\necho "$GREETING" | head -n 1\n');
  await chmod(program, 0o755);
  const [run] = await runPlugins('post-install', context([spec({ type: 'echo-json', data: 'x: 1' })]));
  assert.deepEqual(run?.lastLines, ["it's $HOME"]);
  const told = JSON.parse(await readFile(join(folder, 'rootfs/told.json'), 'utf8'));
  assert.deepEqual([told.phase, told.data, told.host], ['post-install', 'x: 1', host.address]);
});

test('an interruption ends a script and is no failure of it', { skip: needsRoot, timeout: 60_000 }, async (t) => {
  const controller = new AbortController();
  const marker = join(folder, 'rootfs/started');
  const running = runPlugins(
    'post-install',
    context([spec({ data: 'touch started; exec sleep 60' })], controller.signal),
  );
  const ended = assert.rejects(running, { name: 'AbortError' });
  while (!existsSync(marker)) await Promise.race([ended, sleep(20, undefined, { signal: t.signal })]);
  controller.abort();
  await ended;
});
