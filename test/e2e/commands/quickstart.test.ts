/** The quickstart that README.md prints, run as it is printed, on a registry of this machine. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cliCommand, PROJECT, startSealer } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

const ADDRESS = 'localhost:5050';

test('the quickstart of the README works as it is printed, without internet', async () => {
  const page = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const section = /\n## Quickstart\n[\s\S]*?(?=\n## )/.exec(page)?.[0] ?? '';
  const [server = '', commands = '', ...others] = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(
    ([, text]) => text,
  );
  assert.equal(server.trim(), `sealer registry serve --listen ${ADDRESS}`);
  assert.deepEqual(others, []);

  await using folder = await temporaryFolder('quickstart');
  const { path } = folder;
  await using registry = startSealer(['registry', 'serve', '--listen', 'localhost:0'], { home: join(path, 'served') });
  const address = (await registry.says(/serving on http:\/\/(\S+)/))[1] ?? '';
  cpSync(join(PROJECT, 'examples'), join(path, 'examples'), { recursive: true });
  const manifest = join(path, 'examples', 'hello', 'manifests', 'hello.yaml');
  const text = readFileSync(manifest, 'utf8');
  assert.ok(text.includes(`${ADDRESS}/demo/hello:v1`));
  writeFileSync(manifest, text.replaceAll(ADDRESS, address));
  const quoted = cliCommand().map((part) => `'${part}'`);
  writeFiles(path, { 'bin/sealer': `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n` });
  chmodSync(join(path, 'bin', 'sealer'), 0o755);

  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', commands.replaceAll(ADDRESS, address)], {
    cwd: path,
    env: { PATH: `${join(path, 'bin')}${delimiter}${process.env.PATH}`, HOME: path, SEALER_HOME: join(path, 'store') },
  });
  assert.match(stdout, /no problems/);
  assert.match(stdout, new RegExp(`built ${address}/hello:v1 `));
  assert.match(
    stdout,
    new RegExp(`${address}/demo/hello:v1 +[0-9a-f]{12} `),
    'inspect shows the container image inside',
  );
  assert.match(stdout, new RegExp(`pushed ${address}/hello:v1`));
  assert.ok(existsSync(join(path, 'hello.tar')));
});
