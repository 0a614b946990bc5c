/** Actions of other people, done by named functions: what they do for us, no more. Others are refused. */

import { cpSync, existsSync, globSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { GITHUB_SCRIPT, isGithubScript } from '../../e2e/actions/github-script.ts';
import { gitIn } from '../git.ts';
import type { Resolve, StandIn } from './steps.ts';

/** What the stand-ins were asked for, in order. */
export interface Asked {
  readonly uses: string;
  readonly inputs: Readonly<Record<string, string>>;
}

export interface StandInOptions {
  /** What checkout gives: a git repository (it may be bare), or a plain folder. */
  readonly tree: string;
  /** What `uses: sealer/build/…@v1` gives: a folder with action.yml, actions/ and dist/. */
  readonly release: string;
  /** Where artifacts of the run are. */
  readonly artifacts: string;
  /** More of them, by the name before `@`. */
  readonly others?: Readonly<Record<string, StandIn>>;
  /** Ours at somebody's place, by default `sealer/build`. */
  readonly repository?: string;
}

/**
 * What finds actions for the jobs of one run.
 * @returns for `./…` a folder of the job's workspace, for our own by name or `$/…` one of the release, for the known ones of others a stand-in
 */
export function standIns(options: StandInOptions): {
  readonly asked: readonly Asked[];
  resolver(workspace: string): Resolve;
} {
  const asked: Asked[] = [];
  const { repository = 'sealer/build' } = options;
  const known: Readonly<Record<string, StandIn>> = { ...builtIn(options), ...options.others };
  return {
    asked,
    resolver: (workspace) => (uses) => {
      if (uses.startsWith('./')) return { folder: join(workspace, uses) };
      if (uses.startsWith('$/')) return { folder: join(options.release, uses.slice(2)) };
      const [name = '', ref = ''] = uses.split('@');
      if (name === repository || name.startsWith(`${repository}/`)) {
        if (ref !== 'v1') throw new Error(`${uses}: our own actions are used as @v1`);
        return { folder: join(options.release, name.slice(repository.length)) };
      }
      const standIn = isGithubScript(uses) ? runGithubScript : known[name];
      if (standIn === undefined) throw new Error(`no stand-in for ${uses}`);
      return {
        standIn: (call) => {
          asked.push({ uses: name, inputs: call.inputs });
          return standIn(call);
        },
      };
    },
  };
}

const NOTHING: Awaited<ReturnType<StandIn>> = { code: 0, outputs: new Map() };

/** As in a job: by the runner's own Node.js, with what it tells to JavaScript actions only. */
const runGithubScript: StandIn = ({ inputs, env, session }) =>
  session.execute(process.execPath, GITHUB_SCRIPT, {
    env: { ...env, ...session.options.runtime, INPUT_SCRIPT: inputs.script ?? '' },
  });

function builtIn({ tree, artifacts }: StandInOptions): Readonly<Record<string, StandIn>> {
  return {
    'actions/checkout': async ({ inputs, session }) => {
      if (inputs['persist-credentials'] !== 'false') throw new Error('checkout keeps its credentials');
      const to = join(session.options.workspace, inputs.path ?? '');
      checkOut(tree, to, inputs.ref);
      return NOTHING;
    },
    'actions/setup-node': async () => NOTHING,
    'actions/upload-artifact': async ({ inputs, session }) => {
      const paths = (inputs.path ?? '').split('\n').filter(Boolean);
      const to = join(artifacts, inputs.name ?? 'artifact');
      if (existsSync(to) && inputs.overwrite !== 'true')
        throw new Error(`the artifact ${inputs.name} is there already`);
      mkdirSync(to, { recursive: true });
      const found = paths.flatMap((path) => uploaded(resolve(session.options.workspace, path)));
      if (found.length === 0) return { code: inputs['if-no-files-found'] === 'error' ? 1 : 0, outputs: new Map() };
      for (const [from, name] of found) cpSync(from, join(to, name), { recursive: true });
      return NOTHING;
    },
    'actions/download-artifact': async ({ inputs, session }) => {
      const to = resolve(session.options.workspace, inputs.path ?? '.');
      const names = inputs.name === undefined ? globSync(inputs.pattern ?? '*', { cwd: artifacts }) : [inputs.name];
      for (const name of names.sort()) {
        if (!existsSync(join(artifacts, name))) {
          session.print(`Artifact not found for name: ${name}`);
          return { code: 1, outputs: new Map() };
        }
        const isFlat = inputs.name !== undefined || inputs['merge-multiple'] === 'true';
        cpSync(join(artifacts, name), isFlat ? to : join(to, name), { recursive: true });
      }
      return NOTHING;
    },
  };
}

/** A folder's contents without the folder itself; a file or the matches of a pattern by their names. */
function uploaded(path: string): readonly (readonly [from: string, name: string])[] {
  if (existsSync(path)) return statSync(path).isDirectory() ? [[path, '.']] : [[path, basename(path)]];
  return globSync(path).map((match) => [match, match.slice(dirname(path.replace(/[*?].*$/, 'x')).length + 1)]);
}

/** A clone where the tree is a repository, else a copy. */
function checkOut(tree: string, to: string, ref: string | undefined): void {
  if (!existsSync(join(tree, '.git')) && !existsSync(join(tree, 'HEAD'))) {
    cpSync(tree, to, { recursive: true, force: true });
    return;
  }
  mkdirSync(to, { recursive: true });
  gitIn(to, 'clone', '-q', '--no-hardlinks', tree, '.');
  if (ref !== undefined && ref !== '') gitIn(to, 'checkout', '-q', ref);
}
