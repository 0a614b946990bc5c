/** Certificates as an API server has them. */

import { makeAuthority as make, makeServer } from '../../../../src/cluster/registry/certificate.ts';

export interface Authority {
  readonly pem: string;
  /** A key and a certificate for names and addresses. */
  issue(names: readonly string[]): { readonly key: string; readonly cert: string };
}

export function makeAuthority(): Authority {
  const validity = { now: Date.now(), days: 2 };
  const ca = make('kubernetes-ca', validity);
  return {
    pem: ca.certificate,
    issue(names) {
      const { key, certificate } = makeServer(ca, 'kubernetes-ca', names, validity);
      return { key, cert: certificate };
    },
  };
}
