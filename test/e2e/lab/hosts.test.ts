import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type LabEngine, labEngine } from '../../lab/engine.ts';
import {
  cut,
  fillDisk,
  heal,
  LAB_PASSWORDS,
  type LabHost,
  type LabHosts,
  labHosts,
  needsHosts,
} from '../../lab/hosts/index.ts';

describe('hosts of the lab', { skip: needsHosts() }, () => {
  let engine: LabEngine;
  let lab: LabHosts;
  before(async () => {
    const started = await labEngine();
    if (started.skip !== false) throw new Error(started.skip);
    engine = started;
    const since = performance.now();
    lab = await labHosts(engine, { count: 4 });
    console.log(`# ${lab.hosts.length} hosts in ${Math.round(performance.now() - since)} ms`);
  });
  after(async () => {
    await lab?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });
  const first = (): LabHost => {
    const [host] = lab.hosts;
    assert.ok(host);
    return host;
  };

  it('each is a machine of its own: address, name, machine id, host key', async () => {
    const seen = await Promise.all(
      lab.hosts.map((host) =>
        ssh(lab, host, 'root', 'hostname; cat /etc/machine-id /opt/lab/host/ssh_host_ed25519_key.pub'),
      ),
    );
    assert.equal(new Set(seen).size, 4);
    assert.match(seen[0] ?? '', /^host-1\n[0-9a-f]{32}\nssh-ed25519 /);
  });

  it('sudo asks admin for a password and ops for none', async () => {
    assert.equal((await ssh(lab, first(), 'ops', 'sudo -n id -u')).trim(), '0');
    await assert.rejects(ssh(lab, first(), 'admin', 'sudo -n id -u'), /password is required/);
    const asked = await ssh(lab, first(), 'admin', `echo ${LAB_PASSWORDS.admin} | sudo -S -p '' id -u`);
    assert.equal(asked.trim(), '0');
  });

  it('they reach one another, and nothing else', async () => {
    const [one, two] = lab.hosts;
    assert.ok(one && two);
    await one.exec(['bash', '-c', `exec 3<>/dev/tcp/${two.address}/22`]);
    // An address of the internet that answers wherever there is a way to it.
    const away = await one.exec(['timeout', '10', 'bash', '-c', 'exec 3<>/dev/tcp/1.1.1.1/443'], {
      allowFailure: true,
    });
    assert.notEqual(away.code, 0);
  });

  it('a cut host answers nobody until it is healed', async () => {
    await cut(first());
    assert.equal(await answers(first().address), false);
    await heal(first());
    await first().ready();
    assert.equal(await answers(first().address, 20_000), true);
  });

  it('a small disk gets full, and is gone afterwards', async () => {
    {
      await using _disk = await fillDisk(first(), '/var/lib/sealer', 1 << 20);
      const full = await first().exec(['dd', 'if=/dev/zero', 'of=/var/lib/sealer/x', 'bs=1M', 'count=2'], {
        allowFailure: true,
      });
      assert.match(full.stderr, /No space left/);
    }
    await first().exec(['dd', 'if=/dev/zero', 'of=/var/lib/sealer/x', 'bs=1M', 'count=2']);
  });

  it('what is on its disk outlives a reboot and a power cut, and so do its address and its keys', async () => {
    const host = first();
    await host.exec(['sh', '-c', 'echo kept >/var/lib/kept; echo kept >/etc/kept; echo renamed >/etc/hostname']);
    await host.reboot();
    assert.equal(await ssh(lab, host, 'root', 'cat /var/lib/kept /etc/kept; hostname'), 'kept\nkept\nrenamed\n');
    await host.kill();
    assert.equal(await answers(host.address), false);
    await host.start();
    assert.equal(await ssh(lab, host, 'root', 'cat /etc/kept'), 'kept\n');
  });

  it('behind a jump host they are reached through it only', async () => {
    await using hidden = await labHosts(engine, { count: 1, reached: 'jump' });
    const [host] = hidden.hosts;
    assert.ok(host && hidden.jump);
    assert.equal(await answers(host.address), false);
    assert.equal(await ssh(hidden, host, 'root', 'hostname', hidden.jump), 'host-1\n');
    await host.reboot();
    assert.equal(await answers(host.address), false);
  });
});

async function ssh(lab: LabHosts, host: LabHost, user: string, command: string, jump?: LabHost): Promise<string> {
  const options = [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${lab.keys.knownHosts}`,
    '-i',
    lab.keys.privateKey,
  ];
  const through =
    jump === undefined ? [] : ['-o', `ProxyCommand=ssh ${options.join(' ')} -W %h:%p root@${jump.address}`];
  const { stdout } = await promisify(execFile)('ssh', [...options, ...through, `${user}@${host.address}`, command]);
  return stdout;
}

/** Whether an sshd says its name there; a connection alone proves nothing where a proxy takes every one. */
async function answers(address: string, timeout = 1000): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (bytes) => end(bytes.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
