import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  initOf,
  isActive,
  restartService,
  serviceLog,
  serviceState,
  startService,
  stopService,
} from '../../../../src/runtime/services/index.ts';
import { fakeHost } from './fake-host.ts';

describe('control of services', () => {
  it('speaks to systemd', async () => {
    const host = fakeHost('systemd', ({ argv }) => ({ stdout: argv[1] === 'is-active' ? 'active\n' : 'a line\n' }));
    await startService(host, 'k3s', { isDetached: true });
    await restartService(host, 'k3s');
    assert.equal(await isActive(host, 'k3s'), true);
    assert.equal(await serviceLog(host, 'k3s', 20), 'a line');
    assert.deepEqual(host.commands, [
      ['systemctl', '--no-block', 'start', 'k3s.service'],
      ['systemctl', 'restart', 'k3s.service'],
      ['systemctl', 'is-active', 'k3s.service'],
      ['journalctl', '--no-pager', '--output=cat', '--unit=k3s.service', '--lines=20'],
    ]);
  });

  it('speaks to OpenRC', async () => {
    const host = fakeHost('openrc', ({ argv }) => ({ stdout: 'a line\n', code: argv.includes('status') ? 3 : 0 }));
    await startService(host, 'k3s', { isDetached: true });
    await restartService(host, 'k3s');
    assert.equal(await isActive(host, 'k3s'), false);
    assert.equal(await serviceLog(host, 'k3s', 20), 'a line');
    assert.deepEqual(host.commands, [
      ['rc-service', '-q', 'k3s', 'start'],
      ['rc-service', '-q', 'k3s', 'restart'],
      ['rc-service', '-q', 'k3s', 'status'],
      ['tail', '-n', '20', '/var/log/k3s.log'],
    ]);
  });

  it('gives the name of a service as an argument, never as shell text', async () => {
    for (const init of ['systemd', 'openrc'] as const) {
      const host = fakeHost(init);
      await stopService(host, 'sealer-registry');
      const [command] = host.commands;
      assert.equal(command?.[2]?.includes('sealer-registry'), false);
      assert.deepEqual(command?.slice(3), ['sealer', 'sealer-registry']);
    }
  });

  for (const [printed, state] of [
    ['active', 'active'],
    ['activating', 'starting'],
    ['failed', 'failed'],
    ['inactive', 'inactive'],
    ['unknown', 'inactive'],
  ] as const) {
    it(`takes systemd's ${printed} for ${state}`, async () => {
      assert.equal(
        await serviceState(
          fakeHost('systemd', () => ({ code: 3, stdout: `${printed}\n` })),
          'k3s',
        ),
        state,
      );
    });
  }

  for (const [code, state] of [
    [0, 'active'],
    [8, 'starting'],
    [32, 'failed'],
    [3, 'inactive'],
    [1, 'inactive'],
  ] as const) {
    it(`takes OpenRC's exit code ${code} for ${state}`, async () => {
      assert.equal(
        await serviceState(
          fakeHost('openrc', () => ({ code })),
          'k3s',
        ),
        state,
      );
    });
  }

  it('refuses a host whose init system nobody knows', async () => {
    await assert.rejects(initOf(fakeHost('unknown')), { code: 'HOST_UNFIT' });
  });
});
