import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageForHosts } from '../../../../src/cluster/image/image-for-hosts.ts';
import { SealerError } from '../../../../src/error.ts';

const found = (code: 'PLATFORM_NOT_FOUND' | 'IMAGE_NOT_FOUND', addresses: readonly string[]) =>
  imageForHosts(
    async () => Promise.reject(new SealerError(code, 'shop:v1 has linux/arm64', { hint: 'It has linux/arm64.' })),
    {
      arch: 'amd64',
      addresses,
    },
  ).catch((error: unknown) => error);

test('an image that has nothing for the hosts is unfit, and they are named', async () => {
  const error = await found('PLATFORM_NOT_FOUND', ['10.0.0.2', '10.0.0.3']);
  assert.ok(error instanceof SealerError);
  assert.equal(error.code, 'IMAGE_UNFIT');
  assert.match(error.message, /^10\.0\.0\.2, 10\.0\.0\.3 are amd64: shop:v1 has linux\/arm64$/);
  assert.match(error.hint ?? '', /^It has linux\/arm64\. Build the image for linux\/amd64/);
  const many = await found('PLATFORM_NOT_FOUND', ['a', 'b', 'c', 'd', 'e']);
  assert.match(String(many), /a, b, c and 2 more are amd64/);
});

test('any other error stays as it is', async () => {
  const error = await found('IMAGE_NOT_FOUND', ['10.0.0.2']);
  assert.ok(error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND');
});
