/** The contexts that GitHub gives to every run, and the environment variables that say the same. */

import type { Happening } from './events.ts';
import { REPOSITORY } from './events.ts';
import { isMapping, type Workflow } from './workflow-file.ts';

export interface Server {
  /** `GITHUB_SERVER_URL`: https://github.com, or a GitHub Enterprise Server. */
  readonly url: string;
  readonly apiUrl: string;
}

export const GITHUB: Server = { url: 'https://github.com', apiUrl: 'https://api.github.com' };

export interface RunSetting {
  readonly workflow: Workflow;
  /** Path in the repository, `.github/workflows/ci.yml`. */
  readonly file: string;
  readonly happening: Happening;
  readonly server?: Server;
  /** The job's token. */
  readonly token?: string;
  readonly repository?: string;
  readonly sha?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Of a workflow that another one calls. */
  readonly callInputs?: Readonly<Record<string, unknown>>;
}

/** `github`, `inputs`, `vars` and `secrets` of a run. */
export function runContexts(setting: RunSetting): Readonly<Record<string, unknown>> {
  const { happening, token = '', vars = {}, secrets = {} } = setting;
  const given = happening.isTrusted ? secrets : {};
  return {
    github: { ...githubContext(setting), token },
    inputs: inputsOf(setting),
    vars,
    secrets: { ...given, GITHUB_TOKEN: token },
  };
}

function githubContext(setting: RunSetting): Readonly<Record<string, unknown>> {
  const { workflow, file, happening, server = GITHUB, repository = REPOSITORY, sha = happening.sha } = setting;
  const [owner = ''] = repository.split('/');
  const [, type = '', name = ''] = /^refs\/(heads|tags|pull)\/(.*)$/.exec(happening.ref) ?? [];
  return {
    actor: 'octocat',
    triggering_actor: 'octocat',
    event_name: happening.name,
    event: happening.payload,
    ref: happening.ref,
    ref_name: name,
    ref_type: type === 'tags' ? 'tag' : 'branch',
    ref_protected: name === 'main',
    base_ref: happening.baseRef ?? '',
    head_ref: happening.headRef ?? '',
    sha,
    repository,
    repository_id: '1000',
    repository_owner: owner,
    repository_owner_id: '10',
    server_url: server.url,
    api_url: server.apiUrl,
    graphql_url: `${server.apiUrl}/graphql`,
    run_id: '5000',
    run_number: '12',
    run_attempt: String(happening.attempt),
    workflow: workflow.name ?? file,
    workflow_ref: `${repository}/${file}@${happening.ref}`,
    workflow_sha: sha,
  };
}

/** The same as `GITHUB_…` variables; texts only, the event is a file. */
export function githubVariables(setting: RunSetting): Readonly<Record<string, string>> {
  const pairs = Object.entries(githubContext(setting)).filter(([name]) => name !== 'event');
  return Object.fromEntries(pairs.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, String(value)]));
}

/** What the event or the caller gave, and the defaults of the rest. */
function inputsOf({ workflow, happening, callInputs }: RunSetting): Readonly<Record<string, unknown>> {
  const event = callInputs === undefined ? 'workflow_dispatch' : 'workflow_call';
  if (callInputs === undefined && happening.name !== 'workflow_dispatch') return {};
  const given = callInputs ?? happening.payload.inputs;
  const on = workflow.on[event];
  const declared = isMapping(on) && isMapping(on.inputs) ? on.inputs : {};
  const values = isMapping(given) ? given : {};
  for (const name of Object.keys(values)) {
    if (!(name in declared)) throw new Error(`the workflow has no input ${name}`);
  }
  return Object.fromEntries(
    Object.entries(declared).map(([name, input]) => [name, inputValue(name, isMapping(input) ? input : {}, values)]),
  );
}

function inputValue(
  name: string,
  { type, default: fallback, required }: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): unknown {
  const value = values[name] ?? fallback;
  if (value === undefined && required === true) throw new Error(`the input ${name} is missing`);
  if (type === 'boolean') return value === true || value === 'true';
  if (type === 'number') return Number(value ?? 0);
  return value === undefined ? '' : String(value);
}
