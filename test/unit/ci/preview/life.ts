/** A repository, its pull requests and a pool of hosts, with clusters that are only names on hosts. */

import { openGithub, readLogin, readPull } from '../../../../src/ci/github/index.ts';
import {
  type DeployedPreview,
  decide,
  deployPreview,
  namePreview,
  type PreviewCluster,
  type PreviewWorld,
  readPullEvent,
  removePreview,
  type Swept,
  sweepPreviews,
} from '../../../../src/ci/preview/index.ts';
import { readLeases } from '../../../../src/host-pool/index.ts';
import type { Host } from '../../../../src/hosts/host.ts';
import { parseDigest } from '../../../../src/oci/digest.ts';
import { type LabGithub, type LabPull, labGithub, stateOf } from '../../../lab/github/index.ts';
import { temporaryFolder } from '../../../lab/scratch.ts';
import { DATA_ROOT, type PoolFolder, poolFolder } from '../../host-pool/pool-hosts.ts';

export const HOUR = 3_600_000;
export const TTL = 24 * HOUR;

/** Ends everything at once, as kill -9 does: nothing after it is carried out. */
export class Killed extends Error {}

export interface Life extends AsyncDisposable {
  readonly lab: LabGithub;
  readonly hosts: readonly PoolFolder[];
  /** Milliseconds since 1970. */
  now: number;
  /** What goes wrong while the cluster is made. */
  failure: Error | undefined;
  /** Called before each thing that is done to hosts, clusters or GitHub, by its name; may throw. */
  onStep: ((step: string) => void) | undefined;
  readonly notes: string[];
  /** What a workflow does for an event of a pull request. */
  event(pull: LabPull, action: string, rest?: object): Promise<DeployedPreview | string>;
  sweep(): Promise<Swept>;
  /** Everything that there is, in a form to compare. */
  look(): Promise<Look>;
}

export interface Look {
  /** `#1 ready deadbeef`, by comment. */
  readonly comments: readonly string[];
  /** `preview-pr-1 success deadbeef`. */
  readonly deployments: readonly string[];
  /** `10.0.0.1 #1`. */
  readonly leases: readonly string[];
  /** `10.0.0.1 cluster`. */
  readonly clusters: readonly string[];
}

/** Nothing is there. */
export const NOTHING: Look = { comments: [], deployments: [], leases: [], clusters: [] };

/** Begins one. */
export async function beginLife(options: { readonly hosts?: number } = {}): Promise<Life> {
  const folder = await temporaryFolder('preview');
  const life: Life = {
    lab: await labGithub({ now: () => life.now }),
    hosts: Array.from({ length: options.hosts ?? 2 }, (_, i) => poolFolder(folder.path, `10.0.0.${i + 1}`)),
    now: Date.parse('2026-01-01T00:30:00Z'),
    failure: undefined,
    onStep: undefined,
    notes: [],
    event: (pull, action, rest) => handle(life, pull, action, rest),
    sweep: async () => {
      const { forge, ...world } = await worldOf(life);
      if (forge === undefined) throw new Error('no forge');
      return await sweepPreviews({ repository: life.lab.state.repository, ttlMs: TTL, label: undefined }, forge, world);
    },
    look: () => look(life),
    async [Symbol.asyncDispose]() {
      await life.lab[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  for (const host of life.hosts) host.onSwap = () => life.onStep?.(`lease on ${host.address}`);
  return life;
}

/** The same that the action does, without a runner. */
async function handle(life: Life, pull: LabPull, action: string, rest?: object): Promise<DeployedPreview | string> {
  const event = readPullEvent('pull_request', life.lab.pullEvent(pull, action, rest));
  const world = await worldOf(life);
  const live = world.forge === undefined ? undefined : await readPull(world.forge.github, event.pull);
  const decision = decide(event, live, { label: undefined, allowUnsafeFork: false });
  if (decision.what === 'refuse') return 'refused';
  if (decision.what === 'nothing') return decision.why;
  const { repository } = life.lab.state;
  const names = namePreview({ repository, pull: event.pull, key: '' });
  if (decision.what === 'remove') {
    await removePreview({ ...names, pull: event.pull }, clusterOf(life), world);
    return decision.why;
  }
  const isOnRunner = decision.trust === 'runner';
  return await deployPreview(
    {
      ...{ ...names, repository, pull: event.pull, key: '', sha: event.headSha, ttlMs: TTL },
      ...{ url: 'http://{host}:30080', isOnRunner },
    },
    clusterOf(life),
    isOnRunner ? { ...world, forge: undefined, pool: undefined } : world,
  );
}

async function worldOf(life: Life): Promise<PreviewWorld> {
  const { lab } = life;
  const github = openGithub({
    ...{ token: lab.token, apiUrl: lab.url, repository: lab.state.repository, userAgent: 'sealer/test', secondMs: 2 },
    report: () => {},
  });
  github.octokit.hook.before('request', ({ method, url }) => {
    if (method !== 'GET' && url !== '/graphql') life.onStep?.(`${method} ${url}`);
  });
  return {
    forge: { github, author: await readLogin(github) },
    pool: {
      ...{ hosts: life.hosts, dataRoot: DATA_ROOT, count: 1, waitMs: 0 },
      deleteCluster: async (cluster, hosts) => {
        life.onStep?.('delete the cluster');
        for (const { address } of hosts) folderOf(life, address).clusters.delete(cluster);
        life.onStep?.('after the cluster is deleted');
      },
    },
    now: () => life.now,
    report: (event) => void (event.type === 'note' && life.notes.push(event.message)),
    signal: new AbortController().signal,
    logUrl: 'https://github.test/acme/shop/actions/runs/42',
    by: 'run 42',
  };
}

function clusterOf(life: Life): PreviewCluster {
  const digest = parseDigest(`sha256:${'d'.repeat(64)}`);
  return {
    image: async () => ({ name: 'ghcr.io/acme/shop:pr', digest, size: 1000, comparison: undefined }),
    run: async (cluster, _image, hosts: readonly Host[] = []) => {
      life.onStep?.('make the cluster');
      for (const { address } of hosts) {
        const { clusters } = folderOf(life, address);
        clusters.add(cluster);
        // Two clusters on one host are what must never be.
        if (clusters.size > 1) throw new Error(`${address} has ${[...clusters].join(' and ')}`);
      }
      life.onStep?.('after the cluster is made');
      if (life.failure !== undefined) throw life.failure;
      const address = hosts[0]?.address ?? '127.0.0.1';
      return { kubeconfig: '/tmp/kubeconfig', apiUrl: `https://${address}:6443`, address };
    },
    remove: async () => {},
  };
}

function folderOf({ hosts }: Life, address: string): PoolFolder {
  const found = hosts.find((host) => host.address === address);
  if (found === undefined) throw new Error(`no host ${address}`);
  return found;
}

async function look({ lab, hosts }: Life): Promise<Look> {
  const { leases } = await readLeases(hosts, DATA_ROOT);
  const short = (text: string) => text.replace(/^0+/, '');
  return {
    comments: lab.state.comments.map(({ issue, body }) => {
      const [, kind] = /Preview cluster: (\w+)/.exec(body) ?? [];
      return `#${issue} ${kind}`;
    }),
    deployments: lab.state.deployments.map((each) => `${each.task} ${stateOf(each)} ${short(each.sha)}`),
    leases: leases.flatMap(({ host, lease }) => (lease === undefined ? [] : [`${host.address} #${lease.pull}`])),
    clusters: hosts.flatMap(({ address, clusters }) => [...clusters].map((name) => `${address} ${name}`)),
  };
}
