/** What the tests of the actions have in common: a release, a registry with a container image, and jobs. */

import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../../bundle.ts';
import { folderStorage, type RunningRegistry, serveRegistry } from '../../../src/registry/server/index.ts';
import { PROJECT, sealer } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { type RunOptions, type RunResult, runComposite } from './runner.ts';

type Texts = Readonly<Record<string, string>>;

export interface JobResult extends RunResult {
  readonly workspace: string;
  readonly store: string;
}

export interface Setting extends AsyncDisposable {
  readonly folder: string;
  readonly registry: RunningRegistry;
  /**
   * Runs an action in a repository of these files, on a clean runner.
   * @param action its folder in the release
   */
  job(action: string, files: Texts, inputs: Texts, options?: Partial<RunOptions>): Promise<JobResult>;
  /** A context in `deploy/` whose manifest names a container image; by default one that the registry has. */
  app(image?: string): Texts;
}

/** Makes a release (the actions with dist/), starts the registry and fills it. */
export async function openSetting(): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder('actions')).path;
  const release = join(folder, 'release');
  await mkdir(release);
  cpSync(join(PROJECT, 'action.yml'), join(release, 'action.yml'));
  cpSync(join(PROJECT, 'actions'), join(release, 'actions'), { recursive: true });
  await bundle(join(release, 'dist'));
  const registry = stack.use(await serveRegistry({ storage: folderStorage(join(folder, 'registry')) }));
  const hello = `${registry.address}/demo/hello:v1`;
  await pushHello(folder, hello);
  let runs = 0;
  const kept = stack.move();
  return {
    folder,
    registry,
    job: (action, files, inputs, options = {}) => {
      const root = join(folder, `job-${++runs}`);
      return runJob(root, { action: join(release, action), inputs, ...options }, files);
    },
    app: (image = hello) => appFiles(image),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function runJob(
  root: string,
  options: Partial<RunOptions> & Pick<RunOptions, 'action'>,
  files: Texts,
): Promise<JobResult> {
  const { workspace = join(root, 'work'), temporary = join(root, 'temp') } = options;
  await mkdir(workspace, { recursive: true });
  await mkdir(temporary, { recursive: true });
  writeFiles(workspace, files);
  const store = options.env?.SEALER_HOME ?? join(root, 'store');
  const result = await runComposite({ ...options, workspace, temporary, env: { ...options.env, SEALER_HOME: store } });
  const left = readdirSync(temporary).filter((name) => name.startsWith('sealer-secrets'));
  assert.deepEqual(left, [], 'no secret is left behind');
  return { ...result, workspace, store };
}

/** A small container image, by the command line itself. */
async function pushHello(folder: string, name: string): Promise<void> {
  const context = join(folder, 'hello');
  writeFiles(context, { Kubefile: 'FROM scratch\nCOPY server /server\n', server: 'a program\n' });
  const built = await sealer(['build', '-q', '--push', '-t', name, context], { home: join(folder, 'hello-home') });
  assert.equal(built.code, 0, built.stderr);
}

function appFiles(image: string): Texts {
  return {
    'deploy/Kubefile': 'FROM scratch\nAPP hello manifests\nLAUNCH ["hello"]\n',
    'deploy/manifests/pod.yaml': [
      'apiVersion: v1',
      'kind: Pod',
      'metadata: { name: hello }',
      'spec:',
      '  containers:',
      '    - name: hello',
      `      image: ${image}`,
      '',
    ].join('\n'),
  };
}
