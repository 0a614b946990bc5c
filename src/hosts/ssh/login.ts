/** How we prove who we are: what a host offers, in an order that gives secrets to as few as possible. */

import { stat } from 'node:fs/promises';
import type { AnyAuthMethod } from 'ssh2';
import { SealerError } from '../../error.ts';
import { type PrivateKey, readPrivateKey, readUsualKeys, type UnusableKey } from './private-key.ts';

/** What there is to log in with, on all the hosts on the way. */
export interface Credentials {
  readonly password: string | undefined;
  readonly keys: readonly PrivateKey[];
  /** The socket of an agent. */
  readonly agent: string | undefined;
  /** Usual files that could not be used, for the error. */
  readonly unusable: readonly UnusableKey[];
}

export interface CredentialSource {
  readonly password?: string | undefined;
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
}

/**
 * Reads what is given; where that is neither a key nor a password, the agent and the usual files of ~/.ssh.
 * @throws SealerError SSH_KEY_INVALID
 */
export async function readCredentials(
  { password, privateKey, passphrase }: CredentialSource,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials> {
  if (privateKey !== undefined) {
    const key = await readPrivateKey(privateKey, passphrase, env.HOME);
    return { password, keys: [key], agent: undefined, unusable: [] };
  }
  if (password !== undefined) return { password, keys: [], agent: undefined, unusable: [] };
  const { keys, unusable } = await readUsualKeys(env.HOME, passphrase);
  return { password, keys, agent: await findAgent(env.SSH_AUTH_SOCK), unusable };
}

/** One login: what to try next, and what was tried. */
export interface Login {
  /** ssh2's `authHandler`. @param offered what the host takes; null before it was asked */
  readonly next: (offered: readonly string[] | null) => AnyAuthMethod | false;
  /** The error when nothing is left. */
  readonly refused: (name: string) => SealerError;
}

/** Begins a login: keys and the agent before passwords, and nothing that the host does not take. */
export function beginLogin(user: string, credentials: Credentials): Login {
  const left = methodsOf(user, credentials);
  const tried: string[] = [];
  let takes: readonly string[] = [];
  let hasAsked = false;
  return {
    next: (offered) => {
      // The answer to `none` is what the host takes.
      if (!hasAsked) {
        hasAsked = true;
        return { type: 'none', username: user };
      }
      takes = offered ?? takes;
      const index = left.findIndex(({ method }) => takes.includes(nameOf(method.type)));
      const [chosen] = index < 0 ? [] : left.splice(index, 1);
      if (chosen === undefined) return false;
      tried.push(chosen.label);
      return chosen.method;
    },
    refused: (name) => loginRefused({ name, user, tried, takes, credentials }),
  };
}

interface Method {
  readonly method: AnyAuthMethod;
  readonly label: string;
}

/** An agent's keys are public keys to the host. */
function nameOf(type: string): string {
  return type === 'agent' ? 'publickey' : type;
}

function methodsOf(username: string, { password, keys, agent }: Credentials): Method[] {
  return [
    ...(agent === undefined
      ? []
      : [{ method: { type: 'agent', username, agent }, label: 'the keys of the agent' } as const]),
    ...keys.map(
      ({ file, key }) => ({ method: { type: 'publickey', username, key }, label: `the key ${file}` }) as const,
    ),
    ...(password === undefined
      ? []
      : [
          { method: { type: 'password', username, password }, label: 'the password' } as const,
          { method: keyboardMethod(username, password), label: 'the password (keyboard-interactive)' },
        ]),
  ];
}

/** A host that asks for a password itself; only the first hidden question gets it, whatever else is asked. */
function keyboardMethod(username: string, password: string): AnyAuthMethod {
  let isAnswered = false;
  return {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      finish(
        prompts.map(({ echo }) => {
          if (echo === true || isAnswered) return '';
          isAnswered = true;
          return password;
        }),
      );
    },
  };
}

async function findAgent(socket: string | undefined): Promise<string | undefined> {
  if (socket === undefined || socket === '') return undefined;
  const found = await stat(socket).catch(() => undefined);
  return found?.isSocket() === true ? socket : undefined;
}

interface Refusal {
  readonly name: string;
  readonly user: string;
  readonly tried: readonly string[];
  readonly takes: readonly string[];
  readonly credentials: Credentials;
}

function loginRefused({ name, user, tried, takes, credentials }: Refusal): SealerError {
  const what = tried.length === 0 ? 'there was nothing to log in with that it takes' : `it refused ${tried.join(', ')}`;
  const offer = takes.length === 0 ? '' : `; it takes ${takes.join(', ')}`;
  const skipped = credentials.unusable.map(({ file, reason }) => `; ${file} was not tried: ${reason}`).join('');
  return new SealerError('SSH_AUTH_FAILED', `${name} does not let ${user} in: ${what}${offer}${skipped}`, {
    hint: hintOf({ takes, credentials }),
  });
}

function hintOf({ takes, credentials }: Pick<Refusal, 'takes' | 'credentials'>): string {
  if (credentials.unusable.length > 0)
    return 'Give the passphrase of the key (SEALER_SSH_PASSPHRASE), or load it into an ssh-agent.';
  if (takes.length > 0 && !takes.includes('password') && !takes.includes('keyboard-interactive')) {
    return "Give a private key whose public one stands in the user's ~/.ssh/authorized_keys there.";
  }
  return 'Check user, password and key; log in once with ssh to see that they work.';
}
