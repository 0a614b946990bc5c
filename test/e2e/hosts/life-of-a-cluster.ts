/**
 * One suite for all drivers: a cluster is made, grows, shrinks, is upgraded, gets a name and goes. On five hosts it grows to
 * three masters and two nodes, on three hosts to two masters and a node, on two it stays a master and a node.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { Changed, ClusterStatus } from '../../../src/cluster/index.ts';
import type { LabCluster } from './lab-cluster.ts';
import { remember, unchanged } from './lab-cluster.ts';
import { ask, watchApp } from './watch-app.ts';

export interface Life {
  /** Images by version; the second is newer. */
  readonly from: string;
  /** Undefined: there is none. */
  readonly to: string | undefined;
  readonly versions: readonly [string, string];
  /** What the kubelets of the second call themselves, if that is something else. */
  readonly kubelets?: string;
  /** Where the app answers on every node. */
  readonly port: number;
}

/** How many hosts a life takes: two, unless SEALER_TEST_LIFE_HOSTS says three or five. */
export const LIFE_HOSTS = Number(process.env.SEALER_TEST_LIFE_HOSTS ?? 2);

/**
 * An app with two replicas and a budget answers while its cluster is upgraded. On a machine that is quiet, it is silent for less
 * than a second; on one that is busy, requests are late for that reason alone.
 */
const LONGEST_SILENCE_MS = 10_000;

type Printed = Pick<Changed['plan'], 'steps'> & { readonly changed: boolean; readonly sent: number };

/** Runs the suite on hosts that are reached directly. */
export async function lifeOfACluster(
  t: TestContext,
  on: LabCluster,
  { from, to, versions, port, kubelets = versions[1] }: Life,
): Promise<void> {
  const { a, b, c, d, e } = name(on.addresses);
  const masters = [a, b, c].filter((each) => each !== '');
  const nodes = [d, e].filter((each) => each !== '');
  // Who joins and goes again, and who stays.
  const leaving = c === '' ? { masters: b, nodes: '' } : { masters: c, nodes: e };
  const staying = [...masters, ...nodes].filter((each) => each !== leaving.masters && each !== leaving.nodes);
  const tooFew = b === '' ? 'on two hosts nobody comes or goes; SEALER_TEST_LIFE_HOSTS=5 has more' : false;
  const before = await remember(on.lab.hosts);
  const cluster = ['--cluster-host', a];

  await t.test('bare hosts become a cluster with the app on it', async () => {
    const run = await on.json<Printed>('run', from, '--masters', a, '--nodes', d);
    assert.equal(run.changed, true);
    const status = await on.json<ClusterStatus>('status', ...cluster);
    assert.deepEqual(rolesOf(status), { [a]: 'master', [d]: 'node' });
    assert.match(await ask(a, port), /^shop /);
    assert.match(await ask(d, port), /^shop /);
  });

  await t.test('a second run changes nothing and sends nothing', async () => {
    const { steps, changed, sent } = await on.json<Printed>('run', from, '--masters', a, '--nodes', d);
    assert.deepEqual({ steps, changed, sent }, { steps: [], changed: false, sent: 0 });
  });

  await t.test('one apply adds masters and nodes', { skip: tooFew }, async () => {
    await on.json<Printed>('run', from, '--masters', masters.join(','), '--nodes', nodes.join(','));
    const status = await on.json<ClusterStatus>('status', ...cluster);
    const wanted = [...masters.map((each) => [each, 'master']), ...nodes.map((each) => [each, 'node'])];
    assert.deepEqual(rolesOf(status), Object.fromEntries(wanted.sort()));
    assert.equal(status.etcdMembers.length, masters.length);
    assert.equal(status.isReady, true);
  });

  await t.test('who leaves is as it was, and only if that is confirmed', { skip: tooFew }, async () => {
    const going = ['--masters', leaving.masters, ...(leaving.nodes === '' ? [] : ['--nodes', leaving.nodes])];
    const refused = await on.sealer('delete', ...cluster, ...going);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /CONFIRMATION_NEEDED/);
    await on.json<Printed>('delete', ...cluster, ...going, '--yes');
    const status = await on.json<ClusterStatus>('status', ...cluster);
    assert.deepEqual(Object.keys(rolesOf(status)), [...staying].sort());
    assert.equal(status.etcdMembers.length, staying.length - 1);
    const gone = on.lab.hosts.flatMap((host, i) => (staying.includes(host.address) ? [] : [{ host, was: before[i] }]));
    await unchanged(
      gone.map(({ host }) => host),
      gone.flatMap(({ was }) => was ?? []),
    );
  });

  const noNewer = to === undefined ? 'there is no newer version of the real program' : false;
  await t.test('an upgrade goes from host to host while the app answers', { skip: noNewer }, async (t) => {
    assert.ok(to !== undefined);
    await using watch = watchApp(staying, port);
    await on.json<Printed>('upgrade', to, ...cluster);
    const status = await on.json<ClusterStatus>('status', ...cluster);
    assert.equal(status.version, versions[1]);
    assert.deepEqual(new Set(status.nodes.map(({ version }) => version)), new Set([kubelets]));
    const silence = Math.round(watch.longestSilenceMs());
    const { asked, failed } = watch.counts();
    t.diagnostic(
      `the longest time without an answer of the app: ${silence} ms; ${failed} of ${asked} requests had none`,
    );
    for (const line of watch.silences()) t.diagnostic(line);
    assert.ok(silence < LONGEST_SILENCE_MS, `the app was silent for ${silence} ms`);
  });

  await t.test('a name is added to the certificate of the API, and the API is reached by it', async () => {
    await on.json<Printed>('cert', ...cluster, '--alt-names', 'api.example.com');
    for (const master of staying.slice(0, -1)) assert.match(await namesOf(master, 6443), /DNS:api\.example\.com/);
  });

  await t.test('what is deleted leaves every host as it was', async () => {
    await on.json<unknown>('delete', ...cluster, '--all', '--yes');
    await unchanged(on.lab.hosts, before);
  });
}

/** Masters a, b, c and nodes d, e; those that there are no hosts for are empty. */
function name(addresses: readonly string[]): Readonly<Record<'a' | 'b' | 'c' | 'd' | 'e', string>> {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = addresses;
  if (addresses.length >= 5) return { a: first, b: second, c: third, d: fourth, e: fifth };
  if (addresses.length >= 3) return { a: first, b: second, c: '', d: third, e: '' };
  return { a: first, b: '', c: '', d: second, e: '' };
}

function rolesOf({ nodes }: ClusterStatus): Readonly<Record<string, string>> {
  return Object.fromEntries(nodes.map(({ address, role }) => [address, role] as const).sort());
}

async function namesOf(host: string, port: number): Promise<string> {
  // Whom it names is asked, not whether we believe it.
  const socket = connect({ host, port, rejectUnauthorized: false, servername: 'api.example.com' });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().subjectaltname ?? '';
  } finally {
    socket.destroy();
  }
}
