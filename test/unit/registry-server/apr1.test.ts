import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apr1 } from '../../../src/registry/server/apr1.ts';

test('hashes are those of "openssl passwd -apr1"', () => {
  assert.equal(apr1('secret', 'abcdefgh'), '$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/');
  assert.equal(apr1('', 'xy'), '$apr1$xy$43..WIhbfuznGvwoCyUek/');
  assert.equal(
    apr1('a password longer than sixteen bytes, with ümlauts', '12345678'),
    '$apr1$12345678$JrglcNJpbCM8hb9ZN29BI0',
  );
});
