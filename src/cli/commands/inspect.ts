/** `sealer inspect` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import { type Document, selectPlatform } from '../../oci/manifest.ts';
import { hostPlatform, type Platform, parsePlatform } from '../../oci/platform.ts';
import type { NamedImage, Store } from '../../oci/store/index.ts';
import { describeComparison } from '../comparison.ts';
import type { CliContext } from '../context.ts';
import { findImage } from '../find-image.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { describeInspection } from '../inspection.ts';
import { printResult } from '../print.ts';
import { formatBytes } from '../progress/index.ts';
import { openStore } from '../session.ts';
import { writeText } from '../user-files.ts';

interface InspectFlags extends OutputFlags, StoreFlags {
  readonly raw?: boolean | undefined;
  readonly manifest?: boolean | undefined;
  readonly config?: boolean | undefined;
  readonly html?: string | undefined;
  readonly diff?: string | undefined;
  readonly platform?: string | undefined;
}

/** Declares `sealer inspect`. */
export function inspectCommand(context: CliContext): Command {
  return withStore(withJson(new Command('inspect')))
    .description('Show what is in an image of the store: platforms, layers, apps, and the container images inside.')
    .argument('<image>', 'a name, a digest, or the first digits of one')
    .option('--html <file>', 'write one page for a browser, which needs nothing else: weights, contents, layers, files')
    .option(
      '--diff <other>',
      'compare with another image of the store: what the image has that the other has not is new',
    )
    .option('--raw', 'print the index or manifest that the name stands for, byte for byte')
    .option('--manifest', 'print the manifest of one platform, byte for byte')
    .option('--config', 'print the config of one platform, byte for byte')
    .option('--platform <os/arch>', 'which platform to show (default: this machine, or the only one)')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((each) => `  ${each}`).join('\n')}`)
    .action(async (image: string, flags: InspectFlags) => {
      checkFlags(flags);
      await using store = await openStore(context, flags);
      const found = await findImage(store, image);
      const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
      if (flags.html !== undefined) return await writePage(context, flags, store, found, platform, flags.html);
      if (flags.diff !== undefined) return await printComparison(context, flags, store, found, platform, flags.diff);
      if (flags.raw || flags.manifest || flags.config) return await printBytes(context, flags, store, found, platform);
      await printInspection(context, flags, store, found, platform);
    });
}

const EXAMPLES = [
  'sealer inspect shop:v1',
  'sealer inspect --json shop:v1 | jq -r .digest',
  'sealer inspect shop:v2 --diff shop:v1                        # what is new, and how many bytes move',
  'sealer inspect shop:v2 --diff shop:v1 --html shop.html       # the same and all that is inside, for a browser',
] as const;

/** @throws SealerError USAGE */
function checkFlags({ raw = false, manifest = false, config = false, html, diff }: InspectFlags): void {
  const bytes = [raw, manifest, config].filter(Boolean).length;
  if (bytes > 1) throw new SealerError('USAGE', '--raw, --manifest and --config exclude each other');
  if (bytes === 1 && (html ?? diff) !== undefined) {
    throw new SealerError('USAGE', '--raw, --manifest and --config print bytes; --html and --diff go without them');
  }
}

async function printInspection(
  context: CliContext,
  flags: InspectFlags,
  store: Store,
  { name, descriptor }: NamedImage,
  platform: Platform | undefined,
): Promise<void> {
  const { inspectImage } = await import('../../cluster-image/index.ts');
  const spec = await inspectImage(store, descriptor, { platform });
  // The digest is the one that the name stands for, and that pull and push speak of.
  const inspection = { ...spec, name, digest: descriptor.digest, manifestDigest: spec.digest };
  printResult(context, flags, inspection, () => describeInspection(inspection));
}

async function printComparison(
  context: CliContext,
  flags: InspectFlags,
  store: Store,
  { name, descriptor }: NamedImage,
  platform: Platform | undefined,
  other: string,
): Promise<void> {
  const { inspectImage, compareImages } = await import('../../cluster-image/index.ts');
  const against = await findImage(store, other);
  const to = { ...(await inspectImage(store, descriptor, { platform })), name };
  const from = { ...(await inspectImage(store, against.descriptor, { platform })), name: against.name };
  const comparison = compareImages(from, to);
  printResult(context, flags, comparison, () => describeComparison(comparison));
}

async function writePage(
  context: CliContext,
  flags: InspectFlags,
  store: Store,
  image: NamedImage,
  platform: Platform | undefined,
  file: string,
): Promise<void> {
  const { gatherPage, renderPage } = await import('../../inspect-page/index.ts');
  const against = flags.diff === undefined ? undefined : await findImage(store, flags.diff);
  const page = await renderPage(await gatherPage(store, image, { platform, against, signal: context.signal }));
  await writeText(file, page);
  const result = { file, size: Buffer.byteLength(page), name: image.name, digest: image.descriptor.digest };
  printResult(context, flags, result, () =>
    flags.quiet ? file : `${file}: ${formatBytes(result.size)}, for a browser`,
  );
}

async function printBytes(
  context: CliContext,
  { raw = false, config = false }: InspectFlags,
  store: Store,
  { name, descriptor }: NamedImage,
  platform: Platform | undefined,
): Promise<void> {
  const top = await store.document(descriptor.digest);
  const chosen = raw ? top : await platformDocument(store, top, platform, name);
  const bytes = config && chosen.kind === 'manifest' ? await store.bytes(chosen.manifest.config.digest) : chosen.bytes;
  context.stdout.write(bytes);
  if (context.stdout.isTTY === true) context.stdout.write('\n');
}

async function platformDocument(
  store: Store,
  top: Document,
  wanted: Platform | undefined,
  name: string,
): Promise<Document> {
  if (top.kind === 'manifest') return top;
  const images = top.index.manifests.filter(({ artifactType }) => artifactType === undefined);
  const only = wanted === undefined && images.length === 1 ? images[0] : undefined;
  return store.document((only ?? selectPlatform(top.index, wanted ?? hostPlatform(), name)).digest);
}
