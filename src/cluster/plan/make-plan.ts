/** Desired against current: the steps that lead from one to the other. Pure; the order is the one of "How a run goes". */

import { checkMembership, type Membership, membershipOf } from './membership.ts';
import { nodeSettingsSteps } from './node-settings.ts';
import { withPlugins } from './plugin-steps.ts';
import type { Current, Desired, DesiredHost } from './situation.ts';
import type { Plan, Risk, Step, StepKind } from './step.ts';
import { checkImageChange, isUpgrade } from './upgrade.ts';

/**
 * The steps that make what is wanted of what is there; none if nothing differs.
 * @throws SealerError CLUSTER_EXISTS, LAST_MASTER, QUORUM_AT_RISK, RUNTIME_CHANGE, DOWNGRADE, UPGRADE_SKIPS_MINOR,
 *   HOST_UNFIT (a host would change its role)
 */
export function makePlan(desired: Desired, current: Current): Plan {
  const { image, clusterfile } = desired;
  checkImageChange(image, current);
  const members = membershipOf(desired, current);
  checkMembership(desired, current, members);
  const steps = [
    ...bringSteps(desired, current, members),
    ...growSteps(desired, current, members),
    ...shrinkSteps(desired, current, members),
    ...nodeSettingsSteps(desired, current, members),
    ...launchSteps(desired, current),
  ];
  const changes = withPlugins(steps, desired, current, members);
  return {
    cluster: clusterfile.cluster.name,
    image: { name: image.name, digest: image.digest, kubeVersion: image.kubeVersion },
    runtime: image.runtime ?? 'none',
    // A run that broke off may have done all but wait.
    steps: desired.waits && (changes.length > 0 || isUnfinished(current)) ? [...changes, waitStep(current)] : changes,
    warnings: warningsOf(desired, current, members),
  };
}

/** What brings files, the registry and programs to the hosts that lack them. */
function bringSteps(desired: Desired, current: Current, members: Membership): Step[] {
  const { image, registryHosts, clusterfile } = desired;
  const all = [...desired.masters, ...desired.nodes];
  const record = (address: string) => current.hosts.get(address)?.record ?? {};
  const differs = (key: 'names' | 'mirrors' | 'registry' | 'prepared') =>
    all.filter((address) => (record(address)[key] ?? 'none') !== wanted(desired, address)[key]);
  const lackRootfs = all.filter((address) => record(address).rootfs !== image.digest);
  // A fresh rootfs is as the image has it.
  const overlayOf = (address: string) => (lackRootfs.includes(address) ? 'none' : (record(address).overlay ?? 'none'));
  const unconfigured = all.filter((address) => overlayOf(address) !== wanted(desired, address).overlay);
  const lackImages = registryHosts.filter((address) => record(address).images !== image.digest);
  const lacking = all.filter((address) => lackRootfs.includes(address) || lackImages.includes(address));
  const why = current.saved === undefined ? 'the hosts do not have it' : whyBring(current, image.digest);
  const upgrades = isUpgrade(image, current);
  // What is upgraded gets its programs host by host, with the host drained.
  const unprepared = differs('prepared').filter((address) => !upgrades || !members.present.has(address));
  const mirrors = differs('mirrors').filter((address) => !unprepared.includes(address));
  return [
    ...step('names', differs('names'), {
      title: 'Set host names and aliases',
      reason: 'entries of /etc/hosts differ',
      risk: 'none',
    }),
    ...step('distribute', lacking, {
      title: `Bring ${image.name}`,
      reason: why,
      risk: 'none',
      bytes: image.size,
    }),
    ...step('registry', differs('registry'), {
      title: clusterfile.cluster.registry.kind === 'local' ? 'Run the registry' : 'Make the registry known',
      reason: registryReason(current, registryHosts),
      risk: current.saved === undefined ? 'none' : 'low',
    }),
    ...step('configure', unconfigured, {
      title: 'Write configuration',
      reason: 'Config documents, templates or their environment differ',
      risk: 'none',
    }),
    ...(desired.push !== undefined && desired.push !== current.saved?.launched['.push']
      ? step('push', [], { title: 'Push the container images', reason: 'the registry may lack some', risk: 'none' })
      : []),
    ...step('prepare', unprepared, {
      title: `Set up ${image.runtime ?? 'the runtime'}`,
      reason: 'programs, units or settings differ',
      risk: unprepared.some((address) => members.present.has(address)) ? 'low' : 'none',
    }),
    ...step('mirror', mirrors, {
      title: 'Point containers at the registry',
      reason: 'registries or their settings differ',
      risk: 'low',
    }),
  ];
}

