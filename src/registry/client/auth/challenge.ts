/** `WWW-Authenticate`: what a registry wants to see (RFC 9110 §11.6.1; distribution's token authentication). */

export interface Challenge {
  /** Lower-case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names are lower-case. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Parses the challenges of an answer. There can be several, in one header or in many; what cannot be read is left out.
 * @param header as Node gives it: several headers are joined by a comma
 */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  // A parameter (name = token or quoted string), or else the word that begins the next challenge.
  const piece = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;
  for (const [, name = '', quoted, token] of (header ?? '').matchAll(piece)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? token;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else {
      const current = challenges.at(-1);
      if (current !== undefined) current.parameters[name.toLowerCase()] ??= value;
    }
  }
  return challenges;
}

/**
 * Joins scopes: the actions on the same resource become one scope, in the order of the first.
 * @param scopes `repository:team/app:pull,push`; a string may hold several, separated by blanks
 */
export function joinScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes.flatMap((each) => each.split(' ')).filter((each) => each !== '')) {
    const colon = scope.lastIndexOf(':');
    const resource = colon < 0 ? scope : scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set<string>();
    for (const action of colon < 0 ? [] : scope.slice(colon + 1).split(',')) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, names]) => (names.size === 0 ? resource : `${resource}:${[...names].join(',')}`));
}
