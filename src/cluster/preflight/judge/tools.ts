/** Whether the programs are there that we and the runtime call. */

import type { Problem } from '../../../error.ts';
import { rootfsLayers } from '../../image/rootfs-files.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { OUR_TOOLS, RUNTIME_NEEDS } from '../needs/runtime-needs.ts';
import { finding } from './finding.ts';

export function judgeTools(host: Inspected, { image }: Wanted): Problem[] {
  const { tools, iptables } = host.report;
  const needs = image.runtime === undefined ? undefined : RUNTIME_NEEDS[image.runtime];
  const usesZstd = rootfsLayers(image.manifest).some(({ mediaType }) => mediaType.endsWith('zstd'));
  const wanted = [...OUR_TOOLS, ...(usesZstd ? [['zstd'] as const] : []), ...(needs?.tools ?? [])];
  const missing = wanted.filter((names) => !names.some((name) => tools.has(name)));
  const problems: Problem[] = [];
  if (missing.length > 0) {
    const names = missing.map((each) => each.join(' or ')).join(', ');
    problems.push(
      finding(host, 'error', `has no ${names}`, 'Install them from its distribution; they are looked for in PATH.'),
    );
  }
  const useful = (needs?.usefulTools ?? []).filter((name) => !tools.has(name));
  if (useful.length > 0) {
    const hint = 'Install them from its distribution, unless the cluster image brings them.';
    problems.push(finding(host, 'notice', `has no ${useful.join(', ')}, which ${image.runtime} may miss`, hint));
  }
  if (!host.isRegistry && !tools.has('curl') && !tools.has('wget')) {
    const hint = 'Install curl, so that the image comes from the registry host instead of through this machine.';
    problems.push(finding(host, 'notice', 'has neither curl nor wget', hint));
  }
  // docs.k3s.io, known issues: duplicate rules pile up.
  if (iptables !== undefined && /^1\.8\.[0-4]$/.test(iptables) && image.runtime !== undefined) {
    const hint = 'Upgrade iptables; with k3s, prefer-bundled-bin: true in the Clusterfile does as well.';
    problems.push(finding(host, 'warning', `has iptables ${iptables}, which piles up duplicate rules`, hint));
  }
  return problems;
}
