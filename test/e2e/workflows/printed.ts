/** A user's repository with a workflow that the README prints, to the letter; ghcr.io is a registry of this machine. */

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../../bundle.ts';
import { folderStorage, type RunningRegistry, serveRegistry } from '../../../src/registry/server/index.ts';
import { makeCertificates } from '../../lab/certificates.ts';
import { type CliResult, sealer } from '../../lab/cli.ts';
import { openInternet } from '../../lab/internet.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import type { Happening } from '../../lab/workflow/events.ts';
import { PROJECT, printedWorkflows } from '../../lab/workflow/ours.ts';
import { type EndedRun, runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';

export const REPOSITORY = 'someone/shop';
const TOKEN = 'ghs_printed_token';

export interface PrintedSetting extends AsyncDisposable {
  readonly registry: RunningRegistry;
  /** Hosts that something wanted to reach. */
  readonly asked: readonly string[];
  /** Runs the workflow of that name in a repository of these files. */
  run(name: string, files: Readonly<Record<string, string>>, happening: Happening): Promise<EndedRun>;
  /** The command line, with the same registry, logged in as the job is. */
  cli(args: readonly string[], files?: Readonly<Record<string, string>>): Promise<CliResult>;
  /** The digest of a name in the registry. */
  digestOf(repository: string, tag: string): Promise<string | null>;
}

/** Makes a release of this checkout, and the registry. */
export async function openPrinted(): Promise<PrintedSetting> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder('printed')).path;
  const release = join(folder, 'release');
  mkdirSync(join(folder, 'artifacts'), { recursive: true });
  mkdirSync(release);
  cpSync(join(PROJECT, 'action.yml'), join(release, 'action.yml'));
  cpSync(join(PROJECT, 'actions'), join(release, 'actions'), { recursive: true });
  await bundle(join(release, 'dist'));
  const { ca, certificate, key } = await makeCertificates(folder, ['ghcr.io']);
  const registry = stack.use(
    await serveRegistry({
      storage: folderStorage(join(folder, 'registry')),
      tls: { cert: await readFile(certificate), key: await readFile(key) },
      users: new Map([['octocat', TOKEN]]),
    }),
  );
  const internet = stack.use(await openInternet({ 'ghcr.io': Number(new URL(registry.url).port) }));
  const network = { HTTPS_PROXY: internet.proxy, NO_PROXY: 'localhost,127.0.0.1', NODE_EXTRA_CA_CERTS: ca };
  const authorization = `Basic ${Buffer.from(`octocat:${TOKEN}`).toString('base64')}`;
  const auths = join(folder, 'auth.json');
  writeFileSync(auths, JSON.stringify({ auths: { 'ghcr.io': { auth: authorization.slice('Basic '.length) } } }));
  const page = await readFile(join(PROJECT, 'README.md'), 'utf8');
  let runs = 0;
  const cli: PrintedSetting['cli'] = (args, files = {}) => {
    const cwd = join(folder, `cli-${++runs}`);
    writeFiles(cwd, { '.keep': '', ...files });
    return sealer(args, { home: join(folder, 'home'), cwd, env: { ...network, REGISTRY_AUTH_FILE: auths } });
  };
  const kept = stack.move();
  return {
    registry,
    asked: internet.asked,
    async run(name, files, happening) {
      const root = join(folder, `run-${++runs}`);
      const tree = join(root, 'tree');
      const printed = printedWorkflows(page).find((each) => each.name === `README.md: ${name}`);
      if (printed === undefined) throw new Error(`README prints no workflow ${name}`);
      const file = '.github/workflows/printed.yml';
      writeFiles(tree, { ...files, [file]: printed.text });
      const { resolver } = standIns({ tree, release, artifacts: join(folder, 'artifacts') });
      const env = { ...network, SEALER_HOME: join(root, 'store') };
      const setting = { token: TOKEN, repository: REPOSITORY };
      return runWorkflow({
        ...{ tree, file, happening, resolver, env, setting },
        runtime: {},
        folder: join(root, 'jobs'),
      });
    },
    cli,
    async digestOf(repository, tag) {
      const { stdout } = await cli(['pull', '--quiet', `ghcr.io/${repository}:${tag}`]);
      return /sha256:[a-f0-9]{64}/.exec(stdout)?.[0] ?? null;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
