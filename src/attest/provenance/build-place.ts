/** Where a build runs, as its provenance tells it: a workflow of GitHub, or somebody's machine. */

export interface BuildPlace {
  readonly builder: string;
  readonly source?: { readonly uri: string; readonly digest: { readonly gitCommit: string } } | undefined;
  readonly workflow?: { readonly ref: string; readonly repository: string; readonly path: string } | undefined;
  readonly internal?: Readonly<Record<string, string>> | undefined;
  readonly invocation?: string | undefined;
}

/** A machine of which nobody vouches for anything. */
const LOCAL: BuildPlace = { builder: 'https://github.com/sealer/build/local' };

/**
 * Reads the variables that GitHub sets (docs.github.com, "Default environment variables"). They are as good as the job:
 * a verifier believes the certificate that signed the statement, and compares.
 */
export function buildPlace(env: NodeJS.ProcessEnv): BuildPlace {
  const { GITHUB_SERVER_URL: server = 'https://github.com', GITHUB_REPOSITORY: repository, GITHUB_SHA: sha } = env;
  const { GITHUB_WORKFLOW_REF: workflow, GITHUB_REF: ref } = env;
  if (env.GITHUB_ACTIONS !== 'true' || !repository || !sha || !workflow || !ref) return LOCAL;
  const address = `${server}/${repository}`;
  const { GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt = '1' } = env;
  return {
    builder: `${server}/${workflow}`,
    source: { uri: `git+${address}@${ref}`, digest: { gitCommit: sha } },
    workflow: { ref, repository: address, path: pathOf(workflow, repository) },
    internal: internalOf(env),
    ...(run ? { invocation: `${address}/actions/runs/${run}/attempts/${attempt}` } : {}),
  };
}

/** `owner/repo/.github/workflows/main.yml@refs/heads/main` → `.github/workflows/main.yml` */
function pathOf(workflow: string, repository: string): string {
  const [path = ''] = workflow.split('@');
  return path.startsWith(`${repository}/`) ? path.slice(repository.length + 1) : path;
}

/** Names of slsa-framework/github-actions-buildtypes, workflow/v1. */
function internalOf(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const known = {
    event_name: env.GITHUB_EVENT_NAME,
    repository_id: env.GITHUB_REPOSITORY_ID,
    repository_owner_id: env.GITHUB_REPOSITORY_OWNER_ID,
    runner_environment: env.RUNNER_ENVIRONMENT,
  };
  return Object.fromEntries(Object.entries(known).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
