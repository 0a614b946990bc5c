/** Does a text look like an image reference? Asked only where nothing but its looks can tell. */

import { parseReference, type Reference } from '../../oci/reference.ts';

export interface Look {
  readonly reference: Reference;
  /**
   * A registry host with a path and a tag, or a digest: nothing else is written like this. `registry.k8s.io/pause:3.9`,
   * `app@sha256:…`
   */
  readonly isUnmistakable: boolean;
  /** Has a tag, a digest or a path of several parts: more than a single word. */
  readonly isTelling: boolean;
}

const MAX_LENGTH = 512;
/** The first look, which most text does not survive; parsing what is no reference costs an exception. */
const SHAPE =
  /^(?:\[[\da-fA-F:]+\]:\d+\/)?[a-zA-Z0-9][\w.-]*(?::\d+(?=\/))?(?:\/[\w.-]+)*(?::[\w][\w.-]{0,127})?(?:@sha\d+:[\da-f]+)?$/;
const HOST = /^(?:localhost|[\w-]+(?:\.[\w-]+)*\.[a-z][a-z0-9-]+|\d+\.\d+\.\d+\.\d+|[\w.-]+(?=:))(?::\d+)?\//i;
/** Values of keys like `image` that are pictures, disks or pages. */
const FILE =
  /\.(?:png|jpe?g|svg|gif|ico|webp|iso|img|qcow2|vmdk|vhdx?|raw|t?gz|zip|tar|xz|html?|json|ya?ml|txt|md|sh)$/i;

/** How much a text looks like a reference; undefined where it cannot be one. */
export function lookAt(text: string): Look | undefined {
  const bare = text.replace(/^(?:docker|docker-daemon|containers-storage):(?:\/\/)?/, '');
  if (bare.length > MAX_LENGTH || !SHAPE.test(bare)) return undefined;
  const lastPart = bare.slice(bare.lastIndexOf('/') + 1);
  const hasTag = lastPart.includes(':');
  const hasDigest = bare.includes('@');
  if (!hasTag && !hasDigest && FILE.test(bare)) return undefined;
  const reference = parse(bare);
  if (reference === undefined) return undefined;
  return {
    reference,
    isUnmistakable: hasDigest || (hasTag && HOST.test(bare)),
    isTelling: hasTag || hasDigest || bare.includes('/'),
  };
}

/** References that nothing else is written like, in any text: scripts, configuration files, lists. */
export function* unmistakableIn(text: string): Generator<{ readonly text: string; readonly index: number }> {
  // Both need a separator between name and tag or digest; most text has no such word at all.
  if (!text.includes(':')) return;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (word.length > MAX_LENGTH || lookAt(word)?.isUnmistakable !== true) continue;
    const before = text.slice(Math.max(0, index - 9), index).replace(/\bdocker:\/\/$/, '');
    // The rest of a URL, a file path, or a piece of a template is no reference.
    if (/:\/\/$|[\w@/}%]$/.test(before) || /^[/{%(@]/.test(text.slice(index + word.length))) continue;
    yield { text: word, index };
  }
}

const WORD =
  /(?:(?<=\bdocker:\/\/)|(?<![\w./@-]))[a-zA-Z0-9][\w.-]*(?::\d+)?\/[\w./-]+(?::[\w][\w.-]*\w|:\w)?(?:@sha256:[\da-f]{64})?/g;

/** Whether a text is made by somebody later: `$(params.image)`, `${TAG}`, `{{ .x }}`, `<your image>`. */
export function isVariable(text: string): boolean {
  return /\$\{|\$\(|\{\{|\$[A-Za-z_]|<[^>]*>/.test(text);
}

function parse(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}
