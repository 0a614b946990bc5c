/** `sealer delete` */

import { Command } from 'commander';
import { SealerError } from '../../../error.ts';
import { toChangeOptions, withChange } from '../../clusters/change-flags.ts';
import { changeKnown, type KnownFlags } from '../../clusters/change-known.ts';
import { readTarget } from '../../clusters/cluster-input.ts';
import { confirmPlan } from '../../clusters/confirm.ts';
import { engineOfCluster } from '../../clusters/container-hosts.ts';
import { describePlan } from '../../clusters/describe-plan.ts';
import { type RoleFlags, withRoles, withSsh, withTarget } from '../../clusters/host-flags.ts';
import { openWorld, readSecrets } from '../../clusters/open-world.ts';
import { removeContainers } from '../../clusters/remove-containers.ts';
import type { CliContext } from '../../context.ts';
import { withProgress, withRegistry, withStore } from '../../flags.ts';
import { printResult } from '../../print.ts';

type Flags = KnownFlags & RoleFlags & { readonly all?: boolean | undefined };

/** Declares `sealer delete`. */
export function deleteCommand(context: CliContext): Command {
  const command = withTarget(withSsh(withRoles(new Command('delete'), 'to remove')));
  return withStore(withRegistry(withProgress(withChange(command))))
    .description('Remove hosts from a cluster, or the whole cluster; the hosts are left as they were before.')
    .option('-a, --all', 'the whole cluster')
    .addHelpText(
      'after',
      `
Examples:
  sealer delete --cluster-host 10.0.0.2 --nodes 10.0.0.8
  sealer delete --cluster-host 10.0.0.2 --all --yes
  sealer delete --provider container --name shop --all --yes

Nodes are drained first. A master is removed only while etcd keeps its quorum. A host that cannot be reached is removed from the cluster all the same.`,
    )
    .action(async (flags: Flags) => {
      if (flags.all === true) return await deleteAll(context, flags);
      if (flags.masters === undefined && flags.nodes === undefined) {
        throw new SealerError('USAGE', 'What is to be removed?', {
          hint: 'Name hosts (--masters, --nodes), or say --all for the whole cluster.',
        });
      }
      const { clusterHost, clusterfile, provider } = flags;
      // The addresses say what is to go, not what the cluster is.
      const isNowhere = clusterHost === undefined && clusterfile === undefined && provider === undefined;
      await deleteHosts(context, isNowhere ? { ...flags, provider: 'container' } : flags);
    });
}

async function deleteHosts(context: CliContext, flags: Flags): Promise<void> {
  const { canonicalAddress, parseHostList, removeHosts } = await import('../../../clusterfile/index.ts');
  const lists = [flags.masters, flags.nodes].flatMap((text) => (text === undefined ? [] : [parseHostList(text)]));
  const mistake = lists.flatMap(({ mistakes }) => mistakes)[0];
  if (mistake !== undefined) throw new SealerError('USAGE', mistake.message, { hint: mistake.hint });
  const leaving = lists.flatMap(({ hosts }) => hosts.map(({ address }) => canonicalAddress(address)));
  await changeKnown(context, flags, 'sealer delete', {
    change: ({ clusterfile, saved }) => {
      const members = new Set([...saved.masters, ...saved.nodes]);
      const strange = leaving.filter((address) => !members.has(address));
      if (strange.length > 0) {
        throw new SealerError('USAGE', `${strange.join(', ')}: no member of ${saved.name}`, {
          hint: `Its members are ${[...members].join(', ')}.`,
        });
      }
      return removeHosts(clusterfile, leaving);
    },
  });
}

async function deleteAll(context: CliContext, flags: Flags): Promise<void> {
  const secrets = await readSecrets(context, flags);
  const { isConfirmed, lock } = toChangeOptions(flags);
  const plan = await (async () => {
    const { deleteCluster, openKnownCluster } = await import('../../../cluster/index.ts');
    await using opened = await openWorld(context, flags, 'sealer delete --all');
    const { world, engine } = opened;
    const confirm = (plan: Parameters<typeof confirmPlan>[1]) => confirmPlan(context, plan, isConfirmed);
    if (engine !== undefined)
      return await removeContainers(context, flags, opened, await engineOfCluster(engine), { secrets, confirm });
    const target = await readTarget(context, flags, { secrets, report: world.report });
    await using known = await openKnownCluster(target, world);
    return await deleteCluster(known, { dryRun: flags.dryRun === true, lock, confirm }, world);
  })();
  printResult(context, flags, plan, () => {
    if (flags.quiet === true) return '';
    return flags.dryRun === true ? describePlan(plan) : `${plan.cluster} is gone; its hosts are as they were`;
  });
}
