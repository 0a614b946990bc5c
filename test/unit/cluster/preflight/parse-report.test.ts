import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReport } from '../../../../src/cluster/preflight/probe/parse-report.ts';
import { formatCidr } from '../../../../src/clusterfile/index.ts';
import { GOOD } from './fleet.ts';

describe('what a host tells', () => {
  it('is read with its disks, routes and tools', () => {
    const report = parseReport(GOOD, '10.0.0.1');
    assert.deepEqual(report.disks[0], {
      folder: '/var/lib/sealer',
      total: 264212084 * 1024,
      free: 157300144 * 1024,
      mount: '/',
      type: 'ext4',
      options: ['rw', 'relatime', 'discard'],
    });
    assert.deepEqual(
      report.routes.map(({ to, device }) => `${formatCidr(to)} ${device}`),
      ['0.0.0.0/0 eth0', '10.0.0.0/24 eth0', 'fe80::/64 eth0'],
    );
    assert.equal(report.iptables, '1.8.9');
    assert.ok(report.tools.has('tar') && report.isShared && !report.isContainer);
  });

  it('is no report if it broke off', () => {
    assert.throws(() => parseReport(GOOD.replace('end=ok\n', ''), '10.0.0.1'), {
      code: 'COMMAND_FAILED',
      message: /^10\.0\.0\.1 /,
    });
  });

  it('counts as not told where it is malformed', () => {
    const hostile = [
      ...[
        'disk=/x\t/dev/x a b c',
        'port=zz 1',
        'port=192B',
        'socket=1 2',
        'swap=many /dev/x',
        'route=0 0 eth0',
        'route6=zz',
      ],
      ...[
        'mac=00:00:00:00:00:00',
        'mac=what',
        'product=Not Settable',
        'inotify= ',
        'process=x y',
        'no line at all',
        '=x',
        '__proto__=1',
      ],
    ].join('\n');
    const report = parseReport(`${hostile}\nend=ok\n`, 'x');
    assert.deepEqual(
      [report.disks, report.listeners, report.swaps, report.routes, report.macs, report.processes],
      [[], [], [], [], [], []],
    );
    assert.equal(report.productUuid, undefined);
    assert.equal(report.inotify, undefined);
  });

  it('names who listens, once for both families', () => {
    const { listeners } = parseReport('port=192B 11\nport=192B 12\nsocket=12 345 kube-apiserver\nend=ok\n', 'x');
    assert.deepEqual(listeners, [{ port: 6443, owner: { pid: 345, name: 'kube-apiserver' } }]);
  });
});
