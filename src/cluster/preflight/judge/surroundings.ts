/** Settings of a host that runtimes stumble over: swap, firewalls, SELinux, proxies, name servers, limits. */

import type { Problem } from '../../../error.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { finding, formatSize, someOf } from './finding.ts';

export function judgeSurroundings(host: Inspected, wanted: Wanted): Problem[] {
  if (wanted.image.runtime === undefined) return [];
  return [...judgeSwap(host, wanted), ...judgeGuards(host), ...judgeNames(host, wanted), ...judgeLimits(host, wanted)];
}

function judgeSwap(host: Inspected, { image, circumstances }: Wanted): Problem[] {
  const { swaps, isContainer } = host.report;
  // A container's swap is that of the machine around it, and the drivers know.
  if (swaps.length === 0 || isContainer) return [];
  const bytes = swaps.reduce((sum, swap) => sum + swap.bytes, 0);
  const text = `has ${formatSize(bytes)} of swap (${someOf(swaps.map(({ device }) => device))})`;
  if (image.runtime !== 'kubeadm') {
    return [
      finding(
        host,
        'notice',
        text,
        'Turn it off if pods have to keep to their memory: swapoff -a, and out of /etc/fstab.',
      ),
    ];
  }
  if (circumstances.allowsSwap || circumstances.ignoredChecks.has('Swap')) {
    return [
      finding(
        host,
        'warning',
        `${text}, and the kubelet is told to live with it`,
        'Turn it off if it can be: pods get slow instead of failing.',
      ),
    ];
  }
  const hint =
    'Run swapoff -a and take it out of /etc/fstab, or set failSwapOn: false in a KubeletConfiguration of the Clusterfile.';
  return [finding(host, 'error', `${text}, with which the kubelet does not start`, hint)];
}

function judgeGuards(host: Inspected): Problem[] {
  const { report } = host;
  const firewalld = report.processes.some(({ name }) => name === 'firewalld') ? ['firewalld'] : [];
  const firewalls = [...firewalld, ...report.firewalls];
  const problems: Problem[] = [];
  if (firewalls.length > 0) {
    const hint = 'Stop it, or let in what the hosts, pods and services of the cluster send to each other.';
    problems.push(finding(host, 'warning', `has a firewall on (${firewalls.join(', ')})`, hint));
  }
  if (report.isSelinuxEnforcing) {
    const hint =
      'Install container-selinux (k3s: k3s-selinux), or run setenforce 0, if containers are refused their files.';
    problems.push(finding(host, 'warning', 'has SELinux enforcing', hint));
  }
  if (report.proxies.length > 0) {
    const hint =
      'Add the hosts, pods and services of the cluster to no_proxy, or take the proxy out of /etc/environment.';
    problems.push(finding(host, 'warning', `has a proxy in /etc/environment (${someOf(report.proxies)})`, hint));
  }
  if (report.hasCloudSetup) {
    const hint = 'Run systemctl disable --now nm-cloud-setup.service nm-cloud-setup.timer, then reboot.';
    problems.push(finding(host, 'warning', 'has nm-cloud-setup on, whose routes break those of pods', hint));
  }
  return problems;
}

function judgeNames(host: Inspected, { image }: Wanted): Problem[] {
  const { nameservers, hasLocalhost } = host.report;
  const problems: Problem[] = [];
  const loops = nameservers.filter((server) => server.startsWith('127.') || server === '::1');
  // kubeadm looks behind systemd-resolved by itself.
  const isSeenThrough = image.runtime === 'kubeadm' && loops.every((server) => server === '127.0.0.53');
  if (loops.length > 0 && loops.length === nameservers.length && !isSeenThrough) {
    const hint =
      'Name a resolv.conf with real servers to the kubelet (/run/systemd/resolve/resolv.conf, if systemd-resolved runs).';
    problems.push(
      finding(host, 'warning', `has only itself as a name server (${someOf(loops)}): in pods that leads nowhere`, hint),
    );
  }
  if (!hasLocalhost) {
    problems.push(finding(host, 'warning', 'has no localhost in /etc/hosts', 'Add the line 127.0.0.1 localhost.'));
  }
  return problems;
}

function judgeLimits(host: Inspected, { image }: Wanted): Problem[] {
  const { inotify, isShared } = host.report;
  const problems: Problem[] = [];
  // 128 is what kernels begin with; k0s sysinfo wants more.
  const instances = image.runtime === 'k0s' ? 1024 : 128;
  if (inotify !== undefined && (inotify.instances < instances || inotify.watches < 8192)) {
    const text = `allows ${inotify.instances} inotify instances and ${inotify.watches} watches, which is soon used up`;
    const hint = 'Set fs.inotify.max_user_instances = 8192 and fs.inotify.max_user_watches = 524288 in /etc/sysctl.d.';
    problems.push(finding(host, 'warning', text, hint));
  }
  if (!isShared) {
    const hint = 'Run mount --make-rshared / at every start (systemd does), before the runtime starts.';
    problems.push(
      finding(host, 'warning', 'has / mounted privately: volumes that pods mount are not seen by others', hint),
    );
  }
  return problems;
}
