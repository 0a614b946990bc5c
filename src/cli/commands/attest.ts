/** `sealer attest`: the group. */

import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { attestShowCommand } from './attest-show.ts';
import { attestSignCommand } from './attest-sign.ts';
import { attestVerifyCommand } from './attest-verify.ts';

/** Declares `sealer attest`. */
export function attestCommand(context: CliContext): Command {
  return new Command('attest')
    .description('Signatures, SBOMs and provenance of an image.')
    .addCommand(attestShowCommand(context))
    .addCommand(attestVerifyCommand(context))
    .addCommand(attestSignCommand(context));
}
