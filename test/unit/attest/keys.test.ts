import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { parseBundle } from '../../../src/attest/envelope/bundle.ts';
import { keySigner, readPrivateKey, readPublicKey } from '../../../src/attest/index.ts';
import { openSecretbox } from '../../../src/attest/sign/secretbox.ts';
import { verifyBundle } from '../../../src/attest/verify/verify-bundle.ts';
import { newKeyPair } from '../../lab/sigstore/certificates.ts';
import { sealerError } from '../registry-client/setting.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test("NaCl's secretbox opens as its own test vector says, and not when a bit of it is another", () => {
  const key = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
  const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
  const message = hex(
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
  );
  const box = hex(
    'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
  );
  assert.deepEqual(openSecretbox(box, nonce, key), message);
  for (const at of [0, 15, 16, box.length - 1]) {
    const altered = Buffer.from(box);
    altered[at] = (altered[at] ?? 0) ^ 1;
    assert.equal(openSecretbox(altered, nonce, key), undefined);
  }
});

const STATEMENT = Buffer.from(
  '{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x","predicate":{}}',
);

function pemOf(key: KeyObject, passphrase?: string): string {
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return String(key.export({ format: 'pem', type: 'pkcs8', ...cipher }));
}

test('a key signs, plain or under a passphrase, and its public part verifies', async () => {
  const { privateKey, publicKey } = newKeyPair();
  const policy = { kind: 'key', key: publicKey } as const;
  for (const [pem, passphrase] of [[pemOf(privateKey)], [pemOf(privateKey, 'pass word'), 'pass word']] as const) {
    const bundle = await keySigner(await readPrivateKey(pem, passphrase, 'key')).sign(STATEMENT);
    assert.equal((await verifyBundle(bundle, policy)).by.kind, 'key');
    await assert.rejects(
      verifyBundle(bundle, { kind: 'key', key: newKeyPair().publicKey }),
      sealerError('SIGNATURE_INVALID'),
    );
  }
});

test('a wrong or missing passphrase, another curve and what is no key are told apart', async () => {
  const { privateKey } = newKeyPair();
  const pem = pemOf(privateKey, 'right');
  await assert.rejects(
    readPrivateKey(pem, undefined, 'my.key'),
    sealerError('SIGNING_KEY_INVALID', /my\.key is encrypted/),
  );
  await assert.rejects(
    readPrivateKey(pem, 'wrong', 'my.key'),
    sealerError('SIGNING_KEY_INVALID', /passphrase is wrong/),
  );
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  await assert.rejects(readPrivateKey(pemOf(rsa), undefined, 'my.key'), sealerError('SIGNING_KEY_INVALID', /rsa/));
  const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey;
  const text = String(p384.export({ format: 'pem', type: 'spki' }));
  assert.throws(() => readPublicKey(text, 'my.pub'), sealerError('SIGNING_KEY_INVALID', /secp384r1/));
  assert.throws(() => readPublicKey('hello', 'my.pub'), sealerError('SIGNING_KEY_INVALID', /my\.pub/));
});

test('an altered payload, an altered signature and a second signature are refused', async () => {
  const { privateKey } = newKeyPair();
  const policy = { kind: 'key', key: createPublicKey(privateKey) } as const;
  const bundle = (await keySigner(privateKey).sign(STATEMENT)).toString();
  const { dsseEnvelope } = JSON.parse(bundle);
  const other = Buffer.from(STATEMENT.toString().replace('"x"', '"y"')).toString('base64');
  const sig = dsseEnvelope.signatures[0].sig as string;
  for (const altered of [
    bundle.replace(dsseEnvelope.payload, other),
    bundle.replace(sig, `${sig.slice(0, 20)}${sig[20] === 'A' ? 'B' : 'A'}${sig.slice(21)}`),
    bundle.replace('"signatures":[', `"signatures":[{"sig":"${sig}"},`),
    bundle.replace('application/vnd.in-toto+json', 'application/json'),
    '{}',
    'no JSON',
  ]) {
    await assert.rejects(verifyBundle(Buffer.from(altered), policy), sealerError('SIGNATURE_INVALID'));
  }
  assert.equal(parseBundle(Buffer.from(bundle)).by, 'key');
});
