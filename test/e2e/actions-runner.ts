/**
 * A runner for composite actions: steps, the expressions that our actions use, and GitHub's file and log commands. What
 * it does not know it refuses, so that an action that needs more fails here first.
 */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { GITHUB_SCRIPT, isGithubScript } from './actions-github-script.ts';

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

export interface Annotation {
  readonly level: string;
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly 'continue-on-error'?: boolean;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface ActionFile {
  readonly inputs?: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

type Scope = (name: string) => string;

/** Runs an action as a job's only step. */
export async function runComposite(options: RunOptions): Promise<RunResult> {
  const file = load(readFileSync(join(options.action, 'action.yml'), 'utf8')) as ActionFile;
  if (file.runs.using !== 'composite') throw new Error(`not composite: ${file.runs.using}`);
  for (const name of Object.keys(options.inputs ?? {})) {
    if (file.inputs?.[name] === undefined) throw new Error(`Unexpected input ${name}`);
  }
  const outputs = new Map<string, string>();
  const scope: Scope = (name) => {
    const input = /^inputs\.([\w-]+)$/.exec(name)?.[1];
    if (input !== undefined) return options.inputs?.[input] ?? file.inputs?.[input]?.default ?? '';
    if (/^steps\.[\w-]+\.outputs\.[\w-]+$/.test(name)) return outputs.get(name) ?? '';
    throw new Error(`unknown expression ${name}`);
  };
  const job = new Job(options);
  let success = true;
  for (const step of file.runs.steps) {
    if (!success || (step.if !== undefined && !isTrue(step.if, scope))) continue;
    const ended = await runStep(job, step, scope);
    success = ended.code === 0 || step['continue-on-error'] === true;
    for (const [name, value] of ended.outputs) outputs.set(`steps.${step.id}.outputs.${name}`, value);
  }
  if (options.after !== undefined) await job.run(options.after, {});
  const values = Object.entries(file.outputs ?? {}).map(([name, { value }]) => [name, expand(value, scope)]);
  return { success, outputs: Object.fromEntries(values), ...job.result() };
}

function runStep(job: Job, step: Step, scope: Scope): Promise<Ended> {
  const env = Object.fromEntries(
    Object.entries(step.env ?? {}).map(([key, value]) => [key, expand(String(value), scope)]),
  );
  if (step.uses !== undefined) return job.use(step.uses, step.with ?? {}, env);
  if (step.shell !== 'bash' || step.run === undefined) throw new Error('a run step of an action needs shell: bash');
  return job.run(step.run, env);
}

/** `a == 'b'` and `a != 'b'`: case does not count, as GitHub has it. */
function isTrue(condition: string, scope: Scope): boolean {
  const [, left, operator, right] = /^([\w.-]+) ([!=]=) '([^']*)'$/.exec(condition.trim()) ?? [];
  if (left === undefined || right === undefined) throw new Error(`unknown condition ${condition}`);
  return (scope(left).toLowerCase() === right.toLowerCase()) === (operator === '==');
}

function expand(text: string, scope: Scope): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, name: string) => scope(name));
}

interface Ended {
  readonly code: number;
  readonly outputs: ReadonlyMap<string, string>;
}

/** What lasts from step to step. */
class Job {
  readonly used: string[] = [];
  readonly #options: RunOptions;
  readonly #masks = new Set<string>();
  readonly #annotations: Annotation[] = [];
  readonly #env: Record<string, string> = {};
  #path: string;
  #log = '';
  #summary = '';

  constructor(options: RunOptions) {
    this.#options = options;
    this.#path = options.path ?? `${dirname(process.execPath)}:${process.env.PATH}`;
  }

  run(script: string, env: Readonly<Record<string, string>>): Promise<Ended> {
    return this.#execute('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], env);
  }

  async use(
    action: string,
    inputs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>>,
  ): Promise<Ended> {
    this.used.push(action);
    if (!isGithubScript(action)) return { code: 0, outputs: new Map() };
    const { script = '', ...others } = inputs;
    if (Object.keys(others).length > 0) throw new Error(`inputs that the stand-in does not know: ${action}`);
    // The runner starts actions by a Node.js of its own, whatever is on PATH.
    return this.#execute(process.execPath, GITHUB_SCRIPT, { ...env, ...this.#options.runtime, INPUT_SCRIPT: script });
  }

