/**
 * What a cluster remembers of itself: `<home>/state.json` on every master. A runner keeps nothing, so any machine that
 * reaches a master goes on from there. No secrets: the Clusterfile in it has none.
 */

import { isSystemError, SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import type { RuntimeName } from '../../runtime/runtime.ts';

export interface SavedState {
  readonly version: 1;
  /** Grows with every change: of several masters' states, the one with the highest is the latest. */
  readonly serial: number;
  /** The cluster's. */
  readonly name: string;
  readonly runtime: RuntimeName;
  /** What the cluster runs, or is on its way to. */
  readonly image: SavedImage;
  /** What it ran before, for a rollback. */
  readonly previous?: SavedImage | undefined;
  /** The Clusterfile of the last apply, as `writeClusterfile` gives it. */
  readonly clusterfile: string;
  readonly masters: readonly string[];
  readonly nodes: readonly string[];
  /** Hosts that are members no more, and are not what they were before yet: a run that broke off owes them that. */
  readonly leftovers?: readonly string[] | undefined;
  readonly registryHosts: readonly string[];
  /** What was launched last and got through: a digest of its commands, files and environment, by name. */
  readonly launched: Readonly<Record<string, string>>;
  /** App images that were installed on top, by repository. */
  readonly apps: Readonly<Record<string, SavedImage>>;
  /** Complete names of the container images that those brought. */
  readonly appImages: readonly string[];
  /** Of the runtime's settings that the cluster was made with, as `Desired.settings`. */
  readonly settings?: string | undefined;
  /** The names that were asked for in the API server's certificate. */
  readonly sans: readonly string[];
  /** Labels and taints that were set by us, by address: what is dropped from the Clusterfile is taken off again. */
  readonly nodeSettings: Readonly<Record<string, NodeSettings>>;
  /** The command that is under way, or was when its run broke off. */
  readonly unfinished?: string | undefined;
  /** Phases of plugins that belong to that run, and that it did not get through. */
  readonly pending?: readonly PendingPhase[] | undefined;
}

export interface PendingPhase {
  readonly phase: string;
  /** Addresses. */
  readonly hosts: readonly string[];
}

export interface SavedImage {
  readonly name: string;
  readonly digest: string;
  readonly kubeVersion?: string | undefined;
}

export interface NodeSettings {
  readonly labels: Readonly<Record<string, string>>;
  /** As `kubectl taint` writes them: `key=value:Effect`. */
  readonly taints: readonly string[];
}

/** Where it is below the cluster's home. */
export const STATE_FILE = 'state.json';

/**
 * Reads the latest state that any of the hosts has.
 * @param hosts those that may be masters; one that has none does not matter
 * @returns undefined where there is none
 * @throws SealerError CLUSTER_NOT_FOUND if a later version of sealer wrote it; what hosts throw
 */
export async function readSavedState(hosts: readonly Host[], home: string): Promise<SavedState | undefined> {
  const texts = await Promise.all(
    hosts.map(async (host) => ({ host, text: await host.readText(`${home}/${STATE_FILE}`) })),
  );
  const states = texts.flatMap(({ host, text }) => (text === undefined ? [] : [parseState(text, host.label)]));
  return states.sort((a, b) => b.serial - a.serial)[0];
}

/** Writes a state to hosts, one after the other: whoever breaks off leaves the first with the latest. */
export async function writeSavedState(
  hosts: readonly Host[],
  home: string,
  state: SavedState,
  signal?: AbortSignal,
): Promise<void> {
  const text = `${JSON.stringify(state, undefined, 2)}\n`;
  for (const host of hosts) await host.write(`${home}/${STATE_FILE}`, text, { mode: 0o600, signal });
}

/** @throws SealerError CLUSTER_NOT_FOUND */
function parseState(text: string, host: string): SavedState {
  const json = parse(text);
  if (json?.version !== 1 || typeof json.serial !== 'number' || typeof json.name !== 'string') {
    throw new SealerError('CLUSTER_NOT_FOUND', `The state of the cluster on ${host} cannot be read`, {
      hint: 'A later version of sealer may have written it: use that one.',
    });
  }
  // Written by us, on a file that only root can write.
  return json as unknown as SavedState;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error)) return undefined;
    throw error;
  }
}
