/**
 * Who has a host: `<data root>/.pool/lease.json` on the host itself, so that it needs no server and no workflow's memory. It
 * only ever changes by compare-and-swap under a flock, in one command: a kill leaves the old lease or the new one.
 */

import { SealerError } from '../error.ts';
import type { Host } from '../hosts/host.ts';

/** Who a host belongs to for a while. */
export interface LeaseHolder {
  /** One per preview: the same again for each push. */
  readonly id: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Of the pull request. */
  readonly pull: number;
  /** The cluster that may be on the host; it is deleted before the host is anybody else's. */
  readonly cluster: string;
}

export interface Lease extends LeaseHolder {
  /** Which of the preview's hosts this is, from 0: the first are masters, and stay so. */
  readonly slot: number;
  /** Addresses of all of the preview's hosts. */
  readonly hosts: readonly string[];
  /** ISO 8601. */
  readonly since: string;
  /** Milliseconds since 1970, by the clocks of runners. */
  readonly expires: number;
  /** Set while the host is being taken back: by whom. Nobody else touches it until `expires`. */
  readonly takenBackBy?: string | undefined;
}

/** A host with what was read on it. */
export interface SeenLease {
  readonly host: Host;
  /** Undefined: free. */
  readonly lease: Lease | undefined;
  /** As it stands in the file; what a swap expects. */
  readonly text: string;
}

const FILE = 'lease.json';
const CHANGED = 75;
const LOCK_SECONDS = 20;

// $1 folder, $2 what is expected (nothing: no lease), $3 what shall be (nothing: free).
const SWAP = `
umask 077
mkdir -p "$1" || exit 1
exec 9>>"$1/lock" || exit 1
n=0
until flock -n 9; do n=$((n + 1)); [ "$n" -gt ${LOCK_SECONDS * 10} ] && exit 1; sleep 0.1; done
now=$(cat "$1/${FILE}" 2>/dev/null)
[ "$now" = "$2" ] || exit ${CHANGED}
if [ -z "$3" ]; then rm -f "$1/${FILE}"; exit; fi
printf '%s\\n' "$3" >"$1/${FILE}.new" && sync && mv "$1/${FILE}.new" "$1/${FILE}"
`;

/** Where leases are below a data root; no cluster can have that name. */
export function leaseFolder(dataRoot: string): string {
  return `${dataRoot}/.pool`;
}

/**
 * Reads the lease of a host.
 * @throws SealerError POOL_INVALID if something else is there; what hosts throw
 */
export async function readLease(host: Host, dataRoot: string): Promise<SeenLease> {
  const text = ((await host.readText(`${leaseFolder(dataRoot)}/${FILE}`)) ?? '').trim();
  return { host, text, lease: text === '' ? undefined : parseLease(text, host.label) };
}

/** What a look at a pool gave. */
export interface SeenPool {
  readonly leases: readonly SeenLease[];
  /** Why hosts do not answer, by address. */
  readonly lost: ReadonlyMap<string, SealerError>;
}

/** Reads the leases of all hosts at once. */
export async function readLeases(hosts: readonly Host[], dataRoot: string): Promise<SeenPool> {
  const lost = new Map<string, SealerError>();
  const read = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await readLease(host, dataRoot);
      } catch (error) {
        if (!(error instanceof SealerError)) throw error;
        lost.set(host.address, error);
        return undefined;
      }
    }),
  );
  return { leases: read.filter((each) => each !== undefined), lost };
}

/**
 * Changes a lease if it is still what was seen.
 * @param next undefined: the host is free
 * @returns what is there now; undefined if somebody else was faster
 * @throws SealerError COMMAND_FAILED, and what hosts throw
 */
export async function swapLease(
  { host, text }: SeenLease,
  next: Lease | undefined,
  dataRoot: string,
): Promise<SeenLease | undefined> {
  const wanted = next === undefined ? '' : JSON.stringify(next);
  const argv = ['sh', '-c', SWAP, 'sealer-lease', leaseFolder(dataRoot), text, wanted] as const;
  const { code, stderr } = await host.exec({ argv, allowFailure: true });
  if (code === 0) return { host, lease: next, text: wanted };
  if (code === CHANGED) return undefined;
  throw new SealerError('COMMAND_FAILED', `The lease cannot be written on ${host.label}: ${stderr.trim()}`, {
    hint: 'The host needs flock (util-linux or busybox) and a writable data root.',
  });
}

function parseLease(text: string, where: string): Lease {
  try {
    const lease: Partial<Record<keyof Lease, unknown>> = Object(JSON.parse(text));
    const { id, repository, cluster, pull, slot, hosts, expires } = lease;
    const isWhole =
      [id, repository, cluster].every((each) => typeof each === 'string' && each !== '') &&
      [pull, slot, expires].every((each) => typeof each === 'number') &&
      Array.isArray(hosts);
    // Written by us, and the fields that are decided on were just checked.
    if (isWhole) return lease as unknown as Lease;
  } catch {}
  throw new SealerError('POOL_INVALID', `What is in ${FILE} on ${where} is no lease`, {
    hint: 'A later version of sealer may have written it. If no preview uses the host, remove the file.',
  });
}
