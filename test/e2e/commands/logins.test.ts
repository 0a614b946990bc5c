/** Registries that want a login, TLS, or no writers, as a user of the command line meets them. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CERTIFICATE_TOOLS, type Certificates, makeCertificates } from '../../lab/certificates.ts';
import { type CliResult, sealer, startSealer } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';

const PASSWORD = 'right pass:word';

describe('registries', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let home: string;
  let root: string;

  const run = (args: readonly string[], input = ''): Promise<CliResult> => sealer(args, { home, cwd: folder, input });

  /** Runs a command that must succeed. */
  async function done(...args: string[]): Promise<CliResult> {
    const result = await run(args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  /** Runs a command that must fail like this, and say this. */
  async function refused(code: string, says: RegExp, ...args: string[]): Promise<CliResult> {
    const result = await run(args);
    assert.notEqual(result.code, 0, result.stdout);
    assert.match(result.stderr, new RegExp(`^error\\[${code}\\]: `, 'm'));
    assert.match(result.stderr, says);
    return result;
  }

  /** Starts the embedded registry over a folder that all of them share; it is gone when the scope ends. */
  async function serve(...flags: string[]): Promise<{ address: string } & AsyncDisposable> {
    const args = ['registry', 'serve', '--json', '--listen', '127.0.0.1:0', '--root', root, ...flags];
    const server = startSealer(args, { home: join(folder, 'server') });
    const { address = '' } = (await server.says(/"address":"(?<address>[^"]+)"/)).groups ?? {};
    return { address, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  }

  before(async () => {
    folder = resources.use(await temporaryFolder('logins')).path;
    home = join(folder, 'home');
    root = join(folder, 'registry');
    mkdirSync(home);
    const sha = createHash('sha1').update(PASSWORD).digest('base64');
    writeFiles(folder, {
      users: `ann:{SHA}${sha}\n`,
      'app/Kubefile': 'FROM scratch\nCOPY page .\n',
      'app/page': 'page',
    });
    await done('build', '-t', 'app:v1', 'app');
  });
  after(() => resources.disposeAsync());

  test('login takes the password from a pipe, keeps it for nobody else to read, and logout forgets it', async () => {
    await using registry = await serve('--htpasswd', join(folder, 'users'));
    const name = `${registry.address}/team/app:v1`;
    const config = join(home, '.docker/config.json');
    await refused('UNAUTHORIZED', /hint: .*sealer login/, 'push', 'app:v1', name);

    const login = ['login', '-u', 'ann', '--password-stdin', registry.address];
    const wrong = await run(login, 'wrong password\n');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^error\[UNAUTHORIZED\]: /m);
    assert.match(wrong.stderr, new RegExp(registry.address));
    assert.doesNotMatch(wrong.stderr, /wrong password/);
    assert.ok(!existsSync(config), 'what was refused is not kept');

    const right = await run(login, `${PASSWORD}\n`);
    assert.equal(right.code, 0, right.stderr);
    assert.equal(statSync(config).mode & 0o777, 0o600);
    assert.doesNotMatch(right.stdout + right.stderr, new RegExp(PASSWORD));
    await done('push', 'app:v1', name);
    await done('pull', name);

    await done('logout', registry.address);
    assert.doesNotMatch(readFileSync(config, 'utf8'), new RegExp(registry.address));
    await refused('UNAUTHORIZED', /No credential/, 'pull', name);
    assert.match((await done('logout', registry.address)).stdout, /there was no login/);
  });

  test('a read-only registry serves, and a push to it fails with what it said', async () => {
    {
      await using writable = await serve();
      await done('push', 'app:v1', `${writable.address}/team/app:v1`);
    }
    await using registry = await serve('--read-only');
    await done('pull', `${registry.address}/team/app:v1`);
    await done('build', '-t', 'other:v1', '--label', 'a=b', 'app');
    const { stderr } = await refused(
      'REGISTRY_ERROR',
      /read-only|405/,
      'push',
      'other:v1',
      `${registry.address}/new:v1`,
    );
    assert.match(stderr, new RegExp(registry.address));
  });

  describe('with TLS', { skip: needs(...CERTIFICATE_TOOLS) }, () => {
    let tls: Certificates;
    let registry: { address: string };
    let name: string;

    before(async () => {
      const certificates = join(folder, 'certificates');
      mkdirSync(certificates);
      tls = await makeCertificates(certificates);
      registry = resources.use(await serve('--tls-cert', tls.certificate, '--tls-key', tls.key));
      name = `${registry.address}/tls/app:v1`;
    });

    test('a certificate that nobody vouches for is refused, with what to do about it', async () => {
      await refused('INSECURE_REGISTRY', /hint: .*(ca-file|certs\.d)/, 'push', 'app:v1', name);
    });

    test('its authority is trusted when it is named', async () => {
      await done('push', '--ca-file', tls.ca, 'app:v1', name);
      await done('pull', '--ca-file', tls.ca, name);
    });

    test('--insecure allows it for all, --insecure-registry for one and no other', async () => {
      await done('push', '--insecure', 'app:v1', name);
      await done('pull', '--insecure-registry', registry.address, name);
      await refused('INSECURE_REGISTRY', /not trusted/, 'pull', '--insecure-registry', '127.0.0.1:1', name);
    });

    test('half a certificate is wrong usage', async () => {
      const { code, stderr } = await run(['registry', 'serve', '--tls-cert', tls.certificate]);
      assert.equal(code, 2);
      assert.match(stderr, /--tls-cert and --tls-key belong together/);
    });
  });
});
