import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadCredentials, login, logout } from '../../../src/registry/client/index.ts';
import { folderOf } from '../../lab/scratch.ts';
import { answer } from './fake-registry.ts';
import { fakeTiming, sealerError, setUp } from './setting.ts';

const auth = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString('base64') });

/** A home folder with these files; objects are written as JSON. */
async function home(t: TestContext, files: Record<string, object | string>): Promise<{ HOME: string; PATH: string }> {
  const folder = await folderOf(t);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    if (name.startsWith('bin/')) await chmod(join(folder, name), 0o755);
  }
  return { HOME: folder, PATH: `${folder}/bin:${process.env.PATH}` };
}

test("docker's file: a password may contain colons, and the error text can say where it is from", async (t) => {
  const env = await home(t, { '.docker/config.json': { auths: { 'reg.example.com': auth('robot', 'a:b:c') } } });
  const credentials = await loadCredentials(env);
  assert.deepEqual(await credentials.lookup('reg.example.com', 'team/app'), {
    username: 'robot',
    password: 'a:b:c',
    source: '~/.docker/config.json',
  });
  assert.equal(await credentials.lookup('reg.example.com:5000'), undefined, 'another port is another registry');
  assert.equal(await credentials.lookup('evil-reg.example.com'), undefined);
});

test('Docker Hub is found under all the names that it has in files', async (t) => {
  for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'https://registry-1.docker.io']) {
    const env = await home(t, { '.docker/config.json': { auths: { [key]: auth('u', 'p') } } });
    assert.equal((await (await loadCredentials(env)).lookup('docker.io'))?.username, 'u', key);
  }
});

test('the longest path wins (containers-auth.json)', async (t) => {
  const auths = { 'r.io': auth('host', 'p'), 'r.io/a': auth('a', 'p'), 'r.io/a/b': auth('ab', 'p') };
  const credentials = await loadCredentials(await home(t, { '.config/containers/auth.json': { auths } }));
  const userOf = async (repository?: string) => (await credentials.lookup('r.io', repository))?.username;
  assert.equal(await userOf('a/b/c'), 'ab');
  assert.equal(await userOf('a/bc'), 'a');
  assert.equal(await userOf('x'), 'host');
  assert.equal(await userOf(), 'host');
});

test('files are asked in order, and an empty entry is none', async (t) => {
  const env = await home(t, {
    'first.json': { auths: { 'a.io': auth('first', 'p') } },
    'docker/config.json': { auths: { 'a.io': auth('second', 'p'), 'b.io': {}, 'c.io': auth('docker', 'p') } },
    'run/containers/auth.json': { auths: { 'b.io': auth('run', 'p') } },
    '.docker/config.json': { auths: { 'd.io': auth('not asked', 'p') } },
  });
  const { HOME } = env;
  const more = {
    REGISTRY_AUTH_FILE: `${HOME}/first.json`,
    DOCKER_CONFIG: `${HOME}/docker`,
    XDG_RUNTIME_DIR: `${HOME}/run`,
  };
  const credentials = await loadCredentials({ ...env, ...more });
  const userOf = async (registry: string) => (await credentials.lookup(registry))?.username;
  assert.deepEqual(await Promise.all(['a.io', 'b.io', 'c.io', 'd.io'].map(userOf)), [
    'first',
    'run',
    'docker',
    undefined,
  ]);
});

test('what is given goes before all files; $DOCKER_AUTH_CONFIG is read', async (t) => {
  const env = await home(t, {
    '.docker/config.json': { auths: { 'a.io': auth('file', 'p'), 'b.io': auth('file', 'p') } },
  });
  const given = { registry: 'a.io', username: 'given', password: 'p', source: 'the input "password"' };
  const inline = JSON.stringify({ auths: { 'b.io': auth('inline', 'p') } });
  const credentials = await loadCredentials({ ...env, DOCKER_AUTH_CONFIG: inline }, [given]);
  assert.equal((await credentials.lookup('a.io'))?.username, 'given');
  assert.equal((await credentials.lookup('b.io'))?.source, '$DOCKER_AUTH_CONFIG');
});

test('identity and registry tokens are read', async (t) => {
  const env = await home(t, {
    '.docker/config.json': {
      auths: { 'a.io': { auth: 'MDA6', identitytoken: 'refresh' }, 'b.io': { registrytoken: 'bearer' } },
    },
  });
  const credentials = await loadCredentials(env);
  assert.equal((await credentials.lookup('a.io'))?.identityToken, 'refresh');
  assert.equal((await credentials.lookup('b.io'))?.registryToken, 'bearer');
});

test('a broken file or entry is CREDENTIALS_INVALID, without its content', async (t) => {
  for (const content of [
    '{"auths": secret',
    '[]',
    '{"auths": {"a.io": "secret"}}',
    '{"auths": {"a.io": {"auth": "c2VjcmV0"}}}',
  ]) {
    const credentials = await loadCredentials(await home(t, { '.docker/config.json': content }));
    await assert.rejects(credentials.lookup('a.io'), (error: Error) => {
      assert.doesNotMatch(`${error.message}${String(error.cause)}`, /secret/);
      return sealerError('CREDENTIALS_INVALID', /config\.json/)(error);
    });
  }
});

const HELPER = `#!/bin/sh
read server
echo "$1 $server" >> "$HOME/calls"
case "$1 $server" in
  "get known.io") echo '{"Username":"keychain","Secret":"s"}' ;;
  "get token.io") echo '{"Username":"<token>","Secret":"refresh"}' ;;
  "get https://index.docker.io/v1/") echo '{"Username":"hub","Secret":"s"}' ;;
  "get broken.io") echo 'the keychain is locked'; exit 1 ;;
  "get "*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`;

