import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holds, sansIn } from '../../../../src/runtime/k3s/served-certificate.ts';

describe('names of a served certificate', () => {
  const sans = sansIn('DNS:localhost, DNS:API.example.com, IP Address:10.0.0.2, IP Address:FD00:0:0:0:0:0:0:1');

  for (const name of ['localhost', 'api.example.com', '10.0.0.2', 'fd00::1']) {
    it(`hold ${name}`, () => assert.equal(holds(sans, name), true));
  }

  it('do not hold what is only like one of them', () => {
    assert.equal(holds(sans, 'example.com'), false);
    assert.equal(holds(sans, '10.0.0.20'), false);
  });
});
