/** All hosts of a run, by address. */

import type { HostSpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { ConnectionPool } from './lazy-host.ts';

/** Opens connections; how depends on the provider. */
export type OpenHost = (spec: HostSpec) => Promise<Host>;

export interface FleetOptions {
  readonly open: OpenHost;
  /** Hosts at work at the same time. Default: 32. */
  readonly limit?: number | undefined;
  /** Connections open at the same time. Default: 128. */
  readonly connections?: number | undefined;
}

const DEFAULT_LIMIT = 32;
const DEFAULT_CONNECTIONS = 128;

/** Connects to hosts as they are needed; disposing closes all connections. */
export class Fleet implements AsyncDisposable {
  readonly limit: number;
  readonly #pool: ConnectionPool;
  readonly #open: OpenHost;
  readonly #hosts = new Map<string, Host>();
  readonly #unreachable = new Map<string, SealerError>();

  constructor({ open, limit = DEFAULT_LIMIT, connections = DEFAULT_CONNECTIONS }: FleetOptions) {
    this.limit = limit;
    this.#open = open;
    this.#pool = new ConnectionPool(Math.max(connections, limit));
  }

  /** The host of an entry of the Clusterfile; not connected yet. */
  add(spec: HostSpec): Host {
    const known = this.#hosts.get(spec.address);
    if (known !== undefined) return known;
    const host = this.#pool.host(spec.address, spec.address, () => this.#open(spec));
    this.#hosts.set(spec.address, host);
    return host;
  }

  /** @throws an Error of the programmer's for an address that was never added */
  get(address: string): Host {
    const host = this.#hosts.get(address);
    if (host === undefined) throw new Error(`no host ${address} in the fleet`);
    return host;
  }

  /** Why a host cannot be reached, if `reach` found so. */
  whyUnreachable(address: string): SealerError | undefined {
    return this.#unreachable.get(address);
  }

  /**
   * Asks every host for its facts, so that it is connected once; what cannot be reached is noted, all of it.
   * @returns addresses that cannot be reached
   */
  async reach(hosts: readonly Host[]): Promise<readonly string[]> {
    const outcomes = await inParallel(hosts, this.limit, async (host) => {
      try {
        await host.facts();
        this.#unreachable.delete(host.address);
        return undefined;
      } catch (error) {
        if (!(error instanceof SealerError)) throw error;
        this.#unreachable.set(host.address, error);
        return host.address;
      }
    });
    return outcomes.filter((address) => address !== undefined);
  }

  /**
   * The error for hosts that cannot be reached and have to be.
   * @param addresses one at least
   */
  unreachableError(addresses: readonly string[]): SealerError {
    const errors = addresses.flatMap((address) => this.#unreachable.get(address) ?? []);
    const [first] = errors;
    if (first !== undefined && errors.length === 1) return first;
    const isSame = errors.every(({ code }) => code === first?.code);
    return new SealerError(
      isSame && first !== undefined ? first.code : 'HOST_UNREACHABLE',
      `${addresses.length} hosts cannot be reached`,
      {
        problems: errors.map(({ code, message, hint, at }) => ({ code, message, hint, at })),
        hint: 'Each is listed. Nothing was changed.',
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}
