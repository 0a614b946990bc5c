/** The instructions of a Kubefile, and those of a Dockerfile that it does not have. */

import { nearest } from '../../suggest.ts';

export const KEYWORDS = [
  'FROM',
  'COPY',
  'ADD',
  'RUN',
  'ENV',
  'ARG',
  'LABEL',
  'WORKDIR',
  'MAINTAINER',
  'APP',
  'APPENV',
  'APPCMDS',
  'LAUNCH',
  'CMDS',
  'CMD',
  'CNI',
  'CSI',
  'KUBEVERSION',
] as const;

export type Keyword = (typeof KEYWORDS)[number];

/** Whether a word in capitals is an instruction. */
export function isKeyword(word: string): word is Keyword {
  return KEYWORDS.some((keyword) => keyword === word);
}

/** The instruction that a misspelt word was meant to be. */
export function nearestKeyword(word: string): Keyword | undefined {
  if (foreignInstructionHint(word) !== undefined) return undefined;
  const found = nearest(word, KEYWORDS);
  return found !== undefined && isKeyword(found) ? found : undefined;
}

/** What to do instead of an instruction that only a Dockerfile has. */
export function foreignInstructionHint(word: string): string | undefined {
  return FOREIGN.get(word.toUpperCase());
}

const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['USER', 'A cluster image is not a process and has no user. In RUN, change the user by command.'],
  ['ENTRYPOINT', 'A cluster image is not a process. Say what starts on the cluster with LAUNCH, CMDS or CMD.'],
  ['EXPOSE', 'A cluster image has no ports. They belong to the Services in its manifests.'],
  ['VOLUME', 'A cluster image is never mounted. Storage belongs to the volumes in its manifests.'],
  ['SHELL', 'RUN uses /bin/sh. For another shell write RUN <<EOF with a first line like #!/bin/bash.'],
  ['HEALTHCHECK', 'A cluster image is not a process. Probes belong to the workloads in its manifests.'],
  ['STOPSIGNAL', 'A cluster image is not a process. How workloads end is said in their manifests.'],
  ['ONBUILD', 'There are no triggers. Put the instruction into the Kubefile that is built on this one.'],
]);
