/** `sealer status` and `sealer kubeconfig` */

import { Command } from 'commander';
import type { ClusterStatus } from '../../../cluster/index.ts';
import { SealerError } from '../../../error.ts';
import { withSsh, withTarget } from '../../clusters/host-flags.ts';
import { writeKubeconfig } from '../../clusters/kubeconfig-file.ts';
import { type OnKnownFlags, onKnown } from '../../clusters/on-known.ts';
import type { CliContext } from '../../context.ts';
import { withJson, withRegistry, withStore } from '../../flags.ts';
import { formatTable, printResult } from '../../print.ts';

/** Declares `sealer status`. */
export function statusCommand(context: CliContext): Command {
  return declare(new Command('status'))
    .description('Show how a cluster is: nodes, versions, registry, the last run, who works on it.')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer status --cluster-host 10.0.0.2\n  sealer status -f Clusterfile --json\n\nFails (exit code 3) if not all is ready.',
    )
    .action(async (flags: OnKnownFlags) => {
      const { clusterStatus } = await import('../../../cluster/index.ts');
      const status = await onKnown(context, flags, 'sealer status', (known) => clusterStatus(known));
      printResult(context, flags, status, () => describeStatus(status));
      if (status.isReady) return;
      throw new SealerError(
        'CLUSTER_NOT_READY',
        `${status.name} is not ready${status.problem === undefined ? '' : `: ${status.problem}`}`,
        {
          hint: status.unfinished === undefined ? undefined : `A run broke off (${status.unfinished}); run it again.`,
        },
      );
    });
}

/** Declares `sealer kubeconfig`. */
export function kubeconfigCommand(context: CliContext): Command {
  return declare(new Command('kubeconfig'))
    .description("Print the kubeconfig of a cluster's administrator. It is a secret.")
    .option('-o, --output <file>', 'write it there instead, for nobody else to read')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer kubeconfig --cluster-host 10.0.0.2 -o kubeconfig && kubectl --kubeconfig kubeconfig get nodes',
    )
    .action(async (flags: OnKnownFlags & { readonly output?: string | undefined }) => {
      const kubeconfig = await onKnown(context, flags, 'sealer kubeconfig', ({ runtime }) => runtime.kubeconfig());
      if (flags.output !== undefined) await writeKubeconfig(flags.output, kubeconfig);
      const result = flags.output === undefined ? { kubeconfig } : { output: flags.output };
      printResult(context, flags, result, () => (flags.output === undefined ? kubeconfig.trimEnd() : ''));
    });
}

function declare(command: Command): Command {
  return withStore(withRegistry(withJson(withTarget(withSsh(command)))));
}

function describeStatus(status: ClusterStatus): string {
  const { name, runtime, image, version, nodes, unreachable, registryHosts, apps, lock, lastRun, unfinished } = status;
  const rows = nodes.map((node) => [
    node.address,
    node.name,
    node.role,
    node.isReady ? (node.isSchedulable ? 'Ready' : 'Ready, cordoned') : 'not ready',
    node.version,
  ]);
  return [
    `${name}: ${image.name}, ${runtime}${version === undefined ? '' : ` ${version}`}`,
    formatTable(['ADDRESS', 'NODE', 'ROLE', 'STATE', 'KUBELET'], rows),
    ...unreachable.map(({ address, reason }) => `${address}: ${reason}`),
    registryHosts.length === 0 ? 'registry: external' : `registry: ${registryHosts.join(', ')}`,
    apps.length === 0 ? 'apps: none' : `apps: ${apps.join(', ')}`,
    ...(lastRun === undefined
      ? []
      : [
          `last run: ${lastRun.command} by ${lastRun.by}, ${lastRun.at}${lastRun.failed === undefined ? '' : `; failed in ${lastRun.failed}`}`,
        ]),
    ...(unfinished === undefined ? [] : [`unfinished: ${unfinished}`]),
    ...(lock === undefined ? [] : [`at work: ${lock.by} since ${lock.since} (${lock.command})`]),
  ].join('\n');
}
