/** Whether the kernel has what containers need. */

import type { Problem } from '../../../error.ts';
import { isAtLeast } from '../../../runtime/version.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { finding } from './finding.ts';

export function judgeKernel(host: Inspected, wanted: Wanted): Problem[] {
  return [...judgeVersion(host), ...judgeCgroups(host, wanted), ...judgeModules(host, wanted)];
}

function judgeVersion(host: Inspected): Problem[] {
  const { kernel, cgroupVersion } = host.facts;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  if (major === undefined) return [];
  const isOlder = (than: readonly [number, number]) =>
    Number(major) < than[0] || (Number(major) === than[0] && Number(minor) < than[1]);
  const hint = 'Upgrade its kernel, or take another host.';
  if (isOlder([4, 19])) {
    // Red Hat carries back into 4.18 what Kubernetes needs.
    const isRedHat8 = /^4\.18\..*\.el8/.test(kernel);
    return [
      finding(host, isRedHat8 ? 'warning' : 'error', `has Linux ${kernel}, and 4.19 is the oldest that will do`, hint),
    ];
  }
  if (isOlder([5, 4]))
    return [finding(host, 'warning', `has Linux ${kernel}; Kubernetes is tested with 5.4 and later`, hint)];
  if (cgroupVersion === 2 && isOlder([5, 8])) {
    return [
      finding(host, 'warning', `has cgroup v2 with Linux ${kernel}, and 5.8 is the first that does it well`, hint),
    ];
  }
  return [];
}

function judgeCgroups(host: Inspected, { image, circumstances }: Wanted): Problem[] {
  const { facts, report } = host;
  const problems: Problem[] = [];
  if (image.runtime !== undefined && !report.controllers.has('memory')) {
    const hint = 'Start its kernel with cgroup_enable=memory cgroup_memory=1 (on a Raspberry Pi in cmdline.txt).';
    problems.push(finding(host, 'error', 'has no cgroup controller for memory', hint));
  }
  const version = image.kubeVersion;
  if (facts.cgroupVersion === 2 || version === undefined || circumstances.allowsCgroupV1) return problems;
  if (!refusesCgroupV1(version)) return problems;
  // Whoever cares for kubeadm's settings switches it off on containers, which cannot choose.
  const severity = image.runtime === 'kubeadm' && report.isContainer ? 'warning' : 'error';
  const hint =
    'Start its kernel with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in a KubeletConfiguration of the Clusterfile.';
  problems.push(finding(host, severity, `has cgroup v1, which the kubelet of Kubernetes ${version} refuses`, hint));
  return problems;
}

/** The kubelet does from 1.35 on. */
function refusesCgroupV1(version: string): boolean {
  try {
    return isAtLeast(version, 1, 35);
  } catch {
    return false;
  }
}

function judgeModules(host: Inspected, { image }: Wanted): Problem[] {
  if (image.runtime === undefined) return [];
  const { report } = host;
  const problems: Problem[] = [];
  const missing = ['overlay', 'br_netfilter'].filter((name) => !report.modules.has(name));
  if (missing.length > 0) {
    // Without lists of modules they may be built in, and seen nowhere.
    const isCertain = report.knowsModules && !report.isContainer;
    const text = `has no kernel module ${missing.join(', ')}${isCertain ? '' : ' that could be found'}`;
    const hint =
      "Install the package with its kernel's modules (kernel-modules-extra, linux-modules-extra), and load them.";
    problems.push(finding(host, isCertain ? 'error' : 'warning', text, hint));
  }
  if (!report.canForward) {
    const hint = 'Make /proc/sys/net/ipv4/ip_forward writable; in a container that takes --privileged.';
    problems.push(finding(host, 'error', 'does not let IP forwarding be switched on', hint));
  }
  return problems;
}
