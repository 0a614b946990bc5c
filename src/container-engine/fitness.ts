/** Whether an engine can run Kubernetes in a container, told before anything is started. */

import type { EngineFacts } from './facts.ts';

/** A Kubernetes version, as far as it matters. */
export interface MinorVersion {
  readonly major: number;
  readonly minor: number;
}

/** What is lacking, and how to get it. */
export interface Lack {
  readonly message: string;
  readonly hint: string;
}

/** k3s alone takes 768 MB (its resource profile); below this the kernel kills it or the workloads. */
const LEAST_MEMORY = 1024 ** 3;

/** The first kubelet that does not start on cgroup v1 (KEP-5573). */
const FIRST_WITHOUT_CGROUP_V1 = 35;

/**
 * What an engine lacks, the worst first.
 * @param version of the Kubernetes that is to run; undefined = unknown
 */
export function whatLacks(facts: EngineFacts, version?: MinorVersion): Lack | undefined {
  if (facts.os !== 'linux') return { message: `it runs ${facts.os} containers`, hint: ANOTHER };
  if (/docker desktop|rancher desktop|colima|podman machine/i.test(facts.system)) {
    return {
      message: `it runs in a virtual machine (${facts.system}), whose network this machine cannot reach`,
      hint: ANOTHER,
    };
  }
  if (facts.isRootless) {
    return {
      message: 'it is rootless, and Kubernetes in a container needs a privileged one',
      hint:
        facts.kind === 'podman'
          ? 'Start podman as root (`sudo systemctl start podman.socket`) and set DOCKER_HOST=unix:///run/podman/podman.sock.'
          : 'Set DOCKER_HOST to the socket of a docker that runs as root, usually unix:///var/run/docker.sock.',
    };
  }
  if (facts.cgroupVersion === 1 && version !== undefined && isWithoutCgroupV1(version)) {
    return {
      message: `it has cgroup v1, and Kubernetes ${version.major}.${version.minor} needs cgroup v2`,
      hint: 'Use a machine with cgroup v2 (Ubuntu 22.04, Debian 11, RHEL 9 and newer), or an image of Kubernetes 1.34 or older.',
    };
  }
  if (facts.memory < LEAST_MEMORY) {
    const has = Math.round(facts.memory / 1024 ** 2);
    return { message: `it has ${has} MiB of memory, and a cluster needs 1024 MiB`, hint: 'Give it more memory.' };
  }
  return undefined;
}

function isWithoutCgroupV1({ major, minor }: MinorVersion): boolean {
  return major > 1 || (major === 1 && minor >= FIRST_WITHOUT_CGROUP_V1);
}

const ANOTHER = 'Run sealer on Linux, with docker or podman on the same machine (a GitHub runner is one).';
