/** An image of apps alone on a cluster that sealer did not make. */

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { type CliResult, sealer } from '../../lab/cli.ts';
import { kubernetesBinaries, startApiServer } from '../../lab/kubernetes/api-server.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

const found = kubernetesBinaries();

const KUBEFILE = `FROM scratch
ENV color=green
CMDS ["kubectl create configmap shop --from-literal=color=$color --dry-run=client -o yaml | kubectl apply -f -"]
`;

test('an app image is launched with a kubeconfig, from this machine, again when it is run again; one that fails says where', {
  skip: found.skip,
  timeout: 15 * 60_000,
}, async () => {
  assert.ok(found.skip === false);
  await using folder = await temporaryFolder('app');
  await using api = await startApiServer();
  await api.addNode('node-1');
  const home = folder.path;
  const context = join(home, 'context');
  await mkdir(context);
  await writeFile(join(context, 'Kubefile'), KUBEFILE);
  const env = { SEALER_HOME: join(home, 'store'), PATH: `${found.bin}${delimiter}${process.env.PATH ?? ''}` };
  const run = async (...args: readonly [string, ...string[]]): Promise<CliResult> => {
    const result = await sealer(args, { home, env });
    assert.equal(result.code, 0, `sealer ${args.join(' ')}:\n${result.stderr.slice(-4000)}`);
    return result;
  };
  await run('build', context, '-t', 'app:v1', '--type', 'app-installer');
  const kubeconfig = join(api.folder, 'admin.kubeconfig');
  const result = JSON.parse(
    (await run('run', 'app:v1', '--kubeconfig', kubeconfig, '--no-wait', '--json')).stdout,
  ) as unknown;
  assert.deepEqual(result, { image: 'app:v1', launched: ['commands'], sent: 0 });
  const made = async () => (await api.send('GET', '/api/v1/namespaces/default/configmaps/shop')).data;
  assert.deepEqual(await made(), { color: 'green' });
  await run('run', 'app:v1', '--kubeconfig', kubeconfig, '--no-wait', '-e', 'color=blue');
  assert.deepEqual(await made(), { color: 'blue' });

  const failed = await sealer(['run', 'app:v1', '--kubeconfig', kubeconfig, '--cmd', 'no-such-program'], { home, env });
  assert.notEqual(failed.code, 0);
  assert.match(failed.stderr, /error\[LAUNCH_FAILED\]: [\s\S]*no-such-program/);
});
