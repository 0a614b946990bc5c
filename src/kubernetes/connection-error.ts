/** What went wrong on the way to a cluster's API, and whether it may go right later. */

import { isSystemError, SealerError } from '../error.ts';

/** A connection that the other side had closed, or closed on us: says nothing about the next one. */
export function isReset(error: unknown): boolean {
  return isSystemError(error, 'ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED');
}

/** Errors of certificates do not go away by waiting. */
const TRUST: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody that we trust vouches for its certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody that we trust vouches for its certificate',
  UNABLE_TO_GET_ISSUER_CERT: 'nobody that we trust vouches for its certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody that we trust vouches for its certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody that we trust vouches for its certificate',
  CERT_SIGNATURE_FAILURE: 'nobody that we trust vouches for its certificate',
  CERT_UNTRUSTED: 'nobody that we trust vouches for its certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** The failure as users should read it; `undefined` for what is not a failure of the connection. */
export function connectionError(error: unknown, authority: string): SealerError | undefined {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined || error instanceof SealerError) return undefined;
  const distrust = TRUST[code];
  const why = distrust ?? REASONS[code] ?? code;
  return new SealerError('CLUSTER_UNREACHABLE', `The cluster's API at ${authority} cannot be reached: ${why}`, {
    cause: error,
    hint:
      distrust === undefined
        ? 'Is the cluster running, and does its kubeconfig name the right address?'
        : "Use a kubeconfig that this cluster made: its certificate-authority must be the cluster's own.",
  });
}

/**
 * Whether waiting may mend it. An API server that starts or restarts refuses connections, answers 5xx, and for a moment also
 * 401 and 403, before it has read who may do what; but it never changes whom it is.
 */
export function mayPass(error: unknown): error is SealerError {
  if (!(error instanceof SealerError)) return false;
  const { code, cause } = error;
  if (code === 'CLUSTER_API_ERROR') return true;
  const isDistrust = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code in TRUST;
  return code === 'CLUSTER_UNREACHABLE' && !isDistrust;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'it closes the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up',
  EHOSTUNREACH: 'there is no way to it (no route to host)',
  ENETUNREACH: 'there is no way to it (network unreachable)',
  ETIMEDOUT: 'it does not answer in time',
  EPROTO: 'it does not speak TLS as it should',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
};
