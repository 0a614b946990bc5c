/**
 * Runs the node's container, by testcontainers. This is the only file that loads it, and it is loaded only when a cluster
 * starts: it costs more time to load than most commands take. The bundle keeps it in a file of its own, so nothing here
 * may throw or return instances of our classes.
 */

import { existsSync } from 'node:fs';
import { GenericContainer, getContainerRuntimeClient, StartupCheckStrategy } from 'testcontainers';
import type { Ulimits } from './ulimits.ts';

export interface ContainerSpec {
  /** `unix:///…` */
  readonly engine: string;
  /** The image's ID. */
  readonly image: string;
  readonly name: string;
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the network. */
  readonly network: string;
  /** Names of volumes by the path that they are mounted at. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly ulimits: Ulimits;
}

/** A file for a container, by absolute path. */
export interface ContainerFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

export interface RunningContainer {
  readonly id: string;
  /** Puts files there, in order. */
  put(files: readonly ContainerFile[]): Promise<void>;
}

/** Creates and starts a container. Nothing removes it but who started it: no Ryuk, whose image may not be at hand. */
export async function runContainer(spec: ContainerSpec): Promise<RunningContainer> {
  await connect(spec.engine);
  const started = await new NodeContainer(spec).start();
  return {
    id: started.getId(),
    async put(files) {
      await started.copyContentToContainer(files.map(({ path, content, mode }) => ({ target: path, content, mode })));
    },
  };
}

let connected: string | undefined;

/**
 * testcontainers finds its engine by the environment, once per process. We have found one already, and in places where it
 * does not look, so it is shown that one while it looks; nobody else gets to see the change but what runs meanwhile.
 */
async function connect(engine: string): Promise<void> {
  if (connected !== undefined && connected !== engine) throw new Error('One process can use one container engine only');
  if (connected === engine) return;
  const shown = { DOCKER_HOST: engine, TESTCONTAINERS_HOST_OVERRIDE: 'localhost' };
  const before = Object.keys(shown).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, shown);
  try {
    await getContainerRuntimeClient();
    connected = engine;
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

class NodeContainer extends GenericContainer {
  constructor({ image, name, entrypoint, labels, network, volumes, ulimits }: ContainerSpec) {
    super(image);
    const [program = '/bin/sh', ...args] = entrypoint;
    this.withAutoCleanup(false)
      .withAutoRemove(false)
      .withName(name)
      .withHostname('sealer')
      .withEntrypoint([program])
      .withCommand(args)
      .withLabels(labels)
      .withNetworkMode(network)
      .withPrivilegedMode()
      .withTmpFs({ '/run': '', '/var/run': '' })
      .withUlimits(ulimits)
      .withWaitStrategy(new NoWait());
    // A cgroup of its own as its root, else the kubelet of cgroup v1 sees, and writes to, those of the machine.
    Object.assign(this.hostConfig, { CgroupnsMode: 'private' });
    this.hostConfig.Binds = [
      ...[...volumes].map(([path, volume]) => `${volume}:${path}`),
      // So that k3s can load what it needs (br_netfilter, overlay, nf_conntrack).
      ...(existsSync('/lib/modules') ? ['/lib/modules:/lib/modules:ro'] : []),
    ];
  }
}

/** That it runs is all that testcontainers has to wait for. */
class NoWait extends StartupCheckStrategy {
  override async checkStartupState(): Promise<'SUCCESS'> {
    return 'SUCCESS';
  }
}
