import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withEtcdAdmitted } from '../../../../src/runtime/kubeadm/members/refused-etcd.ts';
import { fakeHost } from '../services/fake-host.ts';

/** As a kubelet 1.20.2 wrote it. */
const REFUSED =
  'W1122 08:30:22.647277 1571 predicate.go:113] Failed to admit pod etcd-kubeadm-2_kube-system(e33ed9556399723de390da4933a7e162) - Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: ephemeral-storage, q: 104857600), ]';

const driver = { signal: AbortSignal.timeout(30_000), report: () => {} };

test('a kubelet that refused etcd is started again, once, and the join goes on', async () => {
  const restarted = Promise.withResolvers<void>();
  const host = fakeHost('systemd', ({ argv }) => {
    if (argv.includes('restart')) restarted.resolve();
    return { stdout: argv[0] === 'journalctl' ? `${REFUSED}\n` : '' };
  });
  const joined = await withEtcdAdmitted(driver, host, () => restarted.promise.then(() => 'joined'), 1);
  assert.equal(joined, 'joined');
  assert.equal(host.commands.filter(([, verb]) => verb === 'restart').length, 1);
});

test('a kubelet that took etcd is left alone, and how the join ended is what is said', async () => {
  const looked = Promise.withResolvers<void>();
  const host = fakeHost('systemd', () => {
    looked.resolve();
    return { stdout: 'I1122 all is well\n' };
  });
  const fails = withEtcdAdmitted(
    driver,
    host,
    async () => {
      await looked.promise;
      throw new Error('no');
    },
    1,
  );
  await assert.rejects(fails, { message: 'no' });
  assert.equal(host.commands.filter(([, verb]) => verb === 'restart').length, 0);
});
