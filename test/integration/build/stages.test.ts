import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeImage } from '../../unit/cluster-image/image-maker.ts';
import { AMD64, ARM64, openSetting, startRegistry } from './setting.ts';

test('files come over from an earlier stage with their modes, and only stages that are needed are built', async () => {
  await using setting = await openSetting();
  const kubefile = [
    'FROM scratch AS unused',
    'RUN exit 1',
    'FROM scratch AS tools',
    'RUN mkdir -p out/sub && echo x > out/sub/x && chmod 750 out/sub/x && ln -s sub/x out/link && ln -s /out abs',
    'FROM scratch',
    'COPY --from=tools /out/ /bin/',
    'COPY --from=1 abs/sub/* /one/',
  ].join('\n');
  const result = await setting.build({ Kubefile: kubefile });
  assert.deepEqual(await setting.layer(result, 0), {
    bin: '755/',
    'bin/link': 'symlink sub/x',
    'bin/sub': '755/',
    'bin/sub/x': 'x\n',
    'bin/sub/x mode': '750',
  });
  assert.deepEqual(await setting.layer(result, 1), { one: '755/', 'one/x': 'x\n', 'one/x mode': '750' });
});

test('a target ends the build at its stage, and a stage on a stage inherits all of it', async () => {
  await using setting = await openSetting();
  const kubefile = 'FROM scratch AS a\nENV A=1\nCOPY f .\nFROM a AS b\nENV B=$A\nFROM b\nRUN exit 1\n';
  const result = await setting.build({ Kubefile: kubefile, f: 'f' }, { target: 'B' });
  assert.deepEqual((await setting.config(result)).config?.Env, ['A=1', 'B=1']);
  assert.deepEqual(await setting.files(result), { f: 'f' });
});

test('a stage for the build platform serves all targets', async () => {
  await using setting = await openSetting();
  const kubefile = [
    'FROM --platform=$BUILDPLATFORM scratch AS tools',
    'ARG TARGETARCH',
    'RUN echo "$TARGETARCH" > for',
    'FROM scratch',
    'COPY --from=tools for .',
  ].join('\n');
  const result = await setting.build(
    { Kubefile: kubefile },
    { platforms: [AMD64, ARM64] },
    { emulates: async () => false },
  );
  assert.deepEqual(await setting.files(result, 0), { for: 'amd64\n' });
  assert.deepEqual(await setting.files(result, 1), { for: 'arm64\n' });
  assert.equal((await setting.config(result, 1)).architecture, 'arm64');
});

test('a base and a COPY --from image come from a registry, and only once', async () => {
  await using setting = await openSetting();
  await using registry = await startRegistry();
  const tar = await tarOf(setting);
  await registry.push('base:v1', makeImage([gzipSync(tar)]));
  const kubefile = `FROM ${registry.address}/base:v1\nCOPY --from=${registry.address}/base:v1 /from/base copied\n`;
  const first = await setting.build({ Kubefile: kubefile });
  assert.equal((await setting.files(first)).copied, 'base');
  assert.ok(first.fetchedBytes > 0);
  const again = await setting.build({ Kubefile: kubefile });
  assert.equal(again.fetchedBytes, 0);
  assert.equal(again.digest, first.digest);
  await registry[Symbol.asyncDispose]();
  assert.equal((await setting.build({ Kubefile: kubefile }, { pull: 'newer' })).digest, first.digest);
  assert.equal((await setting.build({ Kubefile: kubefile }, { pull: 'never' })).digest, first.digest);
  await assert.rejects(setting.build({ Kubefile: kubefile }, { pull: 'always' }), { code: 'REGISTRY_UNREACHABLE' });
});

async function tarOf(setting: Awaited<ReturnType<typeof openSetting>>): Promise<Buffer> {
  const made = await setting.build(
    { Kubefile: 'FROM scratch\nCOPY base /from/\n', base: 'base' },
    { compression: 'none', tags: [] },
  );
  const digest = made.platforms[0]?.layers[0]?.digest;
  assert.ok(digest);
  return setting.store.bytes(digest);
}
