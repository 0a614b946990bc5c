/** The inputs of actions/run, under the names that its action.yml gives them. */

import { readDuration, type TrustFlags } from '../../cli/index.ts';
import { SealerError } from '../../error.ts';
import { readTrustInputs } from './attest-inputs.ts';
import { parseList, parsePairs } from './lists.ts';
import { type PreviewInputs, readPreviewInputs } from './preview-inputs.ts';
import { choose, type ReadInput, readBoolean, readChoice } from './read-input.ts';
import { type RegistryInputs, readRegistryInputs } from './registry-inputs.ts';

export const RUN_COMMANDS = ['apply', 'plan', 'upgrade', 'delete'] as const;
export const PROVIDERS = ['ssh', 'container'] as const;

export interface RunInputs extends RegistryInputs {
  readonly command: (typeof RUN_COMMANDS)[number];
  readonly image: string | undefined;
  readonly clusterfile: string | undefined;
  readonly masters: string | undefined;
  readonly nodes: string | undefined;
  readonly clusterHost: string | undefined;
  readonly name: string | undefined;
  readonly dataRoot: string | undefined;
  readonly provider: (typeof PROVIDERS)[number] | undefined;
  readonly ssh: SshInputs;
  readonly env: Readonly<Record<string, string>>;
  readonly apps: string | undefined;
  readonly dryRun: boolean;
  readonly waits: boolean;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly skipChecks: boolean;
  readonly pull: 'missing' | 'always' | 'never';
  readonly parallel: number;
  readonly hostImage: string | undefined;
  readonly store: string | undefined;
  readonly summary: boolean;
  readonly allowUnsafeFork: boolean;
  readonly trust: TrustFlags;
  readonly preview: PreviewInputs;
}

export interface SshInputs {
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** The key itself. */
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
  readonly password: string | undefined;
  readonly sudoPassword: string | undefined;
  /** Lines of known_hosts. */
  readonly knownHosts: string | undefined;
  readonly fingerprints: readonly string[];
  readonly jump: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 15 * 60_000;
const DEFAULT_LOCK_MS = 10 * 60_000;
const DEFAULT_PARALLEL = 32;

/**
 * Reads and checks the inputs.
 * @throws SealerError USAGE, naming the input
 */
export function readRunInputs(read: ReadInput): RunInputs {
  const text = (name: string) => read(name).trim() || undefined;
  const provider = text('provider');
  return {
    command: readChoice(read, 'command', RUN_COMMANDS, 'apply'),
    ...{ image: text('image'), clusterfile: text('clusterfile'), masters: text('masters'), nodes: text('nodes') },
    ...{ clusterHost: text('cluster-host'), name: text('name'), dataRoot: text('data-root') },
    provider: provider === undefined ? undefined : choose('provider', provider, PROVIDERS),
    ssh: readSsh(read),
    env: parsePairs(read('env'), { comma: false }),
    apps: parseList(read('apps'), { comma: true }).join(',') || undefined,
    dryRun: readBoolean(read, 'dry-run', false),
    waits: readBoolean(read, 'wait', true),
    timeoutMs: readDuration(read('timeout'), 'The input timeout', DEFAULT_TIMEOUT_MS),
    lockTimeoutMs: readDuration(read('lock-timeout'), 'The input lock-timeout', DEFAULT_LOCK_MS),
    skipChecks: readBoolean(read, 'skip-checks', false),
    pull: readChoice(read, 'pull', ['missing', 'always', 'never'], 'missing'),
    parallel: readNumber(read, 'parallel') ?? DEFAULT_PARALLEL,
    hostImage: text('host-image'),
    store: text('store'),
    summary: readBoolean(read, 'summary', true),
    allowUnsafeFork: readBoolean(read, 'allow-unsafe-fork', false),
    trust: readTrustInputs(read),
    preview: readPreviewInputs(read),
    ...readRegistryInputs(read),
  };
}

function readSsh(read: ReadInput): SshInputs {
  const text = (name: string) => read(name).trim() || undefined;
  // Keys and passwords are taken as they are.
  const secret = (name: string) => read(name) || undefined;
  return {
    ...{ user: text('ssh-user'), port: readNumber(read, 'ssh-port'), key: secret('ssh-key') },
    ...{
      passphrase: secret('ssh-passphrase'),
      password: secret('ssh-password'),
      sudoPassword: secret('sudo-password'),
    },
    ...{
      knownHosts: text('ssh-known-hosts'),
      jump: parseList(read('ssh-jump'), { comma: true }).join(',') || undefined,
    },
    fingerprints: parseList(read('ssh-fingerprints'), { comma: true }),
  };
}

/** @throws SealerError USAGE */
function readNumber(read: ReadInput, name: string): number | undefined {
  const text = read(name).trim();
  if (text === '') return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && value <= 65_535) return value;
  throw new SealerError('USAGE', `The input ${name} is "${text}", which is no number of its kind`);
}
