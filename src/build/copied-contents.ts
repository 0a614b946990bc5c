/**
 * The trap of `COPY mysql .` and `CMD kubectl apply -f mysql`: a COPY of a folder copies what is in it, so there is no
 * mysql in the image, which shows only when the cluster runs.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../error.ts';
import type { CopyInstruction, Instruction, Kubefile, Word } from '../kubefile/ast.ts';

/**
 * Warns of commands that name a folder of which only the contents are copied.
 * @param root the build context
 */
export function warnOfCopiedContents(kubefile: Kubefile, root: string): readonly Problem[] {
  return kubefile.stages.flatMap(({ instructions }) => {
    const copies = instructions.filter(isCopyOfContext);
    const commands = instructions.flatMap(commandsOf);
    return copies
      .flatMap((copy) => foldersOf(copy, root).filter((folder) => !copies.some((each) => makes(each, folder))))
      .filter((folder) => commands.some((command) => names(command, folder.text)))
      .map(({ text, at }) => problemOf(text, at));
  });
}

type Folder = Word;

function isCopyOfContext(instruction: Instruction): instruction is CopyInstruction {
  return (instruction.kind === 'COPY' || instruction.kind === 'ADD') && instruction.from === undefined;
}

function commandsOf(instruction: Instruction): readonly string[] {
  return instruction.kind === 'CMD' || instruction.kind === 'CMDS' ? instruction.commands : [];
}

/** Its sources that are folders at the top of the context; a variable or wildcard may mean anything. */
function foldersOf({ sources }: CopyInstruction, root: string): Folder[] {
  return sources.flatMap((source) => {
    if (!('text' in source)) return [];
    const text = source.text.replace(/^\.\//, '').replace(/\/+$/, '');
    const isFolder =
      /^[\w.-]+$/.test(text) && statSync(join(root, text), { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? [{ text, at: source.at }] : [];
  });
}

/** Whether a COPY makes something of that name in the image. */
function makes({ destination }: CopyInstruction, { text }: Folder): boolean {
  return new RegExp(`^(?:\\.?/)?${literal(text)}(?:/|$)`).test(destination.text) || destination.text.includes('$');
}

function names(command: string, folder: string): boolean {
  return new RegExp(`(?:^|[\\s"'=])(?:\\./)?${literal(folder)}(?:/|[\\s"']|$)`).test(command);
}

function literal(text: string): string {
  return text.replaceAll(/[.-]/g, '\\$&');
}

function problemOf(folder: string, at: Problem['at']): Problem {
  return {
    code: 'COPIED_CONTENTS',
    message: `A command names ${folder}, but COPY copies what is in it, so there is no ${folder} in the image`,
    hint: `Write COPY ${folder} ${folder}/, or let the command name what was in it.`,
    at,
    severity: 'warning',
  };
}
