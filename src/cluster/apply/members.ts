/** Steps that make members of hosts, and change those that there are. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { rootfsFolder } from '../distribution/index.ts';
import type { Step } from '../plan/step.ts';
import type { SavedState } from '../state/saved-state.ts';
import { writeHostNames } from './host-names.ts';
import { hostsOf, note, type Run, saveState } from './run.ts';

export async function addNames(step: Step, run: Run): Promise<void> {
  await onHosts(step, run, async (host) => {
    await writeHostNames(host, run);
    await note(run, host, { names: wanted(run, host).names });
  });
}

export async function prepare(step: Step, run: Run): Promise<void> {
  await run.runtime.prepare(hostsOf(run, step.hosts));
  await run.runtime.mirror(hostsOf(run, step.hosts));
  await onHosts(step, run, async (host) => {
    const { prepared, mirrors } = wanted(run, host);
    await note(run, host, { prepared, mirrors });
  });
}

export async function mirror(step: Step, run: Run): Promise<void> {
  await run.runtime.mirror(hostsOf(run, step.hosts));
  await onHosts(step, run, (host) => note(run, host, { mirrors: wanted(run, host).mirrors }));
}

export async function init(step: Step, run: Run): Promise<void> {
  await run.runtime.init();
  await saveState(run, { masters: step.hosts, sans: run.desired.sans, settings: run.desired.settings });
}

export async function joinMaster(step: Step, run: Run): Promise<void> {
  await run.runtime.joinMasters(hostsOf(run, step.hosts));
  await saveState(run, { masters: union(run.state.masters, step.hosts), ...backIn(step, run) });
}

export async function joinNodes(step: Step, run: Run): Promise<void> {
  await run.runtime.joinNodes(hostsOf(run, step.hosts));
  await saveState(run, { nodes: union(run.state.nodes, step.hosts), ...backIn(step, run) });
}

/** A host that is a member again owes nothing to the time when it was not. */
function backIn({ hosts }: Step, { state }: Run): Pick<SavedState, 'leftovers'> {
  const leftovers = (state.leftovers ?? []).filter((address) => !hosts.includes(address));
  return { leftovers: leftovers.length > 0 ? leftovers : undefined };
}

export async function upgrade(step: Step, run: Run): Promise<void> {
  const { image, desired, home } = run;
  await run.runtime.upgrade({
    name: image.name,
    digest: image.digest,
    kubeVersion: image.kubeVersion ?? '',
    rootfs: rootfsFolder(home, image.digest),
    images: image.images,
    env: { ...image.extension.env, ...desired.clusterfile.cluster.env },
  });
  await onHosts(step, run, async (host) => {
    const { prepared, mirrors } = wanted(run, host);
    await note(run, host, { prepared, mirrors });
  });
}

export async function changeCertificates(_step: Step, run: Run): Promise<void> {
  await run.runtime.updateCert(run.desired.sans);
  await saveState(run, { sans: run.desired.sans });
}

async function onHosts(step: Step, run: Run, work: (host: Host) => Promise<void>): Promise<void> {
  await inParallel(hostsOf(run, step.hosts), run.fleet.limit, work);
}

function wanted(run: Run, host: Host) {
  const found = run.desired.hosts.get(host.address);
  if (found === undefined) throw new Error(`nothing is wanted of ${host.address}`);
  return found;
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}
