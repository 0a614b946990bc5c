/** `sealer images discover` */

import { Command } from 'commander';
import type { BuildWorld, Confirmation } from '../../build/index.ts';
import { describeFinding, type Finding, groupByReference, type NamedImage } from '../../discover/index.ts';
import { formatPlace, SealerError } from '../../error.ts';
import { familiarReference, formatReference, parseReference } from '../../oci/reference.ts';
import { type BuildFlags, toBuildOptions, withBuildFlags } from '../build-flags.ts';
import type { CliContext } from '../context.ts';
import { describeProblem } from '../describe-error.ts';
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
import { VERSION } from '../version.ts';

interface Flags extends BuildFlags, OutputFlags, RegistryFlags, StoreFlags {
  readonly why?: string | undefined;
  readonly confirm: boolean;
}

interface Discovered extends NamedImage {
  readonly name: string;
  /** `certain`, or of a possible one what its registry says. */
  readonly certainty: 'certain' | 'possible' | 'confirmed' | 'not there';
  readonly reason?: SealerError | undefined;
}

const EXAMPLES = `
Examples:
  sealer images discover                          # what the Kubefile of this folder needs
  sealer images discover --why quay.io/a/b:1      # every place that names it, and why it counts
  sealer images discover --json deploy

Certain images go into the image, or the build fails. Possible ones are text that looks like a reference: where their registry has such an image,
it goes in as well.`;

/** Declares `sealer images discover`. */
export function imagesDiscoverCommand(context: CliContext): Command {
  const command = withBuildFlags(new Command('discover'))
    .option('--why <image>', 'only this image, with every place that names it')
    .option('--no-confirm', 'do not ask registries whether they have the possible ones');
  return withStore(withRegistry(withProgress(command)))
    .description('Show every container image that a Kubefile and its context need, and where each was found.')
    .argument('[context]', 'the folder that COPY, ADD and APP read from', '.')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, flags: Flags) => {
      const options = toBuildOptions(folder, flags, context.env);
      const { withContainerImages } = await import('../../build/index.ts');
      await using session = await openSession(context, flags);
      const { store, client, report } = session;
      const { env, signal } = context;
      const world: BuildWorld = { store, client, env, report, signal, version: VERSION };
      const { discovered, problems } = await withContainerImages(options, world, async (found) => {
        const images = narrow(groupByReference(found.findings), flags.why);
        const ask = flags.confirm && options.offline !== true;
        const possible = ask ? images.filter((each) => !isCertain(each)) : [];
        const answers = await found.confirm(possible);
        return { discovered: images.map((image) => describe(image, answers)), problems: found.problems };
      });
      if (flags.json !== true && flags.quiet !== true) {
        for (const problem of problems) context.stderr.write(`${describeProblem(problem).join('\n')}\n`);
      }
      printResult(context, flags, discovered.map(toJson), () => {
        if (flags.quiet === true) return discovered.map(({ name }) => name).join('\n');
        return flags.why === undefined ? tableOf(discovered) : discovered.map(explain).join('\n\n');
      });
    });
}

/** @throws SealerError IMAGE_NOT_FOUND when nothing names it */
function narrow(images: readonly NamedImage[], why: string | undefined): readonly NamedImage[] {
  if (why === undefined) return images;
  const name = formatReference(parseReference(why));
  const found = images.filter(({ reference }) => {
    const full = formatReference(reference);
    return full === name || full.split('@')[0] === name || `${reference.registry}/${reference.repository}` === why;
  });
  if (found.length > 0) return found;
  throw new SealerError('IMAGE_NOT_FOUND', `Nothing names ${why}`, {
    hint: 'sealer images discover lists what is named; what only shows at run time is found by sealer build --record.',
  });
}

function isCertain({ findings }: NamedImage): boolean {
  return findings.some(({ certainty }) => certainty === 'certain');
}

function describe(image: NamedImage, answers: ReadonlyMap<string, Confirmation>): Discovered {
  const name = formatReference(image.reference);
  if (isCertain(image)) return { ...image, name, certainty: 'certain' };
  const answer = answers.get(name);
  if (answer === undefined) return { ...image, name, certainty: 'possible' };
  if ('digest' in answer) return { ...image, name, certainty: 'confirmed' };
  return { ...image, name, certainty: 'not there', reason: answer.error };
}

function tableOf(images: readonly Discovered[]): string {
  const rows = images.map(({ reference, certainty, findings }) => {
    const [first] = findings;
    const more = findings.length > 1 ? ` and ${findings.length - 1} more` : '';
    const where = first === undefined ? '' : `${formatPlace(first.at)}   ${describeFinding(first)}${more}`;
    return [familiarReference(reference), certainty, where];
  });
  return formatTable(['IMAGE', 'CERTAINTY', 'FOUND IN'], rows);
}

function explain({ name, certainty, reason, findings }: Discovered): string {
  const said = reason === undefined ? '' : `: ${reason.message}`;
  return [`${name} (${certainty}${said})`, ...findings.flatMap(explainOne)].join('\n');
}

function explainOne(finding: Finding): readonly string[] {
  const path = finding.path === undefined ? '' : `, ${finding.path}`;
  return [
    `  ${formatPlace(finding.at)}`,
    `    ${finding.certainty}: ${describeFinding(finding)}${path}`,
    ...(finding.text === formatReference(finding.reference) ? [] : [`    written as ${finding.text}`]),
    ...(finding.app === undefined ? [] : [`    app ${finding.app}`]),
  ];
}

function toJson({ name, certainty, reason, findings }: Discovered): object {
  return {
    image: name,
    certainty,
    ...(reason === undefined ? {} : { reason: { code: reason.code, message: reason.message } }),
    findings: findings.map(({ reference: _, at, ...finding }) => ({ ...at, ...finding })),
  };
}
