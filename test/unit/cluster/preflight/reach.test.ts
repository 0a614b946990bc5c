import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Target, targetsOf } from '../../../../src/cluster/preflight/reach/questions.ts';
import { judgeReach } from '../../../../src/cluster/preflight/reach/reach.ts';
import { host, wanted } from './fleet.ts';

const HOST = { label: '10.0.0.9' };

function target(address: string, port: number, purpose: string, isMild = false): Target {
  return { address, label: address, port, purpose, isMild };
}

describe('what is between hosts', () => {
  const targets = [target('10.0.0.1', 6443, 'the API server'), target('10.0.0.1', 5000, 'the registry')];

  it('is nothing where a connection is refused: it has gone all the way', () => {
    assert.deepEqual(judgeReach(HOST, targets, 'reach=10.0.0.1 6443 refused\nreach=10.0.0.1 5000 open\n'), []);
  });

  it('is told once for all ports of a host that time out', () => {
    const answer = 'reach=10.0.0.1 6443 timeout\nreach=10.0.0.1 5000 timeout\n';
    assert.deepEqual(
      judgeReach(HOST, targets, answer).map(({ severity, message }) => `${severity}: ${message}`),
      ['error: 10.0.0.9 cannot reach 10.0.0.1 at port 6443 (the API server), 5000 (the registry): nothing comes back'],
    );
  });

  it('is a warning for kubelets, and a notice where nothing can be tried', () => {
    const mild = [target('10.0.0.2', 10250, 'the kubelet', true)];
    assert.equal(judgeReach(HOST, mild, 'reach=10.0.0.2 10250 blocked')[0]?.severity, 'warning');
    assert.deepEqual(
      judgeReach(HOST, mild, 'tool=none\n').map(({ severity }) => severity),
      ['notice'],
    );
  });
});

describe('who has to reach whom', () => {
  const masters = [host(1, { role: 'master', isRegistry: true, isMember: true }), host(2, { role: 'master' })];
  const all = [...masters, host(3), host(4, { isMember: true })];
  const reached = (index: number) => {
    const from = all[index];
    assert.ok(from);
    return targetsOf(from, all, wanted()).map(({ address, port }) => `${address} ${port}`);
  };

  it('a new node: all masters and the registry', () => {
    assert.deepEqual(reached(2), ['10.0.0.1 6443', '10.0.0.2 6443', '10.0.0.1 5000']);
  });

  it('a new master: etcd of the others as well', () => {
    assert.deepEqual(reached(1), ['10.0.0.1 6443', '10.0.0.1 2380', '10.0.0.1 5000']);
  });

  it('the first master: new masters and kubelets of new hosts; members that are nodes: nobody', () => {
    assert.deepEqual(reached(0), ['10.0.0.2 6443', '10.0.0.2 2380', '10.0.0.2 10250', '10.0.0.3 10250']);
    assert.deepEqual(reached(3), []);
  });
});
