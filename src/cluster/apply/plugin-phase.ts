/** The step that runs the plugins of one phase. */

import type { Phase } from '../../clusterfile/desired.ts';
import { rootfsFolder } from '../distribution/index.ts';
import type { Step } from '../plan/step.ts';
import { runPlugins } from '../plugins/index.ts';
import { type Run, saveState } from './run.ts';

export async function runPhase(step: Step, run: Run): Promise<void> {
  const { desired, home, fleet, runtime, report, signal, image } = run;
  const [master0] = desired.masters;
  const specs = new Map(desired.clusterfile.cluster.hosts.map((host) => [host.address, host]));
  const isReachable = (address: string) => fleet.whyUnreachable(address) === undefined;
  const addresses = new Set([...desired.masters, ...desired.nodes, ...step.hosts]);
  await runPlugins(step.detail as Phase, {
    specs: desired.plugins,
    hosts: [...addresses].filter(isReachable).map((address) => ({
      host: fleet.get(address),
      roles: specs.get(address)?.roles ?? [],
      labels: specs.get(address)?.labels ?? {},
      env: desired.hostEnv(address),
      isMaster0: address === master0,
    })),
    only: step.hosts,
    home,
    rootfs: rootfsFolder(home, image.digest),
    clusterName: desired.clusterfile.cluster.name,
    kubectl: (argv, options) => runtime.kubectl(argv, options),
    snapshot: () => runtime.snapshot(),
    report,
    signal,
  });
  await saveState(run, { pending: run.state.pending?.filter(({ phase }) => phase !== step.detail) });
}
