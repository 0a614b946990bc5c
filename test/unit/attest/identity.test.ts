import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serializeStatement } from '../../../src/attest/envelope/statement.ts';
import { SIGNATURE_PREDICATE } from '../../../src/attest/envelope/types.ts';
import { getIdentityToken, type IdentityPolicy, keylessSigner } from '../../../src/attest/index.ts';
import { verifyBundle } from '../../../src/attest/verify/verify-bundle.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { identityToken, type Sigstore, startSigstore } from '../../lab/sigstore/services.ts';
import { sealerError } from '../registry-client/setting.ts';

const WORKFLOW = 'https://github.com/me/shop/.github/workflows/release.yml@refs/heads/main';
const GITHUB = 'https://token.actions.githubusercontent.com';
const STATEMENT = serializeStatement({
  subjects: [{ digest: digestOf('image') }],
  predicateType: SIGNATURE_PREDICATE,
  predicate: {},
});

describe('a signature without a key', () => {
  let sigstore: Sigstore;
  let other: Sigstore;
  let bundle: Buffer;

  before(async () => {
    [sigstore, other] = [await startSigstore(), await startSigstore()];
    bundle = await signAs(WORKFLOW, GITHUB);
  });
  after(async () => {
    await sigstore[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  async function signAs(identity: string, issuer: string): Promise<Buffer> {
    const endpoints = { fulcio: sigstore.address, rekor: sigstore.address };
    return await keylessSigner({ endpoints, token: async () => identityToken(identity, issuer) }).sign(STATEMENT);
  }

  function trust(more: Partial<IdentityPolicy> = {}): IdentityPolicy {
    const expected = { identity: { exactly: WORKFLOW }, issuer: { exactly: GITHUB } };
    return { kind: 'identity', ...expected, trustedRoots: [sigstore.trustedRoot], ...more };
  }

  const refused = (message: RegExp) => (error: unknown) =>
    sealerError('SIGNATURE_INVALID')(error) && message.test(String(error instanceof Error && error.message));

  test('is verified without a network: who signed, and who vouches for that', async () => {
    const asked = sigstore.requests.length;
    const { statement, by } = await verifyBundle(bundle, trust());
    assert.deepEqual(by, { kind: 'identity', identity: WORKFLOW, issuer: GITHUB });
    assert.deepEqual(
      statement.subjects.map(({ digest }) => digest),
      [digestOf('image')],
    );
    assert.equal(sigstore.requests.length, asked);
  });

  test('of a name that matches a pattern as a whole is trusted, of one that only has it inside is not', async () => {
    const pattern = /^(?:https:\/\/github\.com\/me\/.*)$/u;
    await verifyBundle(bundle, trust({ identity: { pattern } }));
    const evil = await signAs('https://evil.example/?https://github.com/me/x', GITHUB);
    await assert.rejects(verifyBundle(evil, trust({ identity: { pattern } })), refused(/evil\.example/));
  });

  test('by another workflow is refused, and so is one whose name begins the same or has other characters for dots', async () => {
    for (const identity of [`${WORKFLOW}2`, WORKFLOW.replace('github.com', 'githubxcom'), 'me@example.com']) {
      await assert.rejects(verifyBundle(await signAs(identity, GITHUB), trust()), refused(/is expected/));
    }
  });

  test('that another issuer vouches for is refused', async () => {
    const bundle = await signAs(WORKFLOW, 'https://issuer.example');
    await assert.rejects(verifyBundle(bundle, trust()), refused(/issuer\.example vouches/));
  });

  test('with a certificate that was not valid when the log recorded it is refused', async () => {
    for (const validFrom of [-3600, 3600]) {
      sigstore.next.validFrom = validFrom;
      const bundle = await signAs(WORKFLOW, GITHUB).finally(() => delete sigstore.next.validFrom);
      await assert.rejects(verifyBundle(bundle, trust()), refused(/certificate chain/));
    }
  });

  test('by an authority that is not trusted is refused; of several trusted roots one has to be the right one', async () => {
    await assert.rejects(
      verifyBundle(bundle, trust({ trustedRoots: [other.trustedRoot] })),
      sealerError('SIGNATURE_INVALID'),
    );
    await verifyBundle(bundle, trust({ trustedRoots: [other.trustedRoot, sigstore.trustedRoot] }));
    await verifyBundle(bundle, trust({ trustedRoots: [`${other.trustedRoot}\n${sigstore.trustedRoot}\n`] }));
  });

  test('whose log entry is gone, is for something else, or was altered is refused', async () => {
    const second = JSON.parse((await signAs(WORKFLOW, GITHUB)).toString());
    const altered: ((json: ReturnType<typeof JSON.parse>) => void)[] = [
      (json) => (json.verificationMaterial.tlogEntries = []),
      (json) => (json.verificationMaterial.tlogEntries = second.verificationMaterial.tlogEntries),
      (json) => (json.verificationMaterial.tlogEntries[0].integratedTime = '1'),
      (json) => (json.verificationMaterial.tlogEntries[0].inclusionPromise.signedEntryTimestamp = 'AAAA'),
      (json) => (json.verificationMaterial.certificate = second.verificationMaterial.certificate),
    ];
    for (const [i, alter] of altered.entries()) {
      const json = JSON.parse(bundle.toString());
      alter(json);
      await assert.rejects(
        verifyBundle(Buffer.from(JSON.stringify(json)), trust()),
        sealerError('SIGNATURE_INVALID'),
        `${i}`,
      );
    }
  });

  test('over an altered statement is refused', async () => {
    const json = JSON.parse(bundle.toString());
    const statement = Buffer.from(json.dsseEnvelope.payload, 'base64').toString();
    json.dsseEnvelope.payload = Buffer.from(statement.replace(/[a-f0-9]{64}/, 'f'.repeat(64))).toString('base64');
    await assert.rejects(verifyBundle(Buffer.from(JSON.stringify(json)), trust()), sealerError('SIGNATURE_INVALID'));
  });

  test('is not taken for one with a key', async () => {
    const { readPublicKey } = await import('../../../src/attest/index.ts');
    const { newKeyPair } = await import('../../lab/sigstore/certificates.ts');
    const pem = newKeyPair().publicKey.export({ format: 'pem', type: 'spki' });
    const policy = { kind: 'key', key: readPublicKey(String(pem), 'key') } as const;
    await assert.rejects(verifyBundle(bundle, policy), refused(/signed without a key/));
  });

  test('is not made when the authority refuses; the token is in no message', async () => {
    sigstore.next.status = 403;
    const token = identityToken(WORKFLOW, GITHUB);
    const signing = keylessSigner({ endpoints: { fulcio: sigstore.address }, token: async () => token }).sign(
      STATEMENT,
    );
    await assert.rejects(signing, (error: unknown) => {
      assert.ok(sealerError('SIGNING_FAILED')(error));
      assert.ok(error instanceof Error && error.message.includes('status 403'));
      assert.ok(!JSON.stringify([error.message, String(error.stack), error.cause]).includes(token));
      return true;
    });
    delete sigstore.next.status;
  });
});

test('a job without id-token: write is told which permission it lacks', async () => {
  const asking = getIdentityToken({ GITHUB_ACTIONS: 'true' }, fetch);
  await assert.rejects(asking, (error: unknown) => {
    assert.ok(sealerError('ID_TOKEN_MISSING')(error));
    assert.ok(error instanceof Error && 'hint' in error && String(error.hint).includes('id-token: write'));
    return true;
  });
});

test('the token is asked for with the audience that sigstore wants, and its address is in no message', async () => {
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com/token?x=secret',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
  };
  const asked: string[] = [];
  const answer = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    asked.push(`${url} ${new Headers(init?.headers).get('authorization')}`);
    return new Response('{"value":"abc"}');
  };
  assert.equal(await getIdentityToken(env, answer), 'abc');
  assert.deepEqual(asked, ['https://example.com/token?x=secret&audience=sigstore Bearer t']);
  const failing = getIdentityToken(env, async () => new Response('', { status: 500 }));
  await assert.rejects(
    failing,
    (error: unknown) => sealerError('SIGNING_FAILED')(error) && !String(error).includes('secret'),
  );
});