/** What makes members of hosts, and members newer. */
function growSteps(desired: Desired, current: Current, members: Membership): Step[] {
  const { image, sans } = desired;
  const [first] = desired.masters;
  const isNew = !members.hasCluster;
  const joining = members.newMasters.filter((address) => !isNew || address !== first);
  const newSans = sans.filter((san) => !(current.saved?.sans ?? []).includes(san));
  return [
    ...(isNew && first !== undefined
      ? step('init', [first], {
          title: `Make ${first} a cluster`,
          reason: members.isHalfMade ? 'an earlier run broke off here' : 'there is no cluster yet',
          risk: 'none',
        })
      : []),
    ...(isUpgrade(image, current)
      ? step('upgrade', [...members.presentMasters, ...members.presentNodes], {
          title: `Upgrade Kubernetes to ${image.kubeVersion ?? '?'}`,
          reason: `${versionsOf(current)} now`,
          risk: 'disruptive',
        })
      : []),
    ...joining.flatMap((address) =>
      step('join-master', [address], {
        title: `Join ${address} as a master`,
        reason: whyJoin(current, address),
        risk: 'low',
      }),
    ),
    ...step('join-nodes', members.newNodes, {
      title: `Join ${count(members.newNodes, 'node')}`,
      reason: 'wanted, and not members',
      risk: 'none',
    }),
    ...(newSans.length > 0 && !isNew
      ? step('certificates', members.presentMasters, {
          title: `Add ${newSans.join(', ')} to the API server's certificate`,
          reason: 'wanted, and not in it',
          risk: 'disruptive',
        })
      : []),
  ];
}

function shrinkSteps(_desired: Desired, _current: Current, members: Membership): Step[] {
  const { leavingMasters, leavingNodes, leftovers } = members;
  const reason = 'a member that is no longer wanted';
  return [
    ...step('delete-nodes', leavingNodes, {
      title: `Remove ${count(leavingNodes, 'node')}`,
      reason,
      risk: 'destructive',
    }),
    ...leavingMasters.flatMap((address) =>
      step('delete-master', [address], { title: `Remove the master ${address}`, reason, risk: 'destructive' }),
    ),
    ...step('clean', [...new Set([...leavingNodes, ...leavingMasters, ...leftovers])], {
      title: 'Leave removed hosts as they were',
      reason: 'what was installed there is not needed',
      risk: 'none',
    }),
  ];
}

function launchSteps(desired: Desired, current: Current): Step[] {
  const [first] = desired.masters;
  return desired.launches.flatMap(({ name, digest }) => {
    const before = current.saved?.launched[name];
    if (before === digest || first === undefined) return [];
    const what = name === 'commands' ? 'the launch commands' : `the app ${name}`;
    return step('launch', [first], {
      title: before === undefined ? `Launch ${what}` : `Launch ${what} again`,
      reason: before === undefined ? 'not launched yet' : 'its content, settings or commands differ',
      risk: before === undefined ? 'none' : 'low',
      detail: name,
    });
  });
}

function isUnfinished({ saved }: Current): boolean {
  return saved?.unfinished !== undefined;
}

function waitStep(current: Current): Step {
  return {
    id: 'wait',
    kind: 'wait',
    title: 'Wait until everything is ready',
    hosts: [],
    reason: isUnfinished(current) ? 'the last run broke off' : 'to be sure',
    risk: 'none',
  };
}

function step(
  kind: StepKind,
  hosts: readonly string[],
  rest: { title: string; reason: string; risk: Risk; bytes?: number; detail?: string },
): Step[] {
  if (hosts.length === 0 && kind !== 'push') return [];
  const named = kind === 'launch' ? rest.detail : hosts.length === 1 ? hosts[0] : undefined;
  return [{ id: named === undefined ? kind : `${kind} ${named}`, kind, hosts, ...rest }];
}

function wanted(desired: Desired, address: string): DesiredHost {
  const host = desired.hosts.get(address);
  if (host === undefined) throw new Error(`no digests for ${address}`);
  return host;
}

function warningsOf(desired: Desired, current: Current, members: Membership): string[] {
  const { masters, settings } = desired;
  const even = masters.length % 2 === 0 && masters.length > 0;
  const made = current.saved?.settings;
  return [
    ...(even
      ? [
          `${masters.length} masters bear the loss of no more than ${masters.length - 1} would: an odd number is better.`,
        ]
      : []),
    ...(members.hasCluster && made !== undefined && made !== settings
      ? [
          `The settings of ${desired.image.runtime ?? 'the runtime'} are not those that the cluster was made with: members that are there keep theirs. ` +
            'Names in certificates are changed; for the rest, change the hosts, or make the cluster anew.',
        ]
      : []),
  ];
}

function whyBring({ saved }: Current, digest: string): string {
  if (saved === undefined || saved.image.digest === digest) return 'some hosts do not have it';
  return `the cluster has ${saved.image.name} (${saved.image.digest.slice(7, 19)})`;
}

function registryReason({ saved }: Current, registryHosts: readonly string[]): string {
  if (saved === undefined) return 'the cluster pulls its images from there';
  const added = registryHosts.filter((address) => !saved.registryHosts.includes(address));
  const [from] = saved.registryHosts;
  if (from !== undefined && added.length > 0 && added.length === registryHosts.length) {
    return `it moves from ${from} to ${added.join(', ')}`;
  }
  return added.length > 0 ? `to be on ${added.join(', ')} as well` : 'its settings or content differ';
}

function whyJoin({ hosts }: Current, address: string): string {
  const state = hosts.get(address)?.state;
  return state?.member === 'broken'
    ? `half a member: ${state.reason ?? 'an earlier run broke off'}`
    : 'wanted, and no member';
}

function versionsOf({ metadata, saved }: Current): string {
  const versions = new Set(metadata?.nodes.map(({ version }) => version) ?? []);
  return versions.size === 0 ? (saved?.image.kubeVersion ?? 'another version') : [...versions].sort().join(' and ');
}

function count(items: readonly unknown[], noun: string): string {
  return items.length === 1 ? `1 ${noun}` : `${items.length} ${noun}s`;
}
