import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { SshSpec } from '../../../src/clusterfile/desired.ts';
import { SealerError } from '../../../src/error.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { connectSsh, fingerprintOf, type HostKeyOptions, loadHostKeys } from '../../../src/hosts/index.ts';
import { noSshd, startSshd, type TestSshd } from './sshd.ts';

const run = promisify(execFile);

describe('a host over SSH, on a bad day', { skip: noSshd }, () => {
  let sshd: TestSshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(async () => await sshd?.[Symbol.asyncDispose]());

  async function login(
    ssh: Partial<SshSpec> = {},
    { keys, env = {} }: { keys?: Partial<HostKeyOptions>; env?: Record<string, string> } = {},
  ): Promise<Host> {
    const hostKeys = await loadHostKeys({ files: [sshd.knownHosts], env, ...keys });
    return await connectSsh({ address: '127.0.0.1', ssh: { ...sshd.ssh, ...ssh } }, { hostKeys, env });
  }

  async function works(host: Promise<Host>): Promise<void> {
    await using connected = await host;
    assert.equal((await connected.exec({ argv: ['echo', 'hello'] })).stdout, 'hello\n');
  }

  function knownHosts(...lines: readonly string[]): Promise<string> {
    const file = join(sshd.folder, `known-${randomBytes(4).toString('hex')}`);
    return writeFile(file, lines.map((line) => `${line}\n`).join('')).then(() => file);
  }

  it('an unknown key is refused with its type and fingerprint, and nothing is learnt', async () => {
    const file = await knownHosts();
    await assert.rejects(login({}, { keys: { files: [file] } }), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'HOST_KEY_UNKNOWN');
      assert.ok(error.message.includes(`[127.0.0.1]:${sshd.port}`));
      assert.ok(error.message.includes(`ssh-ed25519 ${fingerprint(sshd.hostKeys.ed25519)}`));
      return true;
    });
    assert.equal(await readFile(file, 'utf8'), '');
  });

  it('an unknown key is learnt where that is wanted, and OpenSSH then knows it too', async () => {
    const file = join(sshd.folder, 'new-home/.ssh/known_hosts');
    const learnt: string[] = [];
    await works(login({}, { keys: { files: [file], acceptNew: true, onLearn: (message) => learnt.push(message) } }));
    assert.equal(learnt.length, 1);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await works(login({}, { keys: { files: [file] } }));
    const { stdout } = await run('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file]);
    assert.ok(stdout.includes(sshd.hostKeys.ed25519));
  });

  it('a changed key is refused even where new ones are learnt, and the place of the known one is told', async () => {
    const other = await sshd.addKey(`other-${randomBytes(4).toString('hex')}`, '-t', 'ed25519');
    const [type, key] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    const file = await knownHosts('# comment', `[127.0.0.1]:${sshd.port} ${type} ${key}`);
    await assert.rejects(login({}, { keys: { files: [file], acceptNew: true } }), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'HOST_KEY_CHANGED');
      assert.ok(error.message.includes(`${file}:2`), error.message);
      assert.deepEqual(error.at, { file, line: 2 });
      assert.ok(error.message.includes(fingerprint(`${type} ${key}`)));
      assert.match(error.hint ?? '', /ssh-keygen -R/);
      return true;
    });
  });

  it('the key is asked for of which the type is known', async () => {
    const file = await knownHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKeys.rsa}`);
    await works(login({}, { keys: { files: [file] } }));
  });

  it('a hashed name is found, as ssh-keygen -H writes it', async () => {
    const file = await knownHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKeys.ed25519}`);
    await run('ssh-keygen', ['-H', '-f', file]);
    assert.ok(!(await readFile(file, 'utf8')).includes('127.0.0.1'));
    await works(login({}, { keys: { files: [file] } }));
  });

  it('a revoked key is refused', async () => {
    const name = `[127.0.0.1]:${sshd.port}`;
    const file = await knownHosts(`${name} ${sshd.hostKeys.ed25519}`, `@revoked * ${sshd.hostKeys.ed25519}`);
    await assert.rejects(login({}, { keys: { files: [file] } }), { code: 'HOST_KEY_CHANGED', message: /revoked/ });
  });

  it('a given fingerprint is enough, whichever of its keys it is of; another one is refused', async () => {
    const files = [await knownHosts()];
    for (const key of Object.values(sshd.hostKeys)) {
      await works(login({}, { keys: { files, fingerprints: [fingerprint(key)] } }));
    }
    const own = `127.0.0.1=${fingerprint(sshd.hostKeys.ed25519)}`;
    await works(login({}, { keys: { files, fingerprints: [own] } }));
    const wrong = fingerprint(`x ${randomBytes(32).toString('base64')}`);
    await assert.rejects(login({}, { keys: { files: [sshd.knownHosts], fingerprints: [wrong] } }), {
      code: 'HOST_KEY_CHANGED',
    });
    await assert.rejects(loadHostKeys({ fingerprints: ['MD5:aa:bb'], env: {} }), { code: 'USAGE' });
  });

  it('a key with a passphrase opens with it; without, or with a wrong one, the error names the file', async () => {
    for (const args of [[], ['-m', 'PEM'], ['-m', 'PKCS8']]) {
      const name = `locked-${randomBytes(4).toString('hex')}`;
      const key = await sshd.addKey(name, '-t', args.length === 0 ? 'ed25519' : 'rsa', ...args);
      await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'sesame', '-f', key, ...args]);
      await works(login({ privateKey: key, passphrase: 'sesame' }));
      for (const [passphrase, reason] of [
        [undefined, /has a passphrase/],
        ['wrong', /passphrase is wrong/],
      ] as const) {
        await assert.rejects(login({ privateKey: key, passphrase }), (error) => {
          assert.ok(error instanceof SealerError);
          assert.equal(error.code, 'SSH_KEY_INVALID');
          assert.ok(error.message.includes(key));
          assert.match(error.message, reason);
          return true;
        });
      }
    }
    await assert.rejects(login({ privateKey: '/no/such/key' }), {
      code: 'SSH_KEY_INVALID',
      message: /\/no\/such\/key/,
    });
    await assert.rejects(login({ privateKey: `${sshd.key}.pub` }), { code: 'SSH_KEY_INVALID', message: /public key/ });
  });

  it('without a key and a password, the agent and the usual files are tried', async (t) => {
    const socket = join(sshd.folder, 'agent.sock');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.after(() => agent.kill());
    await once(agent.stdout, 'data');
    await run('ssh-add', ['-q', sshd.key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    await works(login({ privateKey: undefined }, { env: { SSH_AUTH_SOCK: socket } }));
    const home = join(sshd.folder, 'home');
    await run('mkdir', ['-p', join(home, '.ssh')]);
    await run('cp', [sshd.key, join(home, '.ssh/id_ed25519')]);
    await works(login({ privateKey: undefined }, { env: { HOME: home, SSH_AUTH_SOCK: '/no/such/socket' } }));
    await works(login({ privateKey: '~/.ssh/id_ed25519' }, { env: { HOME: home } }));
    await assert.rejects(login({ privateKey: undefined }), {
      code: 'SSH_AUTH_FAILED',
      message: /does not let root in: there was nothing to log in with that it takes; it takes publickey/,
    });
  });

  it('a refused key or user is told with what the host takes', async () => {
    const stranger = join(sshd.folder, 'stranger');
    await run('ssh-keygen', ['-q', '-N', '', '-t', 'ed25519', '-f', stranger]);
    await assert.rejects(login({ privateKey: stranger }), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'SSH_AUTH_FAILED');
      assert.match(
        error.message,
        /127\.0\.0\.1 does not let root in: it refused the key .*stranger; it takes publickey/,
      );
      return true;
    });
  });

  it('a host that is not there is told in words', async () => {
    await assert.rejects(login({ port: 1 }), { code: 'HOST_UNREACHABLE', message: /nobody listens on port 1/ });
  });

  it('jump hosts are passed in their order, each with its own key', async (t) => {
    const second = await startSshd();
    t.after(() => second[Symbol.asyncDispose]());
    await appendFile(join(second.folder, 'authorized_keys'), await readFile(`${sshd.key}.pub`));
    const known = join(sshd.folder, 'both');
    await writeFile(known, (await readFile(sshd.knownHosts, 'utf8')) + (await readFile(second.knownHosts, 'utf8')));
    const jump = `root@127.0.0.1:${second.port},127.0.0.1:${sshd.port}`;
    await works(login({ jump }, { keys: { files: [known] } }));
    await assert.rejects(login({ jump }, { keys: { files: [sshd.knownHosts] } }), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'HOST_KEY_UNKNOWN');
      return error.message.includes(`[127.0.0.1]:${second.port}`);
    });
    await assert.rejects(login({ jump: '127.0.0.1:x' }), { code: 'USAGE' });
  });

  it('an upload goes on where the connection was cut, and sends hardly anything twice', async (t) => {
    const proxy = await startCuttingProxy(sshd.port);
    t.after(() => proxy.close());
    await appendFile(
      sshd.knownHosts,
      Object.values(sshd.hostKeys)
        .map((key) => `[127.0.0.1]:${proxy.port} ${key}\n`)
        .join(''),
    );
    await using host = await login({ port: proxy.port });
    const bytes = randomBytes(40_000_000);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const path = join(sshd.folder, 'upload');
    proxy.cutAfter(15_000_000);
    const { sent } = await host.upload(
      path,
      {
        digest: `sha256:${digest}`,
        size: bytes.length,
        open: (offset) => Readable.from(pieces(bytes.subarray(offset)), { objectMode: false }),
      },
      { mode: 0o600 },
    );
    assert.equal(proxy.cuts, 1);
    assert.equal(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
      digest,
    );
    // What was on its way when the link was cut: ssh's window, and the buffers of both ends.
    assert.ok(sent >= bytes.length && sent < bytes.length + 12_000_000, `sent ${sent}`);
    await rm(path);
  });

  it('a command during which the connection broke fails and is never run twice; the next one reconnects', async (t) => {
    const proxy = await startCuttingProxy(sshd.port);
    t.after(() => proxy.close());
    await appendFile(sshd.knownHosts, `[127.0.0.1]:${proxy.port} ${sshd.hostKeys.ed25519}\n`);
    await using host = await login({ port: proxy.port });
    const file = join(sshd.folder, 'count');
    const argv = ['sh', '-c', 'echo x >> "$1"; echo begun; exec sleep 20', 'sh', file] as const;
    await assert.rejects(host.exec({ argv, onLine: () => proxy.cut() }), {
      code: 'HOST_UNREACHABLE',
      message: /broke off/,
    });
    assert.equal(await host.readText(file), 'x\n');
    proxy.cut();
    assert.equal((await host.exec({ argv: ['echo', 'again'] })).stdout, 'again\n');
  });

  it('more commands than the host allows sessions wait for each other', async (t) => {
    const narrow = await startSshd('MaxSessions 2');
    t.after(() => narrow[Symbol.asyncDispose]());
    const hostKeys = await loadHostKeys({ files: [narrow.knownHosts], env: {} });
    await using host = await connectSsh({ address: '127.0.0.1', ssh: narrow.ssh }, { hostKeys, env: {} });
    const outputs = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => host.exec({ argv: ['echo', String(n)] })));
    assert.deepEqual(
      outputs.map(({ stdout }) => Number(stdout)),
      [1, 2, 3, 4, 5, 6],
    );
  });
});

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

function fingerprint(publicKey: string): string {
  return fingerprintOf(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'));
}

/** A TCP proxy that cuts what goes through it. */
async function startCuttingProxy(port: number) {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  const proxy = {
    port: 0,
    cuts: 0,
    cutAfter: (bytes: number) => {
      left = bytes;
    },
    cut: () => {
      proxy.cuts++;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => {
      proxy.cut();
      server.close();
    },
  };
  const server = createServer((incoming) => {
    const outgoing = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    incoming.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0) return;
      left = Number.POSITIVE_INFINITY;
      proxy.cut();
    });
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
