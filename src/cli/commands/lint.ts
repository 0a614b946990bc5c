/** `sealer lint` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import { annotationLine } from '../annotations.ts';
import type { CliContext } from '../context.ts';
import { describeProblem, problemToJson } from '../describe-error.ts';
import { type OutputFlags, withJson } from '../flags.ts';
import { printResult } from '../print.ts';
import { formatCount } from '../progress/index.ts';

interface LintFlags extends OutputFlags {
  readonly file?: string | undefined;
  readonly target?: string | undefined;
}

/** Declares `sealer lint`. */
export function lintCommand(context: CliContext): Command {
  return withJson(new Command('lint'))
    .description(
      'Check a Kubefile, and the manifests and image lists beside it, without building: every problem at once, with its place and what to do.\nIn a GitHub workflow each becomes an annotation on its line.',
    )
    .argument('[context]', 'the folder of the build', '.')
    .option('-f, --file <file>', 'the Kubefile (default: Kubefile in the context)')
    .option('--target <stage>', 'the stage that is to be built')
    .addHelpText('after', '\nExamples:\n  sealer lint\n  sealer lint --json examples/hello | jq .problems')
    .action(async (folder: string, flags: LintFlags) => {
      const { lintContext } = await import('../lint-context.ts');
      const { file, problems } = await lintContext(folder, flags);
      const errors = problems.filter(({ severity }) => severity !== 'warning').length;
      const warnings = problems.length - errors;
      const summary = `${formatCount(errors, 'error')}, ${formatCount(warnings, 'warning')}`;
      if (context.env.GITHUB_ACTIONS === 'true' && flags.json !== true) {
        for (const problem of problems) context.stdout.write(`${annotationLine(problem)}\n`);
      }
      printResult(context, flags, { file, errors, warnings, problems: problems.map(problemToJson) }, () =>
        [...problems.flatMap(describeProblem), problems.length === 0 ? `${file}: no problems` : summary].join('\n'),
      );
      // The problems are on stdout already; what fails is only summed up.
      if (errors > 0) throw new SealerError('KUBEFILE_INVALID', `${file}: ${summary}`);
    });
}
