import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host, Output } from '../../../../src/hosts/host.ts';
import { masterAccess } from '../../../../src/runtime/kubeadm/kubectl.ts';
import type { RuntimeContext } from '../../../../src/runtime/runtime.ts';
import { fakeHost } from '../services/fake-host.ts';

const REFUSED = {
  code: 1,
  stderr: 'The connection to the server 10.0.0.2:6443 was refused - did you specify the right host?',
};
/** Of an API server that began a moment ago. */
const NO_ROLES = {
  code: 1,
  stderr:
    'Error from server (Forbidden): nodes "n1" is forbidden: User "kubernetes-admin" cannot get resource "nodes" in API group "" at the cluster scope: RBAC: [clusterrole.rbac.authorization.k8s.io "cluster-admin" not found, clusterrole.rbac.authorization.k8s.io "system:discovery" not found]',
};
const FINE = { stdout: 'fine' };

/** A master whose API gives these answers, the last one for ever; `ready`: those to the question whether it is. */
function master(answers: readonly Partial<Output>[], ready: readonly Partial<Output>[] = [FINE]): Host {
  const [left, leftReady] = [[...answers], [...ready]];
  const next = (of: Partial<Output>[]): Partial<Output> => (of.length > 1 ? of.shift() : of[0]) ?? {};
  return fakeHost('systemd', ({ argv }) => next(argv.includes('/readyz') ? leftReady : left));
}

function access(masters: readonly Host[], outlastMs?: number) {
  const context = { masters, signal: new AbortController().signal } as unknown as RuntimeContext;
  return masterAccess(context, async () => 6443, outlastMs);
}

test('where no API answers, it is said at once, and why', async () => {
  await assert.rejects(access([master([REFUSED], [REFUSED])]).kubectl(['get', 'nodes']), {
    code: 'CLUSTER_UNREACHABLE',
    message: /10\.0\.0\.2: The connection .* was refused/,
  });
});

test('an API that is started again is outlasted, if that is wanted', async () => {
  const { kubectl } = access([master([REFUSED, FINE], [FINE, REFUSED, REFUSED, FINE])], 60_000);
  assert.equal((await kubectl(['get', 'nodes'])).stdout, 'fine');
});

test('an API that knows no roles yet has not answered; other refusals are answers', async () => {
  const { kubectl } = access([master([NO_ROLES, NO_ROLES, NO_ROLES, FINE])], 60_000);
  assert.equal((await kubectl(['cordon', 'n1'])).stdout, 'fine');
  const forbidden = {
    code: 1,
    stderr: 'Error from server (Forbidden): nodes "n1" is forbidden: User "x" cannot get resource',
  };
  await assert.rejects(access([master([forbidden, FINE])], 60_000).kubectl(['cordon', 'n1']), {
    code: 'COMMAND_FAILED',
  });
});

test('waiting for an API ends with its time', async () => {
  const { kubectl } = access([master([REFUSED], [REFUSED])], 300);
  await assert.rejects(kubectl(['get', 'nodes']), { code: 'CLUSTER_UNREACHABLE' });
});
