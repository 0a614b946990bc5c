import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacking, namesIn } from '../../../../src/runtime/certificates/index.ts';

test('names of a certificate are compared as they mean, not as they are written', () => {
  const names = namesIn('DNS:kubernetes, DNS:Api.example.com, IP Address:10.0.0.2, IP Address:FD00:0:0:0:0:0:0:2');
  assert.deepEqual(names, ['kubernetes', 'api.example.com', '10.0.0.2', 'fd00::2']);
  assert.deepEqual(lacking(names, ['API.example.com', '10.0.0.2', 'fd00::2', 'FD00:0::2']), []);
});

test('what is only like a name is not one, and is told as it was written', () => {
  const names = namesIn('DNS:api.example.com, IP Address:10.0.0.2');
  assert.deepEqual(lacking(names, ['Example.com', '10.0.0.20']), ['Example.com', '10.0.0.20']);
  assert.deepEqual(namesIn(''), []);
});
