import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import ssh2 from 'ssh2';
import type { SshSpec } from '../../../src/clusterfile/desired.ts';
import { SealerError } from '../../../src/error.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { connectSsh, loadHostKeys } from '../../../src/hosts/index.ts';

const PASSWORD = 'correct horse';

/** Becomes root for nobody's harm: checks the password as sudo -S does, one line of its input. */
const SUDO = `#!/bin/sh
ask=1
while [ $# -gt 0 ]; do
  case $1 in -n) ask=0 ;; -p) shift ;; --) shift; break ;; -k | -S | -H) ;; *) echo "unknown: $1" >&2; exit 2 ;; esac
  shift
done
[ "$SUDO_RULE" != none ] || { echo "ann is not in the sudoers file." >&2; exit 1; }
if [ "$SUDO_RULE" != free ]; then
  [ "$ask" = 1 ] || { echo "sudo: a password is required" >&2; exit 1; }
  IFS= read -r line
  [ "$line" = "${PASSWORD}" ] || { echo "Sorry, try again." >&2; exit 1; }
fi
BECAME=root exec "$@"
`;

interface ServerSettings {
  readonly methods: readonly ('password' | 'keyboard-interactive')[];
  readonly sudo?: 'free' | 'asks' | 'none';
  /** What the login shell says before it does anything. */
  readonly noise?: string;
}

describe('logging in and becoming root over SSH', () => {
  for (const method of ['password', 'keyboard-interactive'] as const) {
    it(`logs in by ${method}, and a wrong password is told`, async (t) => {
      const login = await startServer(t, { methods: [method], sudo: 'free' });
      const host = await login({ password: PASSWORD });
      assert.equal((await host.exec({ argv: ['echo', 'in'] })).stdout, 'in\n');
      await assert.rejects(login({ password: 'wrong horse' }), (error) => {
        assert.ok(error instanceof SealerError);
        assert.equal(error.code, 'SSH_AUTH_FAILED');
        assert.match(error.message, /does not let ann in: it refused the password/);
        assert.ok(!error.message.includes('wrong horse'));
        return true;
      });
    });
  }

  it('becomes root by sudo with a password, which no command gets to see', async (t) => {
    const login = await startServer(t, { methods: ['password'], sudo: 'asks' });
    const host = await login({ password: PASSWORD });
    const argv = ['sh', '-c', 'echo "$BECAME $X"; cat'] as const;
    assert.equal((await host.exec({ argv, env: { X: 'y' }, stdin: 'input\n' })).stdout, 'root y\ninput\n');
    assert.equal((await host.exec({ argv, stdin: 'input\n', as: 'user' })).stdout, ' \ninput\n');
  });

  it('becomes root by sudo without a password, and gives none away', async (t) => {
    const login = await startServer(t, { methods: ['password'], sudo: 'free' });
    const host = await login({ password: PASSWORD, sudoPassword: 'other' });
    assert.equal((await host.exec({ argv: ['sh', '-c', 'echo "$BECAME"; cat'], stdin: 'in' })).stdout, 'root\nin');
  });

  it('tells what sudo says when it refuses', async (t) => {
    const asks = await startServer(t, { methods: ['password'], sudo: 'asks' });
    const host = await asks({ password: PASSWORD, sudoPassword: 'wrong horse' });
    await assert.rejects(host.exec({ argv: ['true'] }), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'SUDO_FAILED');
      assert.match(error.message, /ann cannot become root on 127\.0\.0\.1: .*Sorry, try again/);
      return !error.message.includes('wrong horse');
    });
    assert.equal((await host.exec({ argv: ['echo', 'x'], as: 'user' })).stdout, 'x\n');
    const none = await startServer(t, { methods: ['password'], sudo: 'none' });
    await assert.rejects((await none({ password: PASSWORD })).exec({ argv: ['true'] }), {
      code: 'SUDO_FAILED',
      message: /not in the sudoers file/,
    });
  });

  it('is not confused by a login shell that talks', async (t) => {
    const login = await startServer(t, { methods: ['password'], sudo: 'asks', noise: 'Welcome!\nsealer-launched x\n' });
    const host = await login({ password: PASSWORD });
    const { stdout, stderr } = await host.exec({ argv: ['sh', '-c', 'echo out; echo err >&2'] });
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
  });
});

/** A server that lets `ann` in and runs what she says by this machine's sh, with a sudo of our own. */
async function startServer(
  t: TestContext,
  { methods, sudo = 'free', noise }: ServerSettings,
): Promise<(ssh: Partial<SshSpec>) => Promise<Host>> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-login-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'sudo'), SUDO);
  await chmod(join(folder, 'sudo'), 0o755);
  // Whoever runs the tests, ann is not root.
  await writeFile(join(folder, 'id'), '#!/bin/sh\necho 1000\n', { mode: 0o755 });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = new ssh2.Server({ hostKeys: [privateKey.export({ format: 'pem', type: 'pkcs1' })] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (attempt) => {
      if (attempt.method === 'password' && methods.includes('password') && attempt.password === PASSWORD) {
        return attempt.accept();
      }
      if (attempt.method !== 'keyboard-interactive' || !methods.includes('keyboard-interactive')) {
        return attempt.reject([...methods]);
      }
      attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) =>
        answers?.[0] === PASSWORD ? attempt.accept() : attempt.reject([...methods]),
      );
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        const env = { PATH: `${folder}:${process.env.PATH}`, SUDO_RULE: sudo };
        if (noise !== undefined) {
          channel.write(noise);
          channel.stderr.write(noise);
        }
        const child = spawn('sh', ['-c', command], { env, stdio: 'pipe', detached: true });
        channel.on('error', () => {});
        child.stdin.on('error', () => {});
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        child.once('close', (code) => {
          channel.exit(code ?? 1);
          channel.end();
        });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async (ssh) => {
    const hostKeys = await loadHostKeys({ files: [join(folder, 'known_hosts')], acceptNew: true, env: {} });
    const host = await connectSsh({ address: '127.0.0.1', ssh: { user: 'ann', port, ...ssh } }, { hostKeys, env: {} });
    t.after(() => host[Symbol.asyncDispose]());
    return host;
  };
}