test('a helper is asked with the server on stdin, once; what it does not know is looked up in the file', async (t) => {
  const env = await home(t, {
    'bin/docker-credential-test': HELPER,
    '.docker/config.json': { credsStore: 'test', auths: { 'file.io': auth('file', 'p') } },
  });
  const credentials = await loadCredentials(env);
  assert.deepEqual(await credentials.lookup('known.io', 'a'), {
    username: 'keychain',
    password: 's',
    source: 'docker-credential-test (named in ~/.docker/config.json)',
  });
  await credentials.lookup('known.io', 'b');
  assert.equal(await readFile(join(env.HOME, 'calls'), 'utf8'), 'get known.io\n');
  assert.equal((await credentials.lookup('token.io'))?.identityToken, 'refresh');
  assert.equal((await credentials.lookup('docker.io'))?.username, 'hub');
  assert.equal((await credentials.lookup('file.io'))?.username, 'file');
  assert.equal(await credentials.lookup('nobody.io'), undefined);
  await assert.rejects(credentials.lookup('broken.io'), sealerError('CREDENTIALS_INVALID', /the keychain is locked/));
});

test('credHelpers go before credsStore, and one that is missing is named', async (t) => {
  const config = { credsStore: 'test', credHelpers: { 'a.io': 'absent' }, auths: {} };
  const env = await home(t, { 'bin/docker-credential-test': HELPER, '.docker/config.json': config });
  const credentials = await loadCredentials(env);
  await assert.rejects(
    credentials.lookup('a.io'),
    sealerError('CREDENTIALS_INVALID', /docker-credential-absent is not on PATH/),
  );
  assert.equal((await credentials.lookup('known.io'))?.username, 'keychain');
});

test('the name of a helper cannot lead to another program', async (t) => {
  const credentials = await loadCredentials(await home(t, { '.docker/config.json': { credsStore: '../../bin/sh' } }));
  await assert.rejects(credentials.lookup('a.io'), sealerError('CREDENTIALS_INVALID', /not a name/));
});

async function passwordRegistry(t: TestContext) {
  const { registry } = await setUp(t);
  const right = `Basic ${auth('robot', 'p:w').auth}`;
  registry.always(/./, ({ headers }, response) => {
    if (headers.authorization === right) return undefined;
    return answer(401, { 'WWW-Authenticate': 'Basic realm="x"' })({} as never, response, {} as never);
  });
  return registry;
}

test('login tries the password first, keeps what else is in the file, for nobody else to read', async (t) => {
  const registry = await passwordRegistry(t);
  const old = {
    psFormat: 'x',
    auths: { 'a.io': auth('u', 'p'), [`https://${registry.address}/v1/`]: auth('old', 'p') },
  };
  const env = await home(t, { '.docker/config.json': old });
  const options = { registry: registry.address, username: 'robot', env, timing: fakeTiming() };
  const file = join(env.HOME, '.docker/config.json');
  await assert.rejects(login({ ...options, password: 'wrong' }), sealerError('UNAUTHORIZED'));
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), old, 'nothing was written');

  assert.deepEqual(await login({ ...options, password: 'p:w' }), { kept: '~/.docker/config.json' });
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
    psFormat: 'x',
    auths: { 'a.io': auth('u', 'p'), [registry.address]: auth('robot', 'p:w') },
  });
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dirname(file)), ['config.json'], 'no draft is left');

  assert.equal(await logout({ registry: registry.address, env }), true);
  assert.equal(await logout({ registry: registry.address, env }), false);
  assert.deepEqual(Object.keys(JSON.parse(await readFile(file, 'utf8')).auths), ['a.io']);
});

test('login makes the file where there is none, and leaves a link a link', async (t) => {
  const registry = await passwordRegistry(t);
  const env = await home(t, { 'dotfiles/auth.json': '{}' });
  const options = { registry: registry.address, username: 'robot', password: 'p:w', timing: fakeTiming() };
  await login({ ...options, env });
  const link = join(env.HOME, 'linked.json');
  await symlink(join(env.HOME, 'dotfiles/auth.json'), link);
  await login({ ...options, env: { ...env, REGISTRY_AUTH_FILE: link } });
  assert.match(await readFile(join(env.HOME, 'dotfiles/auth.json'), 'utf8'), /auths/);
});

test('login gives the password to a helper where there is one, and not to the file', async (t) => {
  const registry = await passwordRegistry(t);
  const helper = '#!/bin/sh\necho "$1: $(cat)" >> "$HOME/calls"\n';
  const env = await home(t, { 'bin/docker-credential-test': helper, '.docker/config.json': { credsStore: 'test' } });
  const options = { registry: registry.address, username: 'robot', password: 'p:w', env, timing: fakeTiming() };
  assert.deepEqual(await login(options), { kept: 'docker-credential-test' });
  const stored = JSON.stringify({ ServerURL: registry.address, Username: 'robot', Secret: 'p:w' });
  assert.equal(await readFile(join(env.HOME, 'calls'), 'utf8'), `store: ${stored}\n`);
  const file = JSON.parse(await readFile(join(env.HOME, '.docker/config.json'), 'utf8'));
  assert.deepEqual(file, { credsStore: 'test', auths: { [registry.address]: {} } });
  assert.equal(await logout({ registry: registry.address, env }), true);
  assert.match(await readFile(join(env.HOME, 'calls'), 'utf8'), new RegExp(`erase: ${registry.address}`));
});
