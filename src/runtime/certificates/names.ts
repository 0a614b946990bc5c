/** Names and addresses that a certificate is for: as Node.js writes them, and however somebody else does. */

import { isIP } from 'node:net';

/**
 * The names of a subjectAltName, lower-case, addresses in one spelling.
 * @param subjectAltName as Node.js writes it: `DNS:master-1, IP Address:10.0.0.2`; a name with a comma, which none can have, would be quoted
 */
export function namesIn(subjectAltName: string): readonly string[] {
  return subjectAltName.split(', ').flatMap((each) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(each) ?? [];
    return name === undefined ? [] : [plain(name)];
  });
}

/** Those of the wanted names that a certificate with these names is not for, as they were written. */
export function lacking(names: readonly string[], wanted: readonly string[]): readonly string[] {
  const known = new Set(names.map(plain));
  return wanted.filter((name) => !known.has(plain(name)));
}

/** One way of writing an address: Node.js's own for IPv6 is `FE80:0:0:0:0:0:0:1`. */
function plain(name: string): string {
  if (isIP(name) !== 6) return name.toLowerCase();
  return new URL(`http://[${name}]/`).hostname.slice(1, -1);
}
