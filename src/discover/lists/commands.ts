/** Images in the commands of shell scripts: `docker run`, `kubectl run --image=`, `crictl pull`. */

import { lookAt } from '../manifest/looks.ts';

export interface CommandImage {
  readonly image: string;
  /** Line of the script, from 1. */
  readonly line: number;
}

const ENGINES = new Set(['docker', 'podman', 'nerdctl', 'crictl', 'ctr']);
const VERBS = new Set(['run', 'create', 'pull']);
/** Flags of `run` whose value is the next word, and would be taken for the image. */
const FLAGS_WITH_VALUE =
  /^(?:-[pvewulamhc]|--(?:name|network|net|publish|volume|env|env-file|entrypoint|workdir|user|hostname|label|memory|cpus|mount|restart|add-host|platform|device|cap-add|cap-drop|security-opt|ulimit|pull|log-driver|log-opt|ip|dns|namespace|kubeconfig))$/;

/** The images that commands of a script would pull; variables are left to the shell. */
export function* imagesInCommands(script: string): Generator<CommandImage> {
  let line = 1;
  for (const raw of script.replace(/^\uFEFF/, '').split(/(?<!\\)\r?\n/)) {
    const text = raw.replace(/\\\r?\n/g, ' ').replace(/(^|\s)#.*$/, '$1');
    for (const command of text.split(/&&|\|\||[;|]/)) {
      for (const image of imagesOfCommand(words(command))) if (lookAt(image) !== undefined) yield { image, line };
    }
    line += raw.split('\n').length;
  }
}

function words(command: string): readonly string[] {
  return (command.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? []).map((word) => word.replace(/["']/g, ''));
}

function* imagesOfCommand(all: readonly string[]): Generator<string> {
  for (const [i, word] of all.entries()) {
    const name = word.slice(word.lastIndexOf('/') + 1);
    if (name === 'kubectl') return yield* imagesOfKubectl(all.slice(i + 1));
    if (!ENGINES.has(name)) continue;
    const verb = all.findIndex((each, at) => at > i && VERBS.has(each));
    if (verb >= 0) yield* firstPlainWord(all.slice(verb + 1));
    return;
  }
}

function* imagesOfKubectl(args: readonly string[]): Generator<string> {
  for (const [i, arg] of args.entries()) {
    if (arg.startsWith('--image=')) yield arg.slice('--image='.length);
    else if (arg === '--image') yield args[i + 1] ?? '';
  }
  const set = args.indexOf('set');
  if (set < 0 || args[set + 1] !== 'image') return;
  for (const arg of args.slice(set + 2)) {
    const assigned = /^[\w*.-]+=(.+)$/.exec(arg);
    if (assigned?.[1] !== undefined) yield assigned[1];
  }
}

function* firstPlainWord(args: readonly string[]): Generator<string> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (FLAGS_WITH_VALUE.test(arg)) i++;
    else if (!arg.startsWith('-')) return yield arg;
  }
}
