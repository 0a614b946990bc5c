/** Lists of hosts as people write them: addresses, ranges and names, with user and port. */

import { formatIp, type IpAddress, parseIp } from '../network.ts';

/** One host of a list. */
export interface HostAddress {
  /** An IP address in its canonical form, or a DNS name in lower case. */
  readonly address: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
}

/** What is wrong with one part of a list. */
export interface AddressMistake {
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface HostList {
  readonly hosts: readonly HostAddress[];
  readonly mistakes: readonly AddressMistake[];
}

/** More hosts than this in one range are a typing error: Kubernetes itself is made for up to 5,000 nodes. */
export const MAX_RANGE = 5000;

/** Nobody reads more of one list. */
const MAX_MISTAKES = 100;

/** The same for all lists of a Clusterfile together. */
export const MAX_HOSTS = 10_000;

/**
 * Reads a list separated by commas: `10.0.0.5-10.0.0.9`, `10.0.0.5-9`, `fd00::5-fd00::9`, `web-1.example.com`,
 * `admin@10.0.0.2:2222`, `[fd00::2]:2222`. Every part that is wrong is a mistake, and the others count.
 */
export function parseHostList(text: string): HostList {
  const hosts: HostAddress[] = [];
  const mistakes: AddressMistake[] = [];
  const parts = text.split(',').map((part) => part.trim());
  // A comma at the end is harmless; an empty list is not.
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  for (const part of parts) {
    if (mistakes.length >= MAX_MISTAKES) break;
    const read = parsePart(part);
    if ('message' in read) mistakes.push(read);
    else if (hosts.length + read.hosts.length > MAX_HOSTS)
      mistakes.push({ message: `There are more than ${MAX_HOSTS} hosts` });
    else hosts.push(...read.hosts);
  }
  return { hosts, mistakes };
}

/** An address in the one form in which addresses are compared. */
export function canonicalAddress(text: string): string {
  const ip = parseIp(text);
  return ip === undefined ? text.toLowerCase() : formatIp(ip);
}

type Part = { readonly hosts: readonly HostAddress[] } | AddressMistake;

function parsePart(part: string): Part {
  if (part === '') return { message: 'A host is empty', hint: 'Write addresses, separated by commas.' };
  const at = part.lastIndexOf('@');
  const user = at < 0 ? undefined : part.slice(0, at);
  if (user !== undefined && !USER.test(user)) return { message: `"${part}" has no valid user before the @` };
  const login = user === undefined ? {} : { user };
  const { place, port } = splitPort(part.slice(at + 1));
  if (port !== undefined && !isPort(port)) {
    return { message: `"${part}" has no valid port`, hint: 'A port is a number from 1 to 65535.' };
  }
  const where = port === undefined ? login : { ...login, port: Number(port) };
  const range = rangeOf(place);
  if (range !== undefined) return expandRange(part, range, where);
  const address = addressOf(place);
  return typeof address === 'string' ? { hosts: [{ address, ...where }] } : address;
}

const USER = /^[a-zA-Z_][\w.-]{0,63}\$?$/;

/** `[fd00::2]:22`, `[fd00::2]`, `10.0.0.2:22`; a bare IPv6 address has no port. */
function splitPort(text: string): { readonly place: string; readonly port?: string | undefined } {
  const brackets = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (brackets !== null) return { place: brackets[1] ?? '', port: brackets[2] };
  const colon = text.indexOf(':');
  if (colon < 0 || colon !== text.lastIndexOf(':')) return { place: text };
  return { place: text.slice(0, colon), port: text.slice(colon + 1) };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65536;
}

/** Only addresses make ranges: names may have hyphens. */
function rangeOf(text: string): readonly [string, string] | undefined {
  const hyphen = text.indexOf('-');
  if (hyphen < 0) return undefined;
  const from = text.slice(0, hyphen).trim();
  const to = text.slice(hyphen + 1).trim();
  return looksNumeric(from) || from.includes(':') || looksNumeric(to) ? [from, to] : undefined;
}

function looksNumeric(text: string): boolean {
  return /^[\d.]+$/.test(text) && text.includes('.');
}

function expandRange(part: string, [from, to]: readonly [string, string], where: Omit<HostAddress, 'address'>): Part {
  const first = parseIp(from);
  // 10.0.0.5-9 is the short form of 10.0.0.5-10.0.0.9.
  const last = parseIp(/^\d{1,3}$/.test(to) ? from.replace(/\d+$/, to) : to);
  if (first === undefined) return { message: `"${from}" in the range "${part}" is not an address`, hint: RANGE_HINT };
  if (last === undefined) return { message: `"${to}" in the range "${part}" is not an address`, hint: RANGE_HINT };
  if (first.family !== last.family)
    return { message: `The range "${part}" begins in one IP family and ends in the other` };
  if (last.value < first.value) {
    return { message: `The range "${part}" ends before it begins`, hint: `Write ${to}-${from}.` };
  }
  const count = last.value - first.value + 1n;
  if (count > BigInt(MAX_RANGE)) {
    return { message: `The range "${part}" has ${count} hosts`, hint: `A range may have ${MAX_RANGE} hosts.` };
  }
  return { hosts: Array.from({ length: Number(count) }, (_, i) => ({ address: formatIp(later(first, i)), ...where })) };
}

const RANGE_HINT = 'A range is written as 10.0.0.5-10.0.0.9.';

function later({ family, value }: IpAddress, count: number): IpAddress {
  return { family, value: value + BigInt(count) };
}

function addressOf(text: string): string | AddressMistake {
  const ip = parseIp(text);
  if (ip !== undefined) {
    if (ip.value !== 0n) return formatIp(ip);
    return { message: `"${text}" is no address of a host`, hint: 'Name the address by which other hosts reach it.' };
  }
  if (text.includes('/')) {
    return { message: `"${text}" is a network, not a host`, hint: 'Write the range of its hosts: 10.0.0.5-10.0.0.9.' };
  }
  if (text.includes('%')) return { message: `"${text}" has a zone, which means nothing to other hosts` };
  if (/^[\d.]+$/.test(text) || text.includes(':')) {
    return { message: `"${text}" is not an IP address` };
  }
  if (!NAME.test(text) || text.length > 253) return { message: `"${text}" is neither an address nor a name of a host` };
  return text.toLowerCase();
}

/** RFC 1123, 2.1. */
const NAME = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;
