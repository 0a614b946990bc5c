/**
 * Which hosts a registry may send us to.
 *
 * A registry chooses the address of its token server and of its redirects. Without a check it could make a CI runner
 * fetch its cloud's metadata service, which hands out credentials to whoever asks (SSRF).
 */

import type { LookupAddress } from 'node:dns';
import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SealerError } from '../../../error.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local, and the metadata service of most clouds
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6'); // metadata of AWS
forbidden.addAddress('100.100.100.200', 'ipv4'); // metadata of Alibaba Cloud
forbidden.addAddress('192.0.0.192', 'ipv4'); // metadata of Oracle Cloud
forbidden.addSubnet('0.0.0.0', 8, 'ipv4');
forbidden.addAddress('::', 'ipv6');
const FORBIDDEN_NAMES = new Set(['metadata.google.internal', 'metadata', 'instance-data']);

/** Whether a URL's host or `host:port` names this machine itself. */
export function isLoopback(host: string): boolean {
  const name = hostName(host);
  return name === 'localhost' || name.endsWith('.localhost') || isListed(loopback, name);
}

/** Whether a host is one that no registry has business to send us to. */
export function isForbidden(host: string): boolean {
  const name = hostName(host);
  return FORBIDDEN_NAMES.has(name) || isListed(forbidden, name);
}

/**
 * Checks an address that a registry gave: a redirect, an upload session or a token server.
 * @param target where it sends us
 * @param origin the registry's own address; its host is always allowed, and plain http only if it is plain itself
 * @param what for the message: `redirects to`
 * @throws SealerError UNSAFE_REDIRECT
 */
export function checkTarget(target: URL, origin: URL, what: string): void {
  const refuse = (why: string) => {
    throw new SealerError('UNSAFE_REDIRECT', `The registry ${origin.host} ${what} ${target.origin}, ${why}`, {
      hint: 'This is a fault of the registry or of a proxy in front of it; we do not follow.',
    });
  };
  if (target.protocol !== 'https:' && target.protocol !== 'http:') refuse('which is neither https nor http');
  if (target.protocol === 'http:' && origin.protocol === 'https:') refuse('which is not encrypted');
  if (target.hostname === origin.hostname) return;
  if (isForbidden(target.hostname)) refuse('which is a link-local or metadata address');
  if (isLoopback(target.hostname) && !isLoopback(origin.hostname)) refuse('which is this machine');
}

/** A name lookup that refuses names which lead to forbidden addresses. */
export const guardedLookup: LookupFunction = (name, options, callback) => {
  dns.lookup(name, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, '', 0);
    const allowed = found.filter(({ address }) => !isForbidden(address));
    const [first] = allowed;
    if (first === undefined) {
      const refusal = new SealerError('UNSAFE_REDIRECT', `${name} leads to a link-local or metadata address`);
      return callback(refusal, '', 0);
    }
    if (options.all === true) (callback as (e: null, all: LookupAddress[]) => void)(null, allowed);
    else callback(null, first.address, first.family);
  });
};

/** Without port and without the brackets of IPv6. */
function hostName(host: string): string {
  const bracketed = /^\[(?<inner>[^\]]*)\]/.exec(host)?.groups?.inner;
  if (bracketed !== undefined) return bracketed.toLowerCase();
  return (isIP(host) === 6 ? host : host.replace(/:\d*$/, '')).toLowerCase().replace(/\.$/, '');
}

function isListed(list: BlockList, name: string): boolean {
  const family = isIP(name);
  return family !== 0 && list.check(name, family === 6 ? 'ipv6' : 'ipv4');
}
