import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseReport } from '../../../src/cluster/preflight/probe/parse-report.ts';
import { probeHost } from '../../../src/cluster/preflight/probe/probe-host.ts';
import { PROBE } from '../../../src/cluster/preflight/probe/program.ts';
import type { Target } from '../../../src/cluster/preflight/reach/questions.ts';
import { askReach } from '../../../src/cluster/preflight/reach/reach.ts';
import { localHost } from '../../../src/hosts/index.ts';
import { findTool } from '../../lab/tools.ts';

const noRoot = process.getuid?.() === 0 ? false : 'commands as root need root';

describe('this machine, asked as a host', { skip: noRoot }, () => {
  let root = '';
  const server = createServer();
  const host = localHost({ env: process.env });
  const signal = new AbortController().signal;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sealer-preflight-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    server.close();
    await host[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  function port(): number {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  function probe(change: { readonly home?: string } = {}) {
    const home = change.home ?? join(root, 'shop');
    const folders = [root, '/nowhere/at/all'];
    return probeHost(host, { home, rootfs: join(home, 'rootfs'), ports: [port()], folders }, signal);
  }

  it('tells its disks, also for folders that are not there yet', async () => {
    const { disks, system, controllers } = await probe();
    assert.deepEqual(
      disks.map(({ folder }) => folder),
      [root, '/nowhere/at/all'],
    );
    for (const { total, free, mount } of disks) assert.ok(total > 0 && free > 0 && mount.startsWith('/'));
    assert.equal(system, 'Linux');
    assert.ok(controllers.has('memory'));
  });

  it('tells who listens at a port', async () => {
    const [listener] = (await probe()).listeners;
    assert.equal(listener?.port, port());
    assert.equal(listener?.owner?.pid, process.pid);
  });

  it('knows its own cluster from others, and what only began from what was prepared', async () => {
    for (const [name, record] of [
      ['shop', '{}'],
      ['blog', '{"prepared":"x"}'],
      ['mail', '{"rootfs":"x"}'],
    ] as const) {
      await mkdir(join(root, name), { recursive: true });
      await writeFile(join(root, name, 'host.json'), record);
    }
    const { isOurs, otherClusters } = await probe();
    assert.equal(isOurs, true);
    assert.deepEqual(otherClusters, ['blog']);
    assert.equal((await probe({ home: join(root, 'new') })).isOurs, false);
  });

  it('is not changed by being asked', async () => {
    const before = await readdir(root);
    await probe({ home: join(root, 'never') });
    assert.deepEqual(await readdir(root), before);
  });

  it('answers the same in the shell of busybox', {
    skip: findTool('busybox') === undefined && 'no busybox',
  }, async () => {
    const ask = async (shell: readonly [string, ...string[]]) => {
      const argv = [...shell, '-c', PROBE, 'probe', join(root, 'shop'), '/none', '', root] as const;
      const report = parseReport((await host.exec({ argv })).stdout, 'x');
      // What others do to disks and networks meanwhile is none of the shell's.
      const disks = report.disks.map(({ folder, mount, type }) => ({ folder, mount, type }));
      // And busybox finds its own applets as programs.
      return { ...report, disks, routes: [], processes: [], tools: [...report.tools].filter((tool) => tool === 'awk') };
    };
    assert.deepEqual(await ask(['busybox', 'sh']), await ask(['sh']));
  });

  it('reaches what listens and what refuses, and tells names that nobody knows', async () => {
    const target = (address: string, port: number): Target => ({
      ...{ address, label: address, port, purpose: 'the API server', isMild: false },
    });
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const address = free.address();
    const closed = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => free.close(resolve));
    const problems = await askReach(
      host,
      [target('127.0.0.1', port()), target('127.0.0.1', closed), target('no-such-host.invalid', 6443)],
      signal,
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? '', /cannot reach no-such-host\.invalid at port 6443/);
  });
});
