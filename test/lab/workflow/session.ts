/** A runner's job: what lasts from step to step, and running one program as a step. */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseFileCommand, parseLogCommand } from './file-commands.ts';

export interface Annotation {
  readonly level: string;
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface SessionOptions {
  readonly workspace: string;
  /** RUNNER_TEMP; the runner's own files are below it too. */
  readonly temporary: string;
  /** Of every step; steps and the variables that they export go over it. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the runner itself sets (`GITHUB_…`, `RUNNER_…`): nothing that a job says changes it. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What the runner gives to JavaScript actions and keeps from scripts: `ACTIONS_RUNTIME_TOKEN` and the like. */
  readonly runtime?: Readonly<Record<string, string>>;
  /** Texts that the log shows as `***` from the beginning. */
  readonly secrets?: readonly string[];
  readonly event: object;
  /** PATH instead of the one with this process's Node.js in front. */
  readonly path?: string;
}

export interface EndedStep {
  readonly code: number;
  readonly outputs: ReadonlyMap<string, string>;
}

export interface StepOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ends the step, with everything that it started and did not detach, after so many milliseconds. */
  readonly timeout?: number;
}

export class Session {
  readonly options: SessionOptions;
  readonly #masks: Set<string>;
  readonly #annotations: Annotation[] = [];
  readonly #env: Record<string, string> = {};
  #path: string;
  #log = '';
  #summary = '';

  constructor(options: SessionOptions) {
    this.options = options;
    this.#masks = new Set(options.secrets);
    this.#path = options.path ?? `${dirname(process.execPath)}:${process.env.PATH}`;
  }

  /** What a reader of the log sees: masked. */
  get log(): string {
    return this.#log;
  }

  get summary(): string {
    return this.#summary;
  }

  get annotations(): readonly Annotation[] {
    return this.#annotations;
  }

  /** What steps exported by `$GITHUB_ENV`. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** Writes a line of the runner's own. */
  print(line: string): void {
    this.#log += `${this.#masked(line)}\n`;
  }

  /** Runs a program as a step, and takes what it tells the runner. */
  async execute(command: string, args: readonly string[], options: StepOptions): Promise<EndedStep> {
    const { workspace, temporary, event, env = {}, variables = {} } = this.options;
    const folder = join(temporary, '_runner', randomUUID());
    await mkdir(folder, { recursive: true });
    const file = (name: string): string => join(folder, name);
    for (const name of ['output', 'env', 'path', 'summary', 'state']) await writeFile(file(name), '');
    await writeFile(file('event.json'), JSON.stringify(event));
    const code = await this.#spawn(command, args, options, {
      HOME: temporary,
      ...env,
      ...this.#env,
      PATH: this.#path,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ...variables,
      GITHUB_WORKSPACE: workspace,
      GITHUB_EVENT_PATH: file('event.json'),
      GITHUB_OUTPUT: file('output'),
      GITHUB_ENV: file('env'),
      GITHUB_PATH: file('path'),
      GITHUB_STATE: file('state'),
      GITHUB_STEP_SUMMARY: file('summary'),
      RUNNER_TEMP: temporary,
      ...options.env,
    });
    this.#summary += readFileSync(file('summary'), 'utf8');
    for (const [name, value] of parseFileCommand(readFileSync(file('env'), 'utf8'))) this.#env[name] = value;
    for (const each of readFileSync(file('path'), 'utf8').split('\n').filter(Boolean))
      this.#path = `${each}:${this.#path}`;
    return { code, outputs: parseFileCommand(readFileSync(file('output'), 'utf8')) };
  }

  async #spawn(
    command: string,
    args: readonly string[],
    { cwd = this.options.workspace, timeout }: StepOptions,
    env: Readonly<Record<string, string>>,
  ): Promise<number> {
    // A group of its own, so that what the step started ends with it when its time is up.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const end = (): void => {
      this.print(`The step took longer than ${timeout} ms.`);
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    try {
      return await new Promise<number>((done, fail) => {
        child.on('error', fail);
        // Not `close`: what a step left running keeps its pipes, and the runner does not wait for that.
        child.on('exit', (exit) => setImmediate(done, exit ?? -1));
      });
    } finally {
      clearTimeout(timer);
      await this.#drained(child.stdout, child.stderr);
      this.#take(output);
    }
  }

  /** Waits until both streams have ended, or, where somebody holds them open, until they are silent. */
  async #drained(...streams: readonly NodeJS.ReadableStream[]): Promise<void> {
    const ended = streams.map((stream) => finished(stream).catch(() => {}));
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<void>((done) => {
      const again = (): void => {
        clearTimeout(timer);
        timer = setTimeout(done, 300);
      };
      again();
      for (const stream of streams) stream.on('data', again);
    });
    await Promise.race([Promise.all(ended), silent]);
    clearTimeout(timer);
  }

  #take(output: string): void {
    for (const line of output.split('\n')) {
      const command = parseLogCommand(line);
      if (command === undefined) {
        this.print(line);
        continue;
      }
      const { name, properties, message } = command;
      if (name === 'add-mask') this.#masks.add(message);
      else if (/^(error|warning|notice)$/.test(name)) {
        this.#annotations.push({ level: name, message: this.#masked(message), properties });
        this.print(`${name}: ${message}`);
      } else if (/^(group|endgroup|debug)$/.test(name)) this.print(line);
      else throw new Error(`unknown log command ${line}`);
    }
  }

  #masked(text: string): string {
    return [...this.#masks].filter(Boolean).reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
  }
}
