/** What starts on the cluster: LAUNCH, or CMDS and CMD. And what else may stand once in a stage. */

import type { Instruction, Stage } from '../ast.ts';
import type { ProblemList } from '../problem-list.ts';

/** Reports DUPLICATE_INSTRUCTION and LAUNCH_CONFLICT, and warns of a LAUNCH or CMDS that is not the last. */
export function checkLaunch({ instructions }: Stage, problems: ProblemList): void {
  const first = new Map<Instruction['kind'], Instruction>();
  for (const instruction of instructions) {
    const same = first.get(instruction.kind);
    if (same === undefined) first.set(instruction.kind, instruction);
    else if (ONCE.has(instruction.kind)) {
      const message = `${instruction.kind} is already on line ${same.at.line}`;
      problems.add('DUPLICATE_INSTRUCTION', instruction.at, message, 'Write one of them in each stage.');
    }
  }
  const launch = first.get('LAUNCH');
  const command = first.get('CMDS') ?? first.get('CMD');
  if (launch !== undefined && command !== undefined) {
    const hint = 'Keep LAUNCH to start apps, or CMDS and CMD to run commands of your own.';
    const [above, below] = (command.at.line ?? 0) < (launch.at.line ?? 0) ? [command, launch] : [launch, command];
    const message = `${below.kind} stands beside ${above.kind} on line ${above.at.line}; only one of both can be`;
    problems.add('LAUNCH_CONFLICT', below.at, message, hint);
  }
  warnNotLast(instructions, problems);
}

const ONCE: ReadonlySet<string> = new Set(['LAUNCH', 'CMDS', 'KUBEVERSION']);
const STARTERS: ReadonlySet<string> = new Set(['LAUNCH', 'CMDS', 'CMD']);

/** The Go sealer refuses instructions below them; here they count all the same. */
function warnNotLast(instructions: readonly Instruction[], problems: ProblemList): void {
  const last = instructions.findLastIndex(({ kind }) => !STARTERS.has(kind));
  const early = instructions.findIndex(({ kind }, index) => index < last && (kind === 'LAUNCH' || kind === 'CMDS'));
  const instruction = instructions[early];
  if (instruction === undefined) return;
  const message = `${instruction.kind} is not the last instruction of its stage`;
  problems.warn('LAUNCH_NOT_LAST', instruction.at, message, 'Move it to the end: the Go sealer refuses this order.');
}
