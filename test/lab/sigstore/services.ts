/** A sigstore on loopback: Fulcio's and Rekor's APIs, as much of them as a signature needs, and the root that trusts them. */

import { createHash, createPublicKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type Authority, makeAuthority, makeLeaf, newKeyPair, spki } from './certificates.ts';

export interface Sigstore extends AsyncDisposable {
  /** `http://127.0.0.1:port`, for both services. */
  readonly address: string;
  /** As JSON, for `--trusted-root`. */
  readonly trustedRoot: string;
  /** Requests, as `POST /api/v2/signingCert`. */
  readonly requests: readonly string[];
  /** What comes next is signed like this. */
  next: {
    /** Seconds from now until the certificate is valid. */
    validFrom?: number;
    /** Answers with this status. */
    status?: number;
  };
}

/** Starts it. Certificates are for the claims `sub` and `iss` of any token: nobody checks it here. */
export async function startSigstore(): Promise<Sigstore> {
  const authority = makeAuthority();
  const log = newKeyPair();
  const logId = createHash('sha256').update(spki(log.publicKey)).digest();
  const requests: string[] = [];
  const next: Sigstore['next'] = {};
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void (async () => {
      const body = await jsonOf(request);
      const status = next.status ?? 201;
      const answer =
        status !== 201 ? {} : request.url === '/api/v2/signingCert' ? certify(authority, body, next) : record(body);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as { port: number }).port;
  const record = (body: Json) => ({ a1: logEntry(body) });
  const logEntry = (proposed: Json): object => {
    const entry = Buffer.from(JSON.stringify(canonicalEntry(proposed)));
    const payload = {
      body: entry.toString('base64'),
      integratedTime: Math.floor(Date.now() / 1000),
      logID: logId.toString('hex'),
      logIndex: 0,
    };
    const promise = sign('sha256', Buffer.from(JSON.stringify(payload)), log.privateKey);
    const rootHash = createHash('sha256')
      .update(Buffer.from([0]))
      .update(entry)
      .digest();
    const note = `127.0.0.1 - 1\n1\n${rootHash.toString('base64')}\n`;
    const noteSignature = Buffer.concat([logId.subarray(0, 4), sign('sha256', Buffer.from(note), log.privateKey)]);
    const checkpoint = `${note}\n\u2014 127.0.0.1 ${noteSignature.toString('base64')}\n`;
    return {
      ...payload,
      verification: {
        signedEntryTimestamp: promise.toString('base64'),
        inclusionProof: { checkpoint, hashes: [], logIndex: 0, rootHash: rootHash.toString('hex'), treeSize: 1 },
      },
    };
  };
  const trustedRoot = JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      {
        baseUrl: 'http://127.0.0.1',
        hashAlgorithm: 'SHA2_256',
        publicKey: {
          rawBytes: spki(log.publicKey).toString('base64'),
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
          validFor: { start: '2020-01-01T00:00:00Z' },
        },
        logId: { keyId: logId.toString('base64') },
      },
    ],
    certificateAuthorities: [
      {
        subject: { organization: 'test', commonName: 'test authority' },
        uri: 'http://127.0.0.1',
        certChain: { certificates: [{ rawBytes: authority.certificate.toString('base64') }] },
        validFor: { start: '2020-01-01T00:00:00Z' },
      },
    ],
    ctlogs: [],
    timestampAuthorities: [],
  });
  return {
    address: `http://127.0.0.1:${port}`,
    trustedRoot,
    requests,
    next,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A token as GitHub gives it, without a signature. */
export function identityToken(identity: string, issuer: string): string {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: identity, iss: issuer, aud: 'sigstore' })}.signature`;
}

type Json = Readonly<Record<string, never>>;

function certify(authority: Authority, body: Json, { validFrom = -1 }: Sigstore['next']): object {
  const { credentials, publicKeyRequest } = body as unknown as {
    credentials: { oidcIdentityToken: string };
    publicKeyRequest: { publicKey: { content: string } };
  };
  const { sub, iss } = JSON.parse(
    Buffer.from(credentials.oidcIdentityToken.split('.')[1] ?? '', 'base64url').toString(),
  );
  const notBefore = new Date(Date.now() + validFrom * 1000);
  const leaf = makeLeaf(authority, createPublicKey(publicKeyRequest.publicKey.content), {
    ...{ identity: sub, issuer: iss, notBefore, notAfter: new Date(notBefore.getTime() + 600_000) },
  });
  return { signedCertificateEmbeddedSct: { chain: { certificates: [pem(leaf), pem(authority.certificate)] } } };
}

/** What Rekor keeps of a DSSE envelope (types/dsse v0.0.1): hashes, signature and certificate. */
function canonicalEntry(proposed: Json): object {
  const { spec } = proposed as unknown as {
    spec: { proposedContent: { envelope: string; verifiers: readonly string[] } };
  };
  const envelope = JSON.parse(spec.proposedContent.envelope);
  const hash = (bytes: Buffer | string) => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(bytes).digest('hex'),
  });
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hash(spec.proposedContent.envelope),
      payloadHash: hash(Buffer.from(envelope.payload, 'base64')),
      signatures: [{ signature: envelope.signatures[0].sig, verifier: spec.proposedContent.verifiers[0] }],
    },
  };
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

async function jsonOf(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
}
