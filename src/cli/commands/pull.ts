/** `sealer pull` */

import { Command } from 'commander';
import { baseReference, baseRegistry } from '../../oci/base-name.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { familiarReference, formatReference, parseReference } from '../../oci/reference.ts';
import type { CliContext } from '../context.ts';
import {
  collect,
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { printResult } from '../print.ts';
import { formatBytes } from '../progress/index.ts';
import { openSession } from '../session.ts';

interface PullFlags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly platform?: readonly string[] | undefined;
  readonly baseRegistry?: string | undefined;
}

/** Declares `sealer pull`. */
export function pullCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('pull'))))
    .description(
      'Pull an image into the store. What the store has is not fetched again; a broken pull goes on. Signatures and SBOMs come along.',
    )
    .argument('<image>', 'a name, with a tag or digest')
    .option('--platform <os/arch>', 'fetch only this platform (repeatable; default: all)', collect)
    .option(
      '--base-registry <registry>',
      'where k3s, k0s and kubeadm are (default: $SEALER_BASE_REGISTRY, else ghcr.io/sealer)',
    )
    .addHelpText('after', '\nExample:\n  sealer pull --platform linux/arm64 registry.example.com/shop:v1')
    .action(async (image: string, flags: PullFlags) => {
      const { pullImage } = await import('../../registry/client/index.ts');
      // What is to come from a registry is not looked for in the store.
      const reference = baseReference(image, baseRegistry(context.env, flags.baseRegistry)) ?? parseReference(image);
      const platforms = flags.platform?.map(parsePlatform) ?? ('all' as const);
      await using session = await openSession(context, flags);
      const { client, store, report } = session;
      const pulled = await pullImage(client, store, reference, {
        ...{ platforms, referrers: true, report, signal: context.signal },
      });
      const name = formatReference(reference);
      await store.tag(name, pulled.descriptor);
      const { moved, reused, descriptor } = pulled;
      printResult(context, flags, { name, digest: descriptor.digest, descriptor, moved, reused }, () =>
        flags.quiet === true
          ? descriptor.digest
          : `pulled ${familiarReference(reference)}\n${descriptor.digest}\n${formatBytes(moved)} fetched, ${formatBytes(reused)} already there`,
      );
    });
}
