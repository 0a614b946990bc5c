/** What is allowed and rarely wanted. */

import type { Kubefile, Stage, Word } from '../ast.ts';
import type { ProblemList } from '../problem-list.ts';
import { literalText } from '../words/word-grammar.ts';
import type { Bases } from './stages.ts';

/** Warns of base images without a fixed tag and of secrets that would stay in the image. */
export function checkWarnings(kubefile: Kubefile, bases: Bases, problems: ProblemList): void {
  for (const instruction of kubefile.globals) warnSecretArgs(instruction.pairs, problems);
  for (const stage of kubefile.stages) {
    const base = bases.get(stage.index);
    if (base !== undefined && 'image' in base && base.image !== undefined) warnUnpinned(stage, base.image, problems);
    for (const instruction of stage.instructions) {
      if (instruction.kind === 'ARG') warnSecretArgs(instruction.pairs, problems);
      if (instruction.kind !== 'ENV' && instruction.kind !== 'APPENV') continue;
      for (const { name, value } of instruction.pairs) {
        const isEmpty = literalText(value.text, kubefile.escape) === '';
        if (!isEmpty) warnSecret(instruction.kind, name, problems);
      }
    }
  }
}

/** The last word of a name tells: TOKEN_FILE and PASSWORD_LENGTH are no secrets. */
const SECRET =
  /(?:^|[_.-])(?:PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_?KEY|SECRET_?KEY|ACCESS_?KEY)$/i;

function warnSecretArgs(
  pairs: readonly { readonly name: string; readonly at: Word['at'] }[],
  problems: ProblemList,
): void {
  for (const { name, at } of pairs) warnSecret('ARG', { text: name, at }, problems);
}

function warnSecret(kind: string, { text, at }: Word, problems: ProblemList): void {
  if (!SECRET.test(text)) return;
  const message = `${kind} ${text} looks like a secret, and whoever has the image can read it`;
  problems.warn('SECRET_IN_IMAGE', at, message, SECRET_HINTS[kind]);
}

const SECRET_HINTS: Readonly<Record<string, string>> = {
  ARG: 'Give it to the build by --secret and to the command by RUN --mount=type=secret,id=….',
  ENV: 'Give it to the cluster when it runs, or to a command by RUN --mount=type=secret,id=….',
  APPENV: 'Give it to the app when it is launched.',
};

function warnUnpinned({ from }: Stage, image: string, problems: ProblemList): void {
  if (image === '' || image === 'scratch' || image.includes('@')) return;
  const tag = /:([^:/]*)$/.exec(image)?.[1];
  if (tag !== undefined && tag !== 'latest') return;
  const message = `the base image ${image} ${tag === undefined ? 'has no tag' : 'has the tag latest'}, so it changes without notice`;
  problems.warn('UNPINNED_BASE', from.image.at, message, 'Name a version, or better a digest: image:tag@sha256:….');
}
