/** `sealer inspect` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import { type Document, selectPlatform } from '../../oci/manifest.ts';
import { hostPlatform, parsePlatform } from '../../oci/platform.ts';
import type { Store } from '../../oci/store/index.ts';
import type { CliContext } from '../context.ts';
import { findImage } from '../find-image.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { describeInspection } from '../inspection.ts';
import { printResult } from '../print.ts';
import { openStore } from '../session.ts';

interface InspectFlags extends OutputFlags, StoreFlags {
  readonly raw?: boolean | undefined;
  readonly manifest?: boolean | undefined;
  readonly config?: boolean | undefined;
  readonly platform?: string | undefined;
}

/** Declares `sealer inspect`. */
export function inspectCommand(context: CliContext): Command {
  return withStore(withJson(new Command('inspect')))
    .description('Show what is in an image of the store: platforms, layers, apps, and the container images inside.')
    .argument('<image>', 'a name, a digest, or the first digits of one')
    .option('--raw', 'print the index or manifest that the name stands for, byte for byte')
    .option('--manifest', 'print the manifest of one platform, byte for byte')
    .option('--config', 'print the config of one platform, byte for byte')
    .option('--platform <os/arch>', 'which platform to show (default: this machine, or the only one)')
    .addHelpText('after', '\nExamples:\n  sealer inspect shop:v1\n  sealer inspect --json shop:v1 | jq -r .digest')
    .action(async (image: string, flags: InspectFlags) => {
      const { raw = false, manifest = false, config = false } = flags;
      if ([raw, manifest, config].filter(Boolean).length > 1) {
        throw new SealerError('USAGE', '--raw, --manifest and --config exclude each other');
      }
      await using store = await openStore(context, flags);
      const { name, descriptor } = await findImage(store, image);
      if (!raw && !manifest && !config) {
        const { inspectImage } = await import('../../cluster-image/index.ts');
        const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
        const spec = await inspectImage(store, descriptor, { platform });
        // The digest is the one that the name stands for, and that pull and push speak of.
        const inspection = { ...spec, name, digest: descriptor.digest, manifestDigest: spec.digest };
        printResult(context, flags, inspection, () => describeInspection(inspection));
        return;
      }
      const top = await store.document(descriptor.digest);
      const chosen = raw ? top : await platformDocument(store, top, flags.platform, name);
      const bytes =
        config && chosen.kind === 'manifest' ? await store.bytes(chosen.manifest.config.digest) : chosen.bytes;
      context.stdout.write(bytes);
      if (context.stdout.isTTY === true) context.stdout.write('\n');
    });
}

async function platformDocument(
  store: Store,
  top: Document,
  wanted: string | undefined,
  name: string,
): Promise<Document> {
  if (top.kind === 'manifest') return top;
  const images = top.index.manifests.filter(({ artifactType }) => artifactType === undefined);
  const only = wanted === undefined && images.length === 1 ? images[0] : undefined;
  const platform = wanted === undefined ? hostPlatform() : parsePlatform(wanted);
  return store.document((only ?? selectPlatform(top.index, platform, name)).digest);
}
