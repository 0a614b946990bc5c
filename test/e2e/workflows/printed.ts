/** A user's repository with a workflow that the README prints, to the letter; ghcr.io is a registry of this machine. */

import { cpSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../../bundle.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import type { Happening } from '../../lab/workflow/events.ts';
import { PROJECT, printedWorkflows } from '../../lab/workflow/ours.ts';
import { type EndedRun, runWorkflow } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';
import { type Ghcr, openGhcr, TOKEN } from './ghcr.ts';

export const REPOSITORY = 'someone/shop';

export interface PrintedSetting extends AsyncDisposable {
  readonly ghcr: Ghcr;
  /** Runs the workflow of that name in a repository of these files. */
  run(name: string, files: Readonly<Record<string, string>>, happening: Happening): Promise<EndedRun>;
}

/** Makes a release of this checkout, and the registry. */
export async function openPrinted(): Promise<PrintedSetting> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder('printed')).path;
  const [release, artifacts] = [join(folder, 'release'), join(folder, 'artifacts')];
  for (const each of [release, artifacts]) mkdirSync(each);
  cpSync(join(PROJECT, 'action.yml'), join(release, 'action.yml'));
  cpSync(join(PROJECT, 'actions'), join(release, 'actions'), { recursive: true });
  await bundle(join(release, 'dist'));
  const ghcr = stack.use(await openGhcr(folder));
  const page = await readFile(join(PROJECT, 'README.md'), 'utf8');
  let runs = 0;
  const kept = stack.move();
  return {
    ghcr,
    async run(name, files, happening) {
      const root = join(folder, `run-${++runs}`);
      const tree = join(root, 'tree');
      const printed = printedWorkflows(page).find((each) => each.name === `README.md: ${name}`);
      if (printed === undefined) throw new Error(`README prints no workflow ${name}`);
      const file = '.github/workflows/printed.yml';
      writeFiles(tree, { ...files, [file]: printed.text });
      return runWorkflow({
        ...{ tree, file, happening, runtime: {}, folder: join(root, 'jobs') },
        resolver: standIns({ tree, release, artifacts }).resolver,
        env: { ...ghcr.env, SEALER_HOME: join(root, 'store') },
        setting: { token: TOKEN, repository: REPOSITORY },
      });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
