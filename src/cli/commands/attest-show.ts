/** `sealer attest show` */

import { X509Certificate } from 'node:crypto';
import { Command } from 'commander';
import type { Attached, Statement } from '../../attest/index.ts';
import { SealerError } from '../../error.ts';
import { formatPlatform, hostPlatform, parsePlatform } from '../../oci/platform.ts';
import type { Store } from '../../oci/store/index.ts';
import { type AttestedImage, attestationsOf, findAttested, subjectName } from '../attested-image.ts';
import type { CliContext } from '../context.ts';
import {
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { formatTable, printResult } from '../print.ts';
import { openSession } from '../session.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly sbom?: boolean | undefined;
  readonly provenance?: boolean | undefined;
  readonly platform?: string | undefined;
  readonly remote?: boolean | undefined;
}

interface Shown {
  readonly kind: string;
  readonly of: string;
  /** As it says itself; undefined for what is not signed. */
  readonly by: string | undefined;
  readonly digest: string;
  readonly content: () => unknown;
}

/** Declares `sealer attest show`. */
export function attestShowCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('show'))))
    .description('Show what is attached to an image: signatures, SBOMs, provenance. Nothing is verified.')
    .argument('<image>', 'a name or digest')
    .option('--sbom', 'print the SBOM itself (SPDX JSON)')
    .option('--provenance', 'print the provenance itself (SLSA)')
    .option('--platform <os/arch>', 'of which platform the SBOM is (default: this machine, or the only one)')
    .option('--remote', 'ask the registry, whatever the store has')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer attest show registry.example.com/shop:v1\n  sealer attest show --sbom --platform linux/arm64 shop:v1 > shop.spdx.json',
    )
    .action(async (text: string, flags: Flags) => {
      const { signal } = context;
      await using session = await openSession(context, flags);
      const image = await findAttested(session, text, { remote: flags.remote === true, signal });
      const all: Shown[] = [];
      for (const each of await attestationsOf(session, image, signal)) all.push(await look(session.store, image, each));
      const kind = flags.sbom === true ? 'SBOM' : flags.provenance === true ? 'provenance' : undefined;
      if (kind !== undefined) {
        const { content } = choose(all, kind, image, flags);
        return void context.stdout.write(`${JSON.stringify(content(), undefined, 2)}\n`);
      }
      const attestations = all.map(({ content: _, ...each }) => each);
      printResult(context, flags, { name: image.name, digest: image.digest, attestations }, () => {
        if (flags.quiet === true) return attestations.map(({ digest }) => digest).join('\n');
        const rows = attestations.map(({ kind, of, by, digest }) => [kind, of, by ?? 'nobody', digest]);
        const table = rows.length === 0 ? 'Nothing is attached.' : formatTable(TITLES, rows);
        return `${image.name} ${image.digest}\n${table}`;
      });
    });
}

const TITLES = ['WHAT', 'OF', 'SIGNED BY (NOT VERIFIED)', 'ATTESTATION'];

async function look(store: Store, image: AttestedImage, attached: Attached): Promise<Shown> {
  const { contentOf, isBundleType, kindOf, parseBundle, parseStatement, SPDX_TYPE, STATEMENT_TYPE } = await import(
    '../../attest/index.ts'
  );
  const of = subjectName(image, attached.subject);
  const { type, digest } = attached;
  const isKnown = isBundleType(type) || type === SPDX_TYPE || type === STATEMENT_TYPE;
  const shown = (kind: string, by?: string, content: () => unknown = () => undefined): Shown => {
    return { kind, of, by, digest, content };
  };
  if (!isKnown) return shown(type);
  try {
    const bytes = await contentOf(store, attached);
    const json = () => JSON.parse(bytes.toString('utf8'));
    if (type === SPDX_TYPE) return shown('SBOM', undefined, json);
    const ofStatement = ({ predicateType, predicate }: Statement, by?: string) =>
      shown(kindOf(predicateType), by, () => predicate);
    if (type === STATEMENT_TYPE) return ofStatement(parseStatement(bytes));
    const bundle = parseBundle(bytes);
    return ofStatement(parseStatement(bundle.payload), signerOf(bundle.json));
  } catch (error) {
    if (error instanceof SealerError) return shown(`broken: ${error.message}`);
    throw error;
  }
}

/** The one that fits best; a signed one and a plain one say the same, and verify tells if not. */
function choose(all: readonly Shown[], kind: string, image: AttestedImage, flags: Flags): Shown {
  const wanted = formatPlatform(flags.platform === undefined ? hostPlatform() : parsePlatform(flags.platform));
  const found = all.filter((each) => each.kind === kind);
  const isOnly = flags.platform === undefined && new Set(found.map(({ of }) => of)).size === 1;
  const chosen = found.find(({ of }) => kind === 'provenance' || isOnly || of === wanted);
  if (chosen !== undefined) return chosen;
  throw new SealerError('IMAGE_NOT_FOUND', `${image.name} has no ${kind} for ${wanted}`, {
    hint: 'sealer attest show IMAGE lists what there is; sealer build --sbom --provenance attaches them.',
  });
}

function signerOf(bundle: unknown): string {
  const { verificationMaterial: material } = bundle as { readonly verificationMaterial?: Material };
  if (material?.publicKey !== undefined) return `key ${material.publicKey.hint ?? ''}`.trim();
  const certificate = material?.certificate ?? material?.x509CertificateChain?.certificates?.[0];
  try {
    const { subjectAltName } = new X509Certificate(Buffer.from(certificate?.rawBytes ?? '', 'base64'));
    return subjectAltName?.replace(/^(?:URI|email):/, '') ?? 'a certificate';
  } catch {
    return 'a certificate';
  }
}

interface Material {
  readonly publicKey?: { readonly hint?: string };
  readonly certificate?: { readonly rawBytes?: string };
  readonly x509CertificateChain?: { readonly certificates?: readonly { readonly rawBytes?: string }[] };
}
