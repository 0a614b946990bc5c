/**
 * From what went wrong upstream to what a container runtime is told, and to what a person reads later.
 *
 * Runtimes get a status that says whether to come back, and a sentence of ours: what a registry says about itself or
 * about an account is for the person who runs us, not for the workloads of a cluster.
 */

import { isSystemError, SealerError } from '../../error.ts';
import { ApiError } from '../server/index.ts';

/** Seconds after which a runtime may come back. */
const RETRY_LIMITED = 60;
const RETRY_LATER = 10;

/** Whether an error says that upstream has no such thing. */
export function isAbsence(error: unknown): boolean {
  return error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND';
}

/** The answer for a request that failed upstream. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof SealerError)) return isAbort(error) ? unavailable('The proxy ends') : error;
  switch (error.code) {
    case 'IMAGE_NOT_FOUND':
      return new ApiError('MANIFEST_UNKNOWN', 'The registry has no such image');
    case 'UNAUTHORIZED':
    case 'DENIED':
      return new ApiError('DENIED', 'The registry does not give this to the account that is used');
    case 'RATE_LIMITED':
      return unavailable('The registry limits how often it is asked', RETRY_LIMITED);
    case 'REGISTRY_UNREACHABLE':
    case 'REGISTRY_ERROR':
    case 'INTERRUPTED':
      return unavailable('The registry cannot be reached or has a fault');
    case 'DISK_FULL':
      return new ApiError('UNKNOWN', 'The disk of the proxy is full', { status: 507 });
    default:
      return new ApiError('UNKNOWN', `The registry's answer is not to be used (${error.code})`, { status: 502 });
  }
}

/** What a record says. The messages of our errors hold no credentials. */
export function reasonOf(error: unknown): string {
  if (error instanceof SealerError) return `${error.code}: ${error.message}`;
  if (isAbort(error)) return 'INTERRUPTED: the proxy ended before it came';
  if (isSystemError(error)) return `${error.code ?? 'INTERNAL'}: the proxy has a fault`;
  return 'INTERNAL: the proxy has a fault';
}

function unavailable(message: string, seconds = RETRY_LATER): ApiError {
  return new ApiError('UNKNOWN', message, { status: 503, headers: { 'Retry-After': String(seconds) } });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
