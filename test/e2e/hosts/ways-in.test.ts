/** Ways to hosts: as a user with sudo and a locked key through a jump host, and what is said where there is no way. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClusterStatus } from '../../../src/cluster/index.ts';
import { type CliResult, sealer } from '../../lab/cli.ts';
import {
  copyOfBaseImages,
  LAB_IMAGES,
  LAB_PASSWORDS,
  type LabHost,
  needsBaseImages,
  renewHostKeys,
} from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { labCluster, remember, unchanged } from './lab-cluster.ts';

const IMAGE = LAB_IMAGES['v1.20.2'].shop;

test('ways to hosts', { skip: unlessLong(needsBaseImages()) }, async (t) => {
  await using on = await labCluster({ count: 1, prefix: 'ways', reached: 'jump' }, copyOfBaseImages, (lab) => ({
    flags: [
      ...['--user', 'admin', '--key', lab.keys.lockedKey, '--known-hosts', lab.keys.knownHosts],
      ...['--jump', `admin@${lab.jump?.address}`],
    ],
    env: { SEALER_SSH_PASSPHRASE: lab.keys.passphrase, SEALER_SUDO_PASSWORD: LAB_PASSWORDS.admin },
  }));
  const { keys, jump } = on.lab;
  assert.ok(jump !== undefined);
  const [address = ''] = on.addresses;

  /** A plan for a host that this machine reaches, with nothing but what is given. */
  const planDirectly = (flags: readonly string[], env: Readonly<Record<string, string>>, host = jump.address) =>
    sealer(['run', IMAGE, '--masters', host, '--dry-run', ...flags], {
      home: on.home,
      env: { SEALER_HOME: join(on.home, 'store'), ...env },
    });
  const trusted = ['--known-hosts', keys.knownHosts];
  const known = [...trusted, '--key', keys.privateKey];

  await t.test(
    'a wrong password, or no key that is taken, is told with the host and the ways that it offers',
    async () => {
      const wrong = await planDirectly(trusted, { SEALER_SSH_PASSWORD: 'guessed' });
      refused(wrong, 1, 'SSH_AUTH_FAILED', jump);
      assert.doesNotMatch(wrong.stderr, /guessed/);
      refused(await planDirectly([...trusted, '--key', keys.strangeKey], {}), 1, 'SSH_AUTH_FAILED', jump);
      const locked = [...trusted, '--key', keys.lockedKey];
      const closed = await planDirectly(locked, {});
      assert.equal(closed.code, 1);
      assert.match(closed.stderr, /SSH_KEY_INVALID[\s\S]*hint: .*SEALER_SSH_PASSPHRASE/);
    },
  );

  await t.test('a host whose key is not known gets nothing, and its key is not learnt unasked', async () => {
    const file = join(on.home, 'known');
    const flags = ['--known-hosts', file, '--key', keys.privateKey];
    const unknown = await planDirectly(flags, {});
    refused(unknown, 1, 'HOST_KEY_UNKNOWN', jump);
    assert.match(unknown.stderr, /SHA256:[A-Za-z0-9+/]{43}[\s\S]*--accept-new-host-keys/);
    assert.equal(await readFile(file, 'utf8').catch(() => ''), '');
    const fingerprint = /SHA256:[A-Za-z0-9+/]{43}/.exec(unknown.stderr)?.[0] ?? '';
    reached(await planDirectly([...flags, '--fingerprint', fingerprint], {}));
    reached(await planDirectly([...flags, '--accept-new-host-keys'], {}));
    reached(await planDirectly(flags, {}));
  });

  await t.test('who cannot become root is told so', async () => {
    await jump.exec(['useradd', '--create-home', 'guest']);
    refused(await planDirectly([...known, '--user', 'guest'], {}), 1, 'SUDO_FAILED', jump);
    const env = { SEALER_SUDO_PASSWORD: 'guessed' };
    const wrong = await planDirectly([...known, '--user', 'admin'], env);
    refused(wrong, 1, 'SUDO_FAILED', jump);
    assert.doesNotMatch(wrong.stderr, /guessed/);
    const none = await planDirectly([...known, '--user', 'admin'], {});
    refused(none, 1, 'SUDO_FAILED', jump);
    assert.match(none.stderr, /SEALER_SUDO_PASSWORD/);
  });

  await t.test('a host that is not there is named, also behind a jump host', async () => {
    const nobody = jump.address.replace(/\d+$/, '77');
    refused(await planDirectly(known, {}, nobody), 3, 'HOST_UNREACHABLE', { address: nobody });
    const behind = on.lab.network.address(77);
    refused(await on.sealer('run', IMAGE, '--masters', behind, '--dry-run'), 3, 'HOST_UNREACHABLE', {
      address: behind,
    });
  });

  await t.test('a cluster is made through a jump host by a user with sudo and a key with a passphrase', async () => {
    const check = await on.sealer('check', IMAGE, '--masters', address);
    assert.equal(check.code, 0, check.stderr);
    // From now on sudo has a file of its own in the home of who used it.
    const before = await remember(on.lab.hosts);
    await on.json<unknown>('run', IMAGE, '--masters', address);
    const cluster = ['--cluster-host', address];
    const status = await on.json<ClusterStatus>('status', ...cluster);
    assert.equal(status.isReady, true);
    const who = await on.sealer('exec', ...cluster, '--', 'id', '-un');
    assert.equal(who.code, 0, who.stderr);
    assert.match(who.stdout, /root/);
    const kubeconfig = await on.sealer('kubeconfig', ...cluster);
    assert.match(kubeconfig.stdout, /client-key-data:/);
    for (const password of [LAB_PASSWORDS.admin, keys.passphrase]) {
      const { stdout } = await on.host(0).exec(['grep', '-rlF', password, '/var/lib/sealer', '/etc/kubernetes'], {
        allowFailure: true,
      });
      assert.equal(stdout, '', 'passwords are kept nowhere');
    }
    await on.json<unknown>('delete', ...cluster, '--all', '--yes');
    await unchanged(on.lab.hosts, before);
  });

  await t.test('a changed key is refused with the line of the known one, until that is gone', async () => {
    await renewHostKeys(jump.keyFolder);
    const changed = await planDirectly([...known, '--accept-new-host-keys'], {});
    refused(changed, 1, 'HOST_KEY_CHANGED', jump);
    const lines = (await readFile(keys.knownHosts, 'utf8')).split('\n');
    const [, line = '0'] = /known_hosts:(\d+)/.exec(changed.stderr) ?? [];
    assert.ok(lines[Number(line) - 1]?.startsWith(`${jump.address} `), changed.stderr);
    await writeFile(keys.knownHosts, lines.filter((each) => !each.startsWith(`${jump.address} `)).join('\n'));
    reached(await planDirectly([...known, '--accept-new-host-keys'], {}));
    reached(await planDirectly(known, {}));
  });
});

/** Fails unless it ended with that error, which names the host and says what to do. */
function refused(result: CliResult, exit: number, code: string, { address }: Pick<LabHost, 'address'>): void {
  assert.equal(result.code, exit, result.stderr);
  assert.match(result.stderr, new RegExp(`error\\[${code}\\]: .*${address.replaceAll('.', '\\.')}[^]*\\n +hint: \\S`));
}

/** Fails unless the host was reached. */
function reached({ code, stderr }: CliResult): void {
  assert.equal(code, 0, stderr);
}
