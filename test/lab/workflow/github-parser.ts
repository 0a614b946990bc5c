/**
 * What GitHub's editor says of a workflow or an action: its parser (@actions/workflow-parser) and its checks of contexts, events and
 * inputs (@actions/languageservice). Both import JSON in a way that Node.js refuses, so they are bundled first.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { load } from 'js-yaml';
import { temporaryFolder } from '../scratch.ts';
import { OTHER_ACTIONS } from './other-actions.ts';
import { ourActions, ourWorkflows, PROJECT } from './ours.ts';

export interface GithubParser extends AsyncDisposable {
  /**
   * Reads a file as GitHub does.
   * @param name as in the repository: the parser tells actions from workflows by it
   * @returns one sentence for each problem, with its line
   */
  problems(name: string, text: string): Promise<readonly string[]>;
}

interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number } };
}

interface Services {
  registerLogger(logger: Readonly<Record<'error' | 'warn' | 'info' | 'log', (message: string) => void>>): void;
  validate(document: unknown, config: object): Promise<readonly Diagnostic[]>;
  readonly TextDocument: { create(uri: string, language: string, version: number, text: string): unknown };
}

/** Bundles the parser; takes a second. */
export async function openGithubParser(): Promise<GithubParser> {
  const folder = await temporaryFolder('github-parser');
  const outfile = join(folder.path, 'parser.cjs');
  await build({
    stdin: {
      contents: `
        export { registerLogger, validate } from '@actions/languageservice';
        export { TextDocument } from 'vscode-languageserver-textdocument';`,
      resolveDir: PROJECT,
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  const services: Services = createRequire(import.meta.url)(outfile);
  const config = {
    actionsMetadataProvider: { fetchActionMetadata: async (action: Reference) => metadataOf(action) },
    fileProvider: { getFileContent: async (reference: unknown) => workflowOf(reference) },
  };
  // A fault of its own it logs, and then says that all is well.
  const faults: string[] = [];
  const silent = (): void => {};
  const error = (message: string): void => void faults.push(message);
  services.registerLogger({ error, warn: silent, info: silent, log: silent });
  let files = 0;
  return {
    problems: async (name, text) => {
      // What it has read it remembers by the address, whatever the text.
      const document = services.TextDocument.create(`file:///${++files}/${name}`, 'yaml', 1, withNames(text));
      const found = await services.validate(document, config);
      const problems = found.map(({ message, range }) => `${name}:${range.start.line + 1}: ${message}`);
      return [...problems, ...faults.splice(0)];
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

interface Reference {
  readonly owner: string;
  readonly name: string;
  readonly path?: string;
}

/** `./actions/build` and `$/actions/build` are not checked for its inputs, `sealer/build/actions/build@v1` is: they are the same. */
function withNames(text: string): string {
  return text.replaceAll(
    /(\buses: )(['"]?)[.$]\/(?!\.github\/)((?:actions\/[\w-]+)?)\/?\2(?=[\s,}])/g,
    (_, uses: string, __, path: string) => `${uses}sealer/build${path === '' ? '' : `/${path}`}@v1`,
  );
}

function metadataOf({ owner, name, path }: Reference): object | undefined {
  if (`${owner}/${name}` !== 'sealer/build') {
    const known = OTHER_ACTIONS[[owner, name, path].filter(Boolean).join('/')];
    if (known === undefined) return undefined;
    const inputs = known.map((each) => [each.replace(/!$/, ''), { description: '', required: each.endsWith('!') }]);
    return { name, description: '', inputs: Object.fromEntries(inputs) };
  }
  const file = path === undefined || path === '' ? 'action.yml' : `${path}/action.yml`;
  const own = ourActions().find((each) => each.name === file);
  return own === undefined ? undefined : (load(own.text) as object);
}

function workflowOf(reference: unknown): { readonly name: string; readonly content: string } {
  const path = typeof reference === 'object' && reference !== null && 'path' in reference ? String(reference.path) : '';
  const found = ourWorkflows().find(({ name }) => path === name || path === `./${name}`);
  if (found === undefined) throw new Error(`there is no workflow ${path}`);
  return { name: found.name, content: found.text };
}
