/** Asks before something is removed. */

import { createInterface } from 'node:readline/promises';
import type { Plan } from '../../cluster/index.ts';
import { SealerError } from '../../error.ts';
import type { CliContext } from '../context.ts';
import { describePlan } from './describe-plan.ts';

/**
 * Lets a plan through that was confirmed by `--yes`, or is by somebody at the terminal.
 * @throws SealerError CONFIRMATION_NEEDED if nobody can be asked; INTERRUPTED if the answer is no
 */
export async function confirmPlan(
  { stdin, stderr, signal }: CliContext,
  plan: Plan,
  isConfirmed: boolean,
): Promise<void> {
  if (isConfirmed) return;
  const removing = plan.steps.filter(({ risk }) => risk === 'destructive').map(({ title }) => title);
  if (stdin.isTTY !== true) {
    throw new SealerError('CONFIRMATION_NEEDED', `The plan removes something: ${removing.join('; ')}`, {
      hint: 'Look at it with --dry-run; say --yes to do it.',
    });
  }
  stderr.write(`${describePlan(plan)}\n`);
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await terminal.question('Do it? Only yes does: ', { signal });
    if (answer.trim().toLowerCase() === 'yes') return;
  } finally {
    terminal.close();
  }
  throw new SealerError('INTERRUPTED', 'Nothing was changed');
}
