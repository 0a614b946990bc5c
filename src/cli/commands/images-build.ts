/** `sealer images build` */

import { Command } from 'commander';
import type { Cell } from '../../base-images/index.ts';
import { SealerError } from '../../error.ts';
import { formatPlatform, hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { familiarReference, formatReference, parseReference, parseRepository } from '../../oci/reference.ts';
import { listNames } from '../../suggest.ts';
import type { ReadVersions } from '../base-images/folder.ts';
import { readMirrors } from '../base-images/mirrors.ts';
import { completeNames } from '../build-values.ts';
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
import { openSession } from '../session.ts';
import { VERSION } from '../version.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly folder: string;
  readonly tag?: readonly string[] | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly variant?: string | undefined;
  readonly mirror?: readonly string[] | undefined;
  readonly pushByDigest?: string | undefined;
  readonly cache: boolean;
}

const NOTES = `
Examples:
  sealer images build k3s v1.33 -t registry.example.com/k3s:v1.33
  sealer images build kubeadm v1.33.4 --variant calico --platform linux/amd64 --platform linux/arm64 -t kubeadm:v1.33.4-calico
  sealer images build k0s --mirror github.com=https://mirror.example.com/github

Every download is checked against versions.yaml; container images come from where sealer.yaml beside the Kubefile says, if there is one.`;

/** Declares `sealer images build`. */
export function imagesBuildCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('build'))))
    .description('Build a base image from the data in its versions.yaml.')
    .argument('<image>', 'k3s, k0s or kubeadm')
    .argument('[version]', 'one of versions.yaml, or its beginning: v1.33 (default: the newest)')
    .option('--folder <folder>', 'the folder of the base images', 'images')
    .option('-t, --tag <name>', 'name the image (repeatable)', collect)
    .option('--platform <os/arch>', 'build for this platform (repeatable; default: this machine)', collect)
    .option('--variant <name>', 'the network of kubeadm: flannel, calico, cilium (default: the first)')
    .option('--mirror <host=url>', 'download from there instead (repeatable; also $SEALER_MIRRORS)', collect)
    .option('--push-by-digest <repository>', 'push it there without a name')
    .option('--no-cache', 'do every instruction again')
    .addHelpText('after', NOTES)
    .action(async (name: string, version: string | undefined, flags: Flags) => {
      const { readBaseImages } = await import('../base-images/folder.ts');
      const { inputsOf } = await import('../base-images/base-image.ts');
      const [read] = await readBaseImages(flags.folder, [name]);
      if (read === undefined) return;
      const cells = await chooseCells(read, version, flags);
      const { buildRelease } = await import('../../base-images/index.ts');
      const { pushImage } = await import('../../registry/client/index.ts');
      const target = flags.pushByDigest === undefined ? undefined : parseRepository(flags.pushByDigest);
      const tags = completeNames(flags.tag ?? []);
      await using session = await openSession(context, flags);
      const { store, client, report } = session;
      const { env, signal } = context;
      const inputs = await inputsOf(read, client);
      const mirrors = readMirrors(flags.mirror ?? [], env).files;
      const options = { folder: read.folder, cells, inputs, mirrors, tags, noCache: !flags.cache };
      const built = await buildRelease(options, { store, client, env, report, signal, version: VERSION });
      if (target !== undefined) await pushImage(client, store, built.descriptor, target, { report, signal });
      const pushed = target === undefined ? {} : { pushed: `${formatReference(target)}@${built.descriptor.digest}` };
      const result = { digest: built.descriptor.digest, tags, cells: built.cells, ...pushed };
      printResult(context, flags, result, () => {
        if (flags.quiet === true) return built.descriptor.digest;
        const names = tags.map((tag) => familiarReference(parseReference(tag)));
        const what = cells.map(({ id }) => id).join(', ');
        return [`built ${what}${names.length === 0 ? '' : ` as ${names.join(', ')}`}`, built.descriptor.digest].join(
          '\n',
        );
      });
    });
}

/** @throws SealerError USAGE when there is no such version, variant or platform */
async function chooseCells(
  { versions, file }: ReadVersions,
  version: string | undefined,
  flags: Flags,
): Promise<readonly Cell[]> {
  const { releasesOf } = await import('../../base-images/index.ts');
  const variant = flags.variant ?? versions.variants[0];
  const releases = releasesOf(versions).filter((each) => each.variant === variant);
  const fits = (each: string) =>
    version === undefined || each === version || (/^[.+]/.test(each.slice(version.length)) && each.startsWith(version));
  const release = releases.find((each) => fits(each.version));
  if (releases.length === 0 && flags.variant !== undefined && versions.versions.length > 0) {
    throw new SealerError('USAGE', `${file} has no variant ${flags.variant}`, {
      hint: `It has ${listNames(versions.variants)}.`,
    });
  }
  if (release === undefined) {
    const known = versions.versions.map((each) => each.version);
    throw new SealerError('USAGE', `${file} has no version${version === undefined ? '' : ` ${version}`}`, {
      hint:
        known.length === 0
          ? `It is still empty: sealer images versions ${versions.runtime} --update asks upstream.`
          : `It has ${listNames(known)}.`,
    });
  }
  const platforms = (flags.platform ?? [formatPlatform(hostPlatform())]).map((each) =>
    formatPlatform(parsePlatform(each)),
  );
  const cells = release.cells.filter(({ platform }) => platforms.includes(platform));
  const missing = platforms.find((each) => !release.cells.some(({ platform }) => platform === each));
  if (missing === undefined) return cells;
  throw new SealerError('USAGE', `${file} is not for ${missing}`, {
    hint: `It is for ${listNames(release.cells.map(({ platform }) => platform))}.`,
  });
}