  async #execute(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
    const { action, workspace, temporary, eventName = 'push', event = {} } = this.#options;
    const folder = join(temporary, '_runner', randomUUID());
    await mkdir(folder, { recursive: true });
    const file = (name: string): string => join(folder, name);
    for (const name of ['output', 'env', 'path', 'summary', 'state']) await writeFile(file(name), '');
    await writeFile(file('event.json'), JSON.stringify(event));
    const child = spawn(command, args, {
      cwd: workspace,
      env: {
        HOME: temporary,
        ...this.#options.env,
        ...this.#env,
        PATH: this.#path,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: action,
        GITHUB_WORKSPACE: workspace,
        GITHUB_EVENT_NAME: eventName,
        GITHUB_EVENT_PATH: file('event.json'),
        GITHUB_REF: 'refs/heads/main',
        GITHUB_OUTPUT: file('output'),
        GITHUB_ENV: file('env'),
        GITHUB_PATH: file('path'),
        GITHUB_STATE: file('state'),
        GITHUB_STEP_SUMMARY: file('summary'),
        RUNNER_TEMP: temporary,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const code = await new Promise<number>((done, fail) => {
      child.on('error', fail);
      child.on('close', (exit) => done(exit ?? -1));
    });
    this.#take(output);
    this.#summary += readFileSync(file('summary'), 'utf8');
    for (const [name, value] of parseFileCommand(readFileSync(file('env'), 'utf8'))) this.#env[name] = value;
    for (const each of readFileSync(file('path'), 'utf8').split('\n').filter(Boolean))
      this.#path = `${each}:${this.#path}`;
    return { code, outputs: parseFileCommand(readFileSync(file('output'), 'utf8')) };
  }

  result(): Pick<RunResult, 'log' | 'summary' | 'annotations' | 'used'> {
    return { log: this.#log, summary: this.#summary, annotations: this.#annotations, used: this.used };
  }

  #take(output: string): void {
    for (const line of output.split('\n')) {
      const command = /^\s*::([\w-]+)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$/.exec(line);
      if (command === null) {
        this.#print(line);
        continue;
      }
      const [, name = '', properties = '', message = ''] = command;
      if (name === 'add-mask') this.#masks.add(unescapeCommand(message));
      else if (/^(error|warning|notice)$/.test(name)) {
        const pairs = properties
          .split(',')
          .filter(Boolean)
          .map((pair) => pair.split('=', 2));
        const read = Object.fromEntries(pairs.map(([key = '', value = '']) => [key, unescapeCommand(value)]));
        this.#annotations.push({ level: name, message: this.#masked(unescapeCommand(message)), properties: read });
        this.#print(`${name}: ${unescapeCommand(message)}`);
      } else if (/^(group|endgroup|debug)$/.test(name)) this.#print(line);
      else throw new Error(`unknown log command ${line}`);
    }
  }

  #print(line: string): void {
    this.#log += `${this.#masked(line)}\n`;
  }

  #masked(text: string): string {
    return [...this.#masks].filter(Boolean).reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
  }
}

function unescapeCommand(text: string): string {
  const characters: Readonly<Record<string, string>> = { '%0A': '\n', '%0D': '\r', '%3A': ':', '%2C': ',', '%25': '%' };
  return text.replace(/%(?:0A|0D|3A|2C|25)/g, (code) => characters[code] ?? code);
}

/** `name=value`, and `name<<DELIMITER` … `DELIMITER`. */
function parseFileCommand(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const lines = text.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === '') continue;
    const [, heredoc, delimiter] = /^([^=]+?)<<(.+)$/.exec(line) ?? [];
    if (heredoc !== undefined && delimiter !== undefined) {
      const end = lines.indexOf(delimiter);
      if (end < 0) throw new Error(`no end of ${line}`);
      values.set(
        heredoc,
        lines
          .splice(0, end + 1)
          .slice(0, -1)
          .join('\n'),
      );
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) throw new Error(`malformed file command ${line}`);
    values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return values;
}
