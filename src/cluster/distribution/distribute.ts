/**
 * Brings a cluster image to hosts. Each byte crosses the runner's link once: to the first registry host, whose registry
 * then gives it to the other registry hosts, and all of these to everyone else.
 *
 * Nothing here has to be undone: what is whole appears under its name, and what is not is begun anew or gone on with.
 */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { type Report, silent } from '../../progress.ts';
import { fetchItems } from './fetch.ts';
import type { FetchSource } from './fetch-source.ts';
import type { Item } from './item.ts';
import { mergeImages, offerItems } from './merge.ts';
import { layerRepository } from './places.ts';
import { type DistributionPlan, type HostPlan, isDone } from './plan.ts';
import { labelOf, type SendOptions, sendItems, taskOf } from './send.ts';
import { unpackRootfs } from './unpack.ts';

export interface DistributeOptions {
  /** The cluster's folder on hosts. */
  readonly home: string;
  /** The cluster's name. */
  readonly cluster: string;
  /**
   * Makes sure that the registry runs on these hosts, which have its program in their rootfs by now; they are none where
   * the registry is an external one, which then has to have the layers (`pushLayers`). Asked only when somebody is to
   * fetch; several times, with more hosts each time.
   */
  readonly serve: (hosts: readonly Host[]) => Promise<FetchSource['access']>;
  /** Uploads at a time to one host. Default: 2, so that one is sent while the other is checked and renamed. */
  readonly uploads?: number | undefined;
  /** Hosts at a time. Default: 16; they share the network of the registry hosts. */
  readonly limit?: number | undefined;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** All in bytes. */
export interface Distributed {
  readonly sentByRunner: number;
  readonly fetchedByHosts: number;
  readonly perHost: Readonly<Record<string, { readonly sent: number; readonly fetched: number }>>;
}

const UPLOADS = 2;
const HOSTS = 16;

/**
 * Does what a plan says.
 * @throws SealerError COMMAND_FAILED, HOST_DISK_FULL, DIGEST_MISMATCH, and what hosts, the store and `serve` throw
 */
export async function distribute(plan: DistributionPlan, options: DistributeOptions): Promise<Distributed> {
  const run = new Run(plan, options);
  const first = plan.hosts.find(({ role }) => role === 'first');
  const others = plan.hosts.filter(({ role }) => role === 'other');
  const registries = plan.hosts.filter(({ role }) => role === 'registry');
  if (first !== undefined) await run.seed(first);
  const isFetching = [...registries, ...others].some(({ files, images }) => files.length + images.length > 0);
  if (isFetching) await run.serve(first === undefined ? [] : [first.host]);
  // The images go on to the first host while the others fetch what is there already.
  await together(
    async () => {
      if (first !== undefined) await run.bringImages(first, 'send');
    },
    async () => {
      await run.bringFilesTo(registries);
      if (isFetching && first !== undefined && registries.length > 0) {
        await run.serve([first.host, ...registries.map(({ host }) => host)]);
      }
      await run.bringFilesTo(others);
    },
  );
  await inParallel(registries, run.limit, (each) => run.bringImages(each, 'fetch'));
  return run.result();
}

class Run {
  readonly limit: number;
  readonly #plan: DistributionPlan;
  readonly #options: DistributeOptions;
  readonly #send: SendOptions;
  readonly #report: Report;
  readonly #bytes = new Map<string, { sent: number; fetched: number }>();
  #source: FetchSource | undefined;
  #turn = 0;

  constructor(plan: DistributionPlan, options: DistributeOptions) {
    const { home, limit = HOSTS, uploads = UPLOADS, report = silent, signal } = options;
    this.limit = limit;
    this.#plan = plan;
    this.#options = options;
    this.#report = report;
    this.#send = { home, uploads, report, signal };
  }

  /** The first registry host gets the rootfs, and can give it away. */
  async seed(each: HostPlan): Promise<void> {
    if (isDone(each)) return await this.#offer(each.host, this.#plan.image.files);
    await this.#makeHome(each.host);
    this.#count(each.host, 'sent', await sendItems(each.host, each.files, this.#send));
    await this.#unpack(each);
    await this.#offer(each.host, this.#plan.image.files);
  }

