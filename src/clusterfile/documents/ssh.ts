/** How hosts are reached. */

import { parseHostList } from '../addresses/hosts.ts';
import type { SshSpec } from '../desired.ts';
import { below, type Checked, flagBelow, textBelow, wholeBelow } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';
import { warnLiteral } from './env.ts';

/** What a Clusterfile or the command line says of it; the rest comes from the level above. */
export type SshPart = { readonly [Key in keyof SshSpec]?: SshSpec[Key] | undefined };

/** What counts where nobody says anything. */
export const SSH_DEFAULTS: SshSpec = { user: 'root', port: 22 };

/** Reads an `ssh` mapping. */
export function readSsh(ssh: Checked | undefined, findings: Findings): SshPart {
  if (flagBelow(ssh, 'encrypted')) {
    const at = below(ssh, 'encrypted')?.at ?? ssh?.at;
    const hint = 'The key to them is in the source of the Go sealer: write the password as ${SSH_PASSWORD} instead.';
    if (at !== undefined) findings.add(at, 'Encrypted passwords are not supported', hint);
  }
  for (const key of ['passwd', 'pkPasswd', 'sudoPasswd']) {
    const secret = below(ssh, key);
    if (secret !== undefined && secret.text !== '' && !secret.isFromEnv) warnLiteral(secret.at, `ssh.${key}`, findings);
  }
  checkJump(below(ssh, 'jump'), findings);
  return layer(
    {
      user: textBelow(ssh, 'user'),
      port: wholeBelow(ssh, 'port'),
      password: textBelow(ssh, 'passwd'),
      privateKey: textBelow(ssh, 'pk'),
      passphrase: textBelow(ssh, 'pkPasswd'),
      jump: textBelow(ssh, 'jump'),
      sudoPassword: textBelow(ssh, 'sudoPasswd'),
    },
    {},
  );
}

/** One level over another; empty texts count as not given. */
export function layer(over: SshPart, under: SshPart): SshPart {
  const given = Object.entries(over).filter(([, value]) => value !== undefined && value !== '');
  return { ...under, ...Object.fromEntries(given) };
}

/** The parts with their defaults: the password is also the one for sudo. */
export function completeSsh(part: SshPart): SshSpec {
  const { user = SSH_DEFAULTS.user, port = SSH_DEFAULTS.port, ...others } = part;
  const sudoPassword = part.sudoPassword ?? part.password;
  return { user, port, ...others, ...(sudoPassword === undefined ? {} : { sudoPassword }) };
}

function checkJump(jump: Checked | undefined, findings: Findings): void {
  if (jump?.text === undefined || jump.text === '') return;
  const parts = jump.text.split(',');
  for (const part of parts) {
    const { hosts, mistakes } = parseHostList(part);
    for (const { message, hint } of mistakes) findings.add(jump.at, `ssh.jump: ${message}`, hint);
    if (hosts.length > 1) findings.add(jump.at, `ssh.jump: "${part}" is a range`, 'Name the jump hosts one by one.');
  }
}
