/** Signs as an identity: a certificate for a few minutes by an identity token, and a public record of the moment. */

import { SealerError } from '../../error.ts';
import { STATEMENT_TYPE } from '../envelope/types.ts';
import type { SigstoreEndpoints } from './endpoints.ts';
import type { Signer } from './signer.ts';

export interface KeylessOptions {
  readonly endpoints: SigstoreEndpoints;
  /** A fresh token for each signature: they live for minutes. */
  readonly token: () => Promise<string>;
}

const TIMEOUT_MS = 20_000;
const RETRIES = 3;

/**
 * Signs with sigstore. `sign` throws SealerError SIGNING_FAILED when a service does not answer or refuses, and what `token`
 * throws.
 */
export function keylessSigner({ endpoints, token }: KeylessOptions): Signer {
  return {
    name: `identity, by ${endpoints.fulcio}`,
    async sign(statement) {
      // Before any service is asked, and not through the library: it would put the token into its error.
      const identityToken = await token();
      const { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness, bundleToJSON } = await import(
        '../sigstore-libraries.ts'
      );
      const options = { timeout: TIMEOUT_MS, retry: RETRIES };
      const signer = new FulcioSigner({
        ...options,
        fulcioBaseURL: endpoints.fulcio,
        identityProvider: { getToken: async () => identityToken },
      });
      const witnesses = [
        ...(endpoints.rekor === undefined
          ? []
          : [new RekorWitness({ ...options, rekorBaseURL: endpoints.rekor, entryType: 'dsse' })]),
        ...(endpoints.timestamp === undefined ? [] : [new TSAWitness({ ...options, tsaBaseURL: endpoints.timestamp })]),
      ];
      try {
        const bundle = await new DSSEBundleBuilder({ signer, witnesses }).create({
          data: statement,
          type: STATEMENT_TYPE,
        });
        return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
      } catch (error) {
        throw failed(error, endpoints);
      }
    },
  };
}

/** Codes of @sigstore/sign; its messages and causes may hold the token. */
const SERVICES: Readonly<Record<string, 'fulcio' | 'rekor' | 'timestamp'>> = {
  CA_CREATE_SIGNING_CERTIFICATE_ERROR: 'fulcio',
  TLOG_CREATE_ENTRY_ERROR: 'rekor',
  TLOG_FETCH_ENTRY_ERROR: 'rekor',
  TSA_CREATE_TIMESTAMP_ERROR: 'timestamp',
};

function failed(error: unknown, endpoints: SigstoreEndpoints): SealerError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const status = statusOf(error);
  const service = SERVICES[code];
  const address = service === undefined ? undefined : endpoints[service];
  const whom = address ?? 'sigstore';
  const what = status === undefined ? 'did not answer as it should' : `answered with status ${status}`;
  return new SealerError('SIGNING_FAILED', `Signing failed: ${whom} ${what}${code === '' ? '' : ` (${code})`}`, {
    hint:
      status === 400 || status === 401 || status === 403
        ? 'The identity token was refused: it has to be for the audience "sigstore", of an issuer that the service knows.'
        : 'Run it again; status.sigstore.dev tells of outages. Signing with a key needs no service.',
  });
}

function statusOf(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const status = typeof cause === 'object' && cause !== null && 'statusCode' in cause ? cause.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
