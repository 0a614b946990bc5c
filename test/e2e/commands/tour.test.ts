/** A user's tour of the commands that need no registry but the embedded one, each as a process of its own. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CliResult, cliCommand, sealer, sealerJson, startSealer } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { runTool, works } from '../../lab/tools.ts';

interface Built {
  readonly digest: string;
  readonly imageId: string;
  readonly fetchedBytes: number;
  readonly platforms: readonly { readonly images: readonly { readonly reference: string }[] }[];
}

describe('the commands', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let home: string;
  let address: string;
  let digest: string;

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    sealer(args, { home, cwd: folder, env });
  const json = <T>(...args: string[]) => sealerJson<T>(args, { home, cwd: folder });

  /** Runs a command that must fail like this, with a hint, and without a stack. */
  async function refused(code: string, exit: number, ...args: string[]): Promise<CliResult> {
    const result = await run(args);
    assert.equal(result.code, exit, result.stderr);
    assert.match(result.stderr, new RegExp(`^error\\[${code}\\]: `, 'm'));
    assert.doesNotMatch(result.stderr, /^ {4}at /m);
    return result;
  }

  before(async () => {
    folder = resources.use(await temporaryFolder('commands')).path;
    home = join(folder, 'home');
    const serve = ['registry', 'serve', '--json', '--listen', '127.0.0.1:0', '--root', join(folder, 'registry')];
    const registry = resources.use(startSealer(serve, { home: join(folder, 'server') }));
    address = (await registry.says(/"address":"(?<address>[^"]+)"/)).groups?.address ?? '';
    writeFiles(folder, {
      'app/Kubefile': 'FROM scratch\nCOPY page .\n',
      'app/page': 'a page'.repeat(1000),
      'cluster/Kubefile': 'FROM scratch\nCOPY bin bin/\nAPP web web\nENV STAGE=prod\nLAUNCH ["web"]\n',
      'cluster/bin/tool': 'a tool',
      'cluster/web/pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: "${address}/library/app:v1"}]}
`,
      'broken/Kubefile': 'FROM scratch\nCOPPY a b\nLAUNCH ["nothing"]\n',
    });
    const app = await run(['build', '-t', `${address}/library/app:v1`, '--push', 'app']);
    assert.equal(app.code, 0, app.stderr);
    ({ digest } = await json<Built>('build', '-t', 'shop:v1', 'cluster'));
  });
  after(() => resources.disposeAsync());

  test('images discover lists what is needed as JSON, with its own flags though images has the same', async () => {
    const store = join(folder, 'another-store');
    const found = await json<{ image: string; certainty: string; findings: { line: number }[] }[]>(
      ...['images', 'discover', '--no-confirm', '--store', store, 'cluster'],
    );
    assert.deepEqual(
      found.map(({ image, certainty }) => [image, certainty]),
      [[`${address}/library/app:v1`, 'certain']],
    );
    assert.equal(found[0]?.findings[0]?.line, 4);
    assert.ok(existsSync(join(store, 'oci-layout')), 'the store of the flag was used');
    const why = await run(['images', 'discover', '--no-confirm', '--why', `${address}/library/app:v1`, 'cluster']);
    assert.match(why.stdout, /web\/pod\.yaml:4:\d+\n {4}certain: container of Pod web, spec\.containers\[0\]\.image/);
    await refused('IMAGE_NOT_FOUND', 1, 'images', 'discover', '--no-confirm', '--why', 'nobody/names:this', 'cluster');
  });

  test('build says what it built and what moved, and the second time fetches nothing', async () => {
    const text = await run(['build', '-t', 'shop:v1', 'cluster']);
    assert.match(
      text.stdout,
      /^built shop:v1 in .*\nsha256:[0-9a-f]{64}\n1 container image inside; 0 B fetched, .+ reused\n$/,
    );
    const quiet = await run(['build', '-q', '-t', 'shop:v1', 'cluster']);
    assert.deepEqual([quiet.stdout, quiet.stderr], [`${digest}\n`, '']);
    const built = await json<Built>('build', '-t', 'shop:v1', 'cluster');
    assert.deepEqual([built.digest, built.fetchedBytes], [digest, 0]);
    assert.equal(built.platforms[0]?.images[0]?.reference, `${address}/library/app:v1`);
  });

  test('build leaves files for the tools after it', async () => {
    const files = ['--iidfile', 'iid', '--metadata-file', 'metadata.json'];
    const built = await json<Built>('build', '-t', 'shop:v1', ...files, 'cluster');
    assert.equal(readFileSync(join(folder, 'iid'), 'utf8'), built.imageId);
    const metadata = JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'));
    assert.equal(metadata['containerimage.digest'], digest);
    assert.equal(metadata['image.name'], 'docker.io/library/shop:v1');
  });

  test('lint is silent about what is right, and fails on problems with their places', async () => {
    const right = await run(['lint', 'cluster']);
    assert.deepEqual([right.code, right.stdout, right.stderr], [0, 'cluster/Kubefile: no problems\n', '']);
    const wrong = await refused('KUBEFILE_INVALID', 1, 'lint', 'broken');
    assert.match(wrong.stdout, /error\[UNKNOWN_INSTRUCTION\]: .*\n {2}at broken\/Kubefile:2:1\n {2}hint: .*COPY/);
    assert.match(wrong.stdout, /error\[UNKNOWN_APP\]: .*\n {2}at broken\/Kubefile:3:/);
  });

  test('lint --json gives the problems as data, and the failure on stderr', async () => {
    const { code, stdout, stderr } = await run(['lint', '--json', 'broken']);
    assert.equal(code, 1);
    const { problems, errors } = JSON.parse(stdout);
    assert.equal(errors, problems.length);
    const [first] = problems;
    assert.deepEqual([first.code, first.at], ['UNKNOWN_INSTRUCTION', { file: 'broken/Kubefile', line: 2, column: 1 }]);
    assert.equal(JSON.parse(stderr).error.exitCode, 1);
  });

  test('lint annotates lines in a workflow', async () => {
    const { stdout } = await run(['lint', 'broken'], { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder });
    assert.match(stdout, /^::error file=broken\/Kubefile,line=2,col=1,title=sealer%3A UNKNOWN_INSTRUCTION::.*COPY/m);
  });

  test('images and inspect show what is there', async () => {
    const listed = await json<{ name: string; digest: string; size: number }[]>('images', 'shop');
    assert.deepEqual(
      listed.map((each) => [each.name, each.digest]),
      [['docker.io/library/shop:v1', digest]],
    );
    const text = (await run(['inspect', 'shop:v1'])).stdout;
    for (const fact of [/^Apps +web$/m, /^Launches +web$/m, /\/library\/app:v1 .* web$/m, /^\w{12} +images? /m]) {
      assert.match(text, fact);
    }
    assert.match((await run(['inspect', digest.slice(7, 19)])).stdout, new RegExp(digest));
    const config = JSON.parse((await run(['inspect', '--config', 'shop:v1'])).stdout);
    assert.ok(config.config.Env.includes('STAGE=prod'));
  });

  test('tag and rmi give and take names', async () => {
    assert.equal((await run(['tag', 'shop:v1', 'registry.example.com/shop:v2'])).code, 0);
    const removed = await json<{ removed: string[] }>('rmi', 'registry.example.com/shop:v2');
    assert.deepEqual(removed, { removed: ['registry.example.com/shop:v2'] });
    const unknown = await refused('IMAGE_NOT_FOUND', 1, 'rmi', 'registry.example.com/shop:v2');
    assert.match(unknown.stderr, /hint: sealer images/);
    await refused('INVALID_REFERENCE', 1, 'tag', 'shop:v1', 'Not A Name');
  });

  for (const format of ['oci-archive', 'docker-archive']) {
    test(`save | load carries several images as ${format}`, {
      skip: !works('sh', '-c', ':') && 'absent: sh',
    }, async () => {
      const other = join(folder, `other-${format}`);
      const names = ['shop:v1', `${address}/library/app:v1`];
      const command = cliCommand()
        .map((part) => `'${part}'`)
        .join(' ');
      const pipe = `${command} save --format ${format} ${names.join(' ')} | ${command} load --json --store '${other}'`;
      const env = { PATH: process.env.PATH, SEALER_HOME: home };
      const { images } = JSON.parse(await runTool('sh', ['-c', pipe], { env }));
      const loaded = new Map<string, string>(
        images.map((each: { name: string; digest: string }) => [each.name, each.digest]),
      );
      assert.deepEqual([...loaded.keys()].sort(), [`${address}/library/app:v1`, 'docker.io/library/shop:v1']);
      // A docker-archive knows no index and no manifests: what stays is the config.
      if (format === 'oci-archive') assert.equal(loaded.get('docker.io/library/shop:v1'), digest);
      const idOf = async (store: string) => (await json<{ id: string }>('inspect', '--store', store, 'shop:v1')).id;
      assert.equal(await idOf(other), await idOf(home));
    });
  }

  test('prune --dry-run tells what prune then does', async () => {
    const own = join(folder, 'pruned');
    assert.equal((await run(['build', '--store', own, '-t', 'app:v1', 'app'])).code, 0);
    assert.equal((await run(['rmi', '--store', own, 'app:v1'])).code, 0);
    const blobs = () => readdirSync(join(own, 'blobs/sha256')).map((name) => join(own, 'blobs/sha256', name));
    // What was written a moment ago may be in use by somebody who is about to name it.
    for (const blob of blobs()) utimesSync(blob, 0, 0);
    const told = await json<{ blobs: number; bytes: number }>('prune', '--all', '--dry-run', '--store', own);
    assert.equal(blobs().length, told.blobs);
    assert.ok(told.blobs > 0);
    const done = await json<{ blobs: number; bytes: number }>('prune', '--all', '--store', own);
    assert.deepEqual([told.blobs, told.bytes], [done.blobs, done.bytes]);
    assert.deepEqual(blobs(), []);
  });

  test('exit codes tell whose turn it is: 1 yours, 2 the command line, 3 the world', async () => {
    await refused('IMAGE_NOT_FOUND', 1, 'push', 'nothing:v1');
    await refused('IMAGE_NOT_FOUND', 1, 'pull', `${address}/no/such:v1`);
    await refused('USAGE', 2, 'build', '--platfrom', 'linux/amd64');
    await refused('REGISTRY_UNREACHABLE', 3, 'pull', '127.0.0.1:1/shop:v1');
    const { stdout } = await run(['version']);
    assert.match(stdout, /^sealer \d+\.\d+\.\d+/);
  });

  test('Ctrl-C ends a build soon, says so, ends the command of RUN too, and leaves nothing half-made', async () => {
    const own = join(folder, 'interrupted');
    const pidFile = join(folder, 'pid');
    writeFiles(folder, {
      'slow/Kubefile': `FROM scratch\nCOPY a a\nRUN echo $$ > ${pidFile}; echo half > made; echo running; exec sleep 600\n`,
      'slow/a': 'a',
    });
    const build = ['build', '--progress', 'plain', '-t', 'slow:v1', 'slow'];
    await using running = startSealer(build, { home: own, cwd: folder });
    await running.says(/\| running/);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^error\[INTERRUPTED\]: .*\n {2}hint: /m);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    for (const name of ['ingest', 'scratch', 'leases', 'refs'])
      assert.deepEqual(readdirSync(join(own, name)), [], name);
    assert.deepEqual(await json('images', '--store', own), []);
  });
});