  async serve(hosts: readonly Host[]): Promise<void> {
    const access = await this.#options.serve(hosts);
    this.#source = { access, repository: layerRepository(this.#options.cluster) };
  }

  async bringFilesTo(plans: readonly HostPlan[]): Promise<void> {
    await inParallel(
      plans.filter((each) => !isDone(each)),
      this.limit,
      async (each) => {
        await this.#fetch(each.host, each.files);
        await this.#unpack(each);
        if (each.role === 'registry') await this.#offer(each.host, this.#plan.image.files);
      },
    );
  }

  async bringImages({ host, images, merge }: HostPlan, how: 'send' | 'fetch'): Promise<void> {
    if (how === 'fetch') await this.#fetch(host, images);
    else this.#count(host, 'sent', await sendItems(host, images, this.#send));
    const all = this.#plan.image.images;
    if (images.length > 0 || merge) await this.#offer(host, all);
    if (merge) await mergeImages(host, this.#options.home, this.#plan.image, this.#options.signal);
  }

  result(): Distributed {
    const counts = [...this.#bytes.values()];
    return {
      sentByRunner: counts.reduce((sum, { sent }) => sum + sent, 0),
      fetchedByHosts: counts.reduce((sum, { fetched }) => sum + fetched, 0),
      perHost: Object.fromEntries(this.#bytes),
    };
  }

  async #fetch(host: Host, items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const { home, signal } = this.#options;
    const report = this.#report;
    const source = this.#source;
    if (source === undefined) throw new Error('nobody was asked where to fetch from');
    for (const item of items) {
      report({ type: 'start', id: taskOf(host, item), label: labelOf(host, item), unit: 'bytes', total: item.size });
    }
    const onItem = (item: Item) => {
      report({ type: 'advance', id: taskOf(host, item), delta: item.size });
      report({ type: 'end', id: taskOf(host, item), outcome: 'done', moved: item.size });
    };
    const { bytes, missing } = await fetchItems(host, items, { home, source, turn: this.#turn++, signal, onItem });
    this.#count(host, 'fetched', bytes);
    if (missing.length === 0) return;
    for (const { item, reason } of missing) {
      report({ type: 'end', id: taskOf(host, item), outcome: 'failed', detail: reason });
    }
    report({
      type: 'note',
      level: 'warning',
      message: `${host.label} cannot fetch from the cluster's registry (${missing[0]?.reason ?? ''}); it gets ${missing.length} layers from here`,
      hint: 'Install curl on it, and let it reach the registry, so that nothing has to cross the link from here twice.',
    });
    const rest = missing.map(({ item }) => item);
    this.#count(host, 'sent', await sendItems(host, rest, this.#send));
  }

  async #unpack({ host, unpack }: HostPlan): Promise<void> {
    if (unpack) await unpackRootfs(host, this.#options.home, this.#plan.image, this.#options.signal);
  }

  async #offer(host: Host, items: readonly Item[]): Promise<void> {
    const { home, cluster, signal } = this.#options;
    if (items.length > 0) await offerItems(host, home, layerRepository(cluster), items, signal);
  }

  /** For root alone: it holds keys and passwords. */
  async #makeHome(host: Host): Promise<void> {
    const { home, signal } = this.#options;
    await host.exec({ argv: ['mkdir', '-p', '-m', '0700', home], signal });
  }

  #count(host: Host, how: 'sent' | 'fetched', bytes: number): void {
    const counts = this.#bytes.get(host.address) ?? { sent: 0, fetched: 0 };
    counts[how] += bytes;
    this.#bytes.set(host.address, counts);
  }
}

/** Both to their ends, whatever becomes of the other: nothing is left running behind the caller's back. */
async function together(...works: readonly (() => Promise<void>)[]): Promise<void> {
  const outcomes = await Promise.allSettled(works.map((work) => work()));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
