/** The registry's content goes to hosts that are to hold it, before the last one that holds it leaves. */

import { accessFor, moveRegistry } from '../registry/index.ts';
import { hostsOf, type Run } from './run.ts';

/**
 * Nothing happens where one of the hosts that hold it stays: the others get it from the image, as ever. What only the old
 * host has are images of apps and of the version before.
 * @throws SealerError REGISTRY_HOST, and what hosts throw
 */
export async function takeOverRegistry(run: Run): Promise<void> {
  const { desired, home, fleet, report, signal, state } = run;
  const { registry, name } = desired.clusterfile.cluster;
  if (registry.kind !== 'local' || state.registryHosts.length === 0) return;
  if (desired.registryHosts.some((address) => state.registryHosts.includes(address))) return;
  const [to] = hostsOf(run, desired.registryHosts);
  if (to === undefined) return;
  const address = state.registryHosts.find((each) => fleet.whyUnreachable(each) === undefined);
  if (address === undefined) {
    if (state.appImages.length === 0) return;
    const message = `${state.registryHosts.join(', ')} cannot be reached: images of apps that were run on the cluster are lost with its registry`;
    const hint = `Run them again: ${Object.keys(state.apps).join(', ')}.`;
    report({ type: 'note', level: 'warning', message, hint });
    return;
  }
  const access = accessFor(registry, { registryHosts: [address], home, images: state.appImages });
  await moveRegistry(fleet.get(address), to, { cluster: name, home, access, report, signal });
}
