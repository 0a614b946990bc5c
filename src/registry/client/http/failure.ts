/** From what a registry or the network says to an error that names the fix. No query, header or credential gets in. */

import { type ErrorCode, SealerError } from '../../../error.ts';
import { readBody } from './body.ts';
import { type Answer, drain } from './wire.ts';

/** The most of an error's body that is read; token servers and registries need far less. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** What an error can tell about the request beside the answer. */
export interface FailureContext {
  readonly registry: string;
  /** `push team/app`, for people. */
  readonly doing: string;
  /** Where the credential came from, or where one was looked for in vain: a sentence. */
  readonly credential?: string | undefined;
}

/**
 * The error for an answer that is not what was hoped for. Reads (and ends) the answer's body.
 * @returns UNAUTHORIZED, DENIED, IMAGE_NOT_FOUND, RATE_LIMITED or REGISTRY_ERROR
 */
export async function failureOf(answer: Answer, context: FailureContext): Promise<SealerError> {
  const said = await readComplaint(answer);
  const { code, hint } = diagnose(answer.status, said, context);
  const where = answer.url.host === context.registry ? context.registry : `${context.registry} (${answer.url.host})`;
  const text = said.message === '' ? '' : `: ${said.message}`;
  return new SealerError(code, `Cannot ${context.doing}: ${where} answers ${answer.status}${text}`, { hint });
}

/**
 * The error for a request that got no answer.
 * @returns the error itself if it is already one of ours or not about the network, else REGISTRY_UNREACHABLE,
 *   INSECURE_REGISTRY
 */
export function unreachable(error: unknown, registry: string, doing = `reach ${registry}`): unknown {
  if (error instanceof SealerError || !(error instanceof Error)) return error;
  if (isPlainHttp(error)) {
    return new SealerError('INSECURE_REGISTRY', `The registry ${registry} speaks plain http`, {
      hint: `If the network up to it is trusted, allow it: --insecure-registry ${registry}.`,
      cause: error,
    });
  }
  if (isDistrust(error)) {
    return new SealerError('INSECURE_REGISTRY', `The certificate of ${registry} is not trusted: ${error.message}`, {
      hint: `Put its CA into /etc/containers/certs.d/${registry}/ca.crt, or give the file by --ca-file.`,
      cause: error,
    });
  }
  if (!isConnectionError(error)) return error;
  const notFound = 'code' in error && error.code === 'ENOTFOUND';
  return new SealerError('REGISTRY_UNREACHABLE', `Cannot ${doing}: ${describeError(error)}`, {
    hint: notFound
      ? `Check the name ${registry} and the DNS of this machine.`
      : 'Check the network; behind a proxy, set HTTPS_PROXY and NO_PROXY.',
    cause: error,
  });
}

const CONNECTION_CODES =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|EAI_AGAIN|ENOTFOUND|ENODATA|ERR_STREAM_PREMATURE_CLOSE|ERR_PROXY_TUNNEL|ERR_PROXY_INVALID_CONFIG|EPROTO|HPE_.*|ERR_SSL_.*)$/;

/** Whether an error is about the network: it may pass. */
export function isConnectionError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && CONNECTION_CODES.test(error.code)
  );
}

/** Whether a TLS handshake failed because the other side does not speak TLS. */
export function isPlainHttp(error: Error): boolean {
  return /wrong version number|packet length too long|http request/i.test(error.message);
}

/** Text from outside, safe for one line of a terminal or of a workflow's log. */
export function oneLine(text: string, limit = 300): string {
  const clean = text
    .replace(/\p{C}+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

const DISTRUST =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY)_.*|CERT_.*|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)$/;

function isDistrust(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && DISTRUST.test(error.code);
}

function describeError(error: Error): string {
  const [inner] = error instanceof AggregateError ? error.errors : [];
  const text = inner instanceof Error ? inner.message : error.message;
  // A proxy's URL can carry a password.
  return oneLine(text.replace(/\/\/[^/@\s]*@/g, '//'));
}

interface Complaint {
  /** `CODE message`, or what else the body says; empty if nothing. */
  readonly message: string;
}

/** `{"errors": [{"code", "message", "detail"}]}` (distribution-spec 1.1), or the first line of whatever came. */
async function readComplaint(answer: Answer): Promise<Complaint> {
  let text: string;
  try {
    text = (await readBody(answer, MAX_ERROR_BYTES)).toString('utf8');
  } catch {
    return { message: '' };
  } finally {
    drain(answer);
  }
  try {
    const { errors, error, error_description, message, details } = JSON.parse(text);
    const first = Array.isArray(errors) ? errors[0] : undefined;
    const parts = first === undefined ? [error, error_description ?? message ?? details] : [first.code, first.message];
    return { message: oneLine(parts.filter((part) => typeof part === 'string' && part !== '').join(' ')) };
  } catch {
    return { message: /<html|<!doctype/i.test(text) ? '' : oneLine(text) };
  }
}

function diagnose(status: number, said: Complaint, context: FailureContext): { code: ErrorCode; hint?: string } {
  const credential = context.credential === undefined ? '' : ` ${context.credential}`;
  if (status === 401) {
    return {
      code: 'UNAUTHORIZED',
      hint: `It may also not exist.${credential} Log in: sealer login ${context.registry}.`,
    };
  }
  if (status === 403) return { code: 'DENIED', hint: `Check what this account may do.${credential}` };
  if (status === 404) {
    const isUnknown = said.message.startsWith('NAME_UNKNOWN');
    const hint = isUnknown ? 'Check the name; some registries (ECR) want a repository to be created first.' : undefined;
    return { code: 'IMAGE_NOT_FOUND', hint: hint ?? 'Check the name and the tag.' };
  }
  if (status === 429) {
    const anonymous = context.credential?.startsWith('No ') === true;
    return {
      code: 'RATE_LIMITED',
      hint: anonymous ? `Log in for a higher limit: sealer login ${context.registry}.` : 'Try again later.',
    };
  }
  if (/DIGEST_INVALID/.test(said.message)) return { code: 'DIGEST_MISMATCH', hint: 'The content is damaged.' };
  return { code: 'REGISTRY_ERROR' };
}
