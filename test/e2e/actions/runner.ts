/** Runs one of our actions as a job's only step: bash, GitHub's file and log commands, its expressions. */

import { type Annotation, Session } from '../../lab/workflow/session.ts';
import { type Resolve, runAction } from '../../lab/workflow/steps.ts';
import { GITHUB_SCRIPT, isGithubScript } from './github-script.ts';

export interface RunOptions {
  /** The folder that holds action.yml. */
  readonly action: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** The job's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the runner gives to JavaScript actions and keeps from scripts: `ACTIONS_RUNTIME_TOKEN` and the like. */
  readonly runtime?: Readonly<Record<string, string>>;
  /** A script of the job, run as the step after the action. */
  readonly after?: string;
  readonly workspace: string;
  /** RUNNER_TEMP; the runner's own files are below it too. */
  readonly temporary: string;
  readonly eventName?: string;
  readonly event?: object;
  /** The `github` context, where the action's inputs have defaults from it. */
  readonly github?: Readonly<Record<string, unknown>>;
  /** PATH instead of the one with this process's Node.js in front. */
  readonly path?: string;
}

export interface RunResult {
  readonly success: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What a reader of the log sees: masked. */
  readonly log: string;
  readonly annotations: readonly Annotation[];
  /** Other actions that steps asked for; of them only actions/github-script is run, by a stand-in. */
  readonly used: readonly string[];
}

/** Runs an action as a job's only step. */
export async function runComposite(options: RunOptions): Promise<RunResult> {
  const { action, inputs = {}, env = {}, runtime = {}, event = {}, eventName = 'push', after } = options;
  const session = new Session({
    ...options,
    event,
    env: { GITHUB_REF: 'refs/heads/main', ...env },
    variables: { GITHUB_EVENT_NAME: eventName },
  });
  const used: string[] = [];
  const resolve: Resolve = (uses) => ({
    standIn: async ({ inputs: given, env: own }) => {
      used.push(uses);
      if (!isGithubScript(uses)) return { code: 0, outputs: new Map() };
      const { script = '', ...others } = given;
      if (Object.keys(others).length > 0) throw new Error(`inputs that the stand-in does not know: ${uses}`);
      // The runner starts actions by a Node.js of its own, whatever is on PATH.
      return session.execute(process.execPath, GITHUB_SCRIPT, { env: { ...own, ...runtime, INPUT_SCRIPT: script } });
    },
  });
  const contexts = { github: { token: '', event_name: eventName, event, ...options.github }, runner: {}, job: {} };
  const { success, outputs } = await runAction(action, inputs, { session, contexts, resolve });
  if (after !== undefined)
    await session.execute('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', after], { env: {} });
  const { log, summary, annotations } = session;
  return { success, outputs, log, summary, annotations, used };
}
