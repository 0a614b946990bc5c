import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAbout, knownName, parseKnownHosts } from '../../../src/hosts/ssh/known-hosts.ts';

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ0eZ1sYz0m1c0yP1h3kLqk6i0v9q3n3v3o0kO3o2a1b';

function about(names: string, address: string, port = 22): boolean {
  const [known] = parseKnownHosts(`${names} ssh-ed25519 ${KEY}\n`, 'f');
  assert.ok(known !== undefined);
  return isAbout(known, knownName(address, port));
}

describe('known_hosts', () => {
  it('names with another port than 22 are in brackets, and mean that port alone', () => {
    assert.ok(about('10.0.0.2', '10.0.0.2'));
    assert.ok(!about('10.0.0.2', '10.0.0.2', 2222));
    assert.ok(about('[10.0.0.2]:2222', '10.0.0.2', 2222));
    assert.ok(!about('[10.0.0.2]:2222', '10.0.0.2'));
  });

  it('patterns match, and a negated one excludes whatever else matches', () => {
    assert.ok(about('*.example.org', 'a.b.example.org'));
    assert.ok(about('10.0.0.?', '10.0.0.7'));
    assert.ok(!about('10.0.0.?', '10.0.0.17'));
    assert.ok(!about('10.0.0.*,!10.0.0.7', '10.0.0.7'));
    assert.ok(about('Host.Example.org', 'hOST.example.ORG'));
    assert.ok(!about('*', '10.0.0.2') === false);
  });

  it('a pattern made to be slow is not', () => {
    assert.ok(!about(`${'*a'.repeat(40)}b`, 'a'.repeat(200)));
  });

  it('lines that are comments, broken, of unknown marks, or whose key is of another type are left out', () => {
    const text = `# x\n\nhost\nhost ssh-ed25519\nhost ssh-rsa ${KEY}\n@what host ssh-ed25519 ${KEY}\nhost ssh-ed25519 ####\n@revoked host ssh-ed25519 ${KEY} who\r\n`;
    const known = parseKnownHosts(text, 'file');
    assert.deepEqual(
      known.map(({ line, marker }) => [line, marker]),
      [[8, 'revoked']],
    );
  });
});
