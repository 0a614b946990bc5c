/** Jump hosts as they are written: `user@host:port`, several separated by commas. */

import { SealerError } from '../../error.ts';
import type { Target } from './dial.ts';

/**
 * Reads a list of jump hosts, in the order in which they are passed.
 * @param user who logs in where none is named
 * @throws SealerError USAGE
 */
export function parseJumps(text: string | undefined, user: string): Target[] {
  if (text === undefined || text.trim() === '') return [];
  return text.split(',').map((part) => parseJump(part.trim().replace(/^ssh:\/\//, ''), user));
}

function parseJump(text: string, user: string): Target {
  const at = text.lastIndexOf('@');
  const place = text.slice(at + 1);
  const [, bracketed, plain, portText = '22'] =
    /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]+))(?::(\d+))?$/.exec(place) ?? [];
  const isBareIpv6 = /^[0-9a-fA-F:.]+$/.test(place) && place.split(':').length > 2;
  const address = isBareIpv6 ? place : (bracketed ?? plain);
  const port = isBareIpv6 ? 22 : Number(portText);
  if (address === undefined || at === 0 || port < 1 || port > 65535) {
    throw new SealerError('USAGE', `"${text}" is not a jump host`, {
      hint: 'Write user@host:port; several are separated by commas.',
    });
  }
  return { user: at < 0 ? user : text.slice(0, at), address, port, label: `the jump host ${address}` };
}
