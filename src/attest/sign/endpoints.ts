/** Which sigstore signs without a key: the public one, GitHub's own for private repositories, or one of your own. */

export interface SigstoreEndpoints {
  /** Gives certificates for identities. */
  readonly fulcio: string;
  /** The transparency log. */
  readonly rekor?: string | undefined;
  /** Gives signed times, where there is no log. */
  readonly timestamp?: string | undefined;
}

const PUBLIC_GOOD: SigstoreEndpoints = {
  fulcio: 'https://fulcio.sigstore.dev',
  rekor: 'https://rekor.sigstore.dev',
};

/**
 * The endpoints for a workflow. What is signed with the public sigstore is in a public log for ever, with the names of repository and
 * workflow; so a repository that is not public uses GitHub's own, as `actions/attest` does (lib/endpoints.ts).
 * @param env SEALER_FULCIO_URL, SEALER_REKOR_URL and SEALER_TSA_URL name a sigstore of your own
 * @param visibility of the repository: `public`, `private`, `internal`; undefined where nobody knows
 */
export function sigstoreEndpoints(env: NodeJS.ProcessEnv, visibility: string | undefined): SigstoreEndpoints {
  if (env.SEALER_FULCIO_URL) {
    return {
      fulcio: env.SEALER_FULCIO_URL,
      rekor: env.SEALER_REKOR_URL || undefined,
      timestamp: env.SEALER_TSA_URL || undefined,
    };
  }
  const inWorkflow = env.GITHUB_ACTIONS === 'true';
  return !inWorkflow || visibility === 'public' ? PUBLIC_GOOD : gitHubEndpoints(env);
}

function gitHubEndpoints({ GITHUB_SERVER_URL: server = 'https://github.com' }: NodeJS.ProcessEnv): SigstoreEndpoints {
  const { hostname } = new URL(server);
  const host = hostname === 'github.com' ? 'githubapp.com' : hostname;
  return { fulcio: `https://fulcio.${host}`, timestamp: `https://timestamp.${host}` };
}
