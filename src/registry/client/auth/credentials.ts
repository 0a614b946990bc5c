/**
 * Credentials: found where docker, podman and skopeo keep them, so that who is logged in with any of them is logged in.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { SealerError } from '../../../error.ts';
import { type AuthEntry, type AuthFile, decodeEntry, parseAuthFile, readAuthFile } from './credentials-file.ts';
import { askHelper } from './credentials-helper.ts';

/** What to show to a registry. Never print one: all but `source` and `username` is secret. */
export interface Credential {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** A refresh token, to be exchanged by OAuth2. */
  readonly identityToken?: string | undefined;
  /** A token that is given to the registry as it is. */
  readonly registryToken?: string | undefined;
  /** Where it came from: `~/.docker/config.json`. */
  readonly source: string;
}

export interface Credentials {
  /**
   * The credential for a registry, or for one repository of it.
   * @param registry as in the image's name: `docker.io`, `localhost:5000`
   * @throws SealerError CREDENTIALS_INVALID
   */
  lookup(registry: string, repository?: string): Promise<Credential | undefined>;
  /** Where was looked, for errors. */
  readonly searched?: readonly string[] | undefined;
}

/** A credential that was given by hand (a flag, an input of an action); it goes before all files. */
export interface GivenCredential extends Credential {
  readonly registry: string;
}

/** Nobody is logged in. */
export const anonymous: Credentials = { lookup: async () => undefined };

/** Docker Hub's key in docker's files, since the days of registry v1. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HUB_NAMES = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

/**
 * The credentials of this user. Files are read when they are first needed, and once.
 *
 * Order: what was given, $DOCKER_AUTH_CONFIG (the JSON itself, as GitLab has it), $REGISTRY_AUTH_FILE,
 * $DOCKER_CONFIG/config.json (or ~/.docker/config.json), $XDG_RUNTIME_DIR/containers/auth.json,
 * ~/.config/containers/auth.json. The first that has an entry for the registry wins, and in it: credHelpers,
 * credsStore, auths.
 */
export async function loadCredentials(
  env: NodeJS.ProcessEnv,
  given: readonly GivenCredential[] = [],
): Promise<Credentials> {
  const files = authFiles(env).map((file) => ({ name: tildePath(file, env), read: once(() => readAuthFile(file)) }));
  const inline = env.DOCKER_AUTH_CONFIG;
  const sources = [
    ...(inline === undefined || inline === ''
      ? []
      : [{ name: '$DOCKER_AUTH_CONFIG', read: once(async () => parseAuthFile(inline, '$DOCKER_AUTH_CONFIG')) }]),
    ...files,
  ];
  const helper = memoize((name: string, server: string) => askHelper(name, server, env));
  return {
    searched: sources.map(({ name }) => name),
    async lookup(registry, repository) {
      const own = given.find((each) => normalizeKey(each.registry) === normalizeKey(registry));
      if (own !== undefined) return own;
      for (const { name, read } of sources) {
        const file = await read();
        const found = file === undefined ? undefined : await find(file, name, registry, repository, helper);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** The file that login writes: what $REGISTRY_AUTH_FILE says, else docker's, which all tools read. */
export function loginFile(env: NodeJS.ProcessEnv): string {
  const chosen = env.REGISTRY_AUTH_FILE;
  if (chosen !== undefined && chosen !== '') return chosen;
  return join(env.DOCKER_CONFIG || join(homeOf(env), '.docker'), 'config.json');
}

/** The key of a registry in a file: docker's own for Docker Hub. */
export function fileKey(registry: string): string {
  return HUB_NAMES.has(registry) ? HUB_KEY : registry;
}

/**
 * What a key in a file means: a host, or a host with the beginning of a path (containers-auth.json(5)). URLs are
 * docker's way to write a host.
 */
export function normalizeKey(key: string): string {
  const isUrl = /^https?:\/\//.test(key);
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  const name = HUB_NAMES.has(host) ? 'docker.io' : host;
  const isVersion = path.length === 1 && /^v[12]$/.test(path[0] ?? '');
  return isUrl || isVersion ? name : [name, ...path].join('/');
}

/** `~/x` for what is below the home folder: shorter, and the same on every machine. */
export function tildePath(file: string, env: NodeJS.ProcessEnv): string {
  const home = homeOf(env);
  return file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
}

function authFiles(env: NodeJS.ProcessEnv): string[] {
  const runtime = env.XDG_RUNTIME_DIR;
  const config = env.XDG_CONFIG_HOME || join(homeOf(env), '.config');
  return [
    ...new Set([
      loginFile(env),
      join(env.DOCKER_CONFIG || join(homeOf(env), '.docker'), 'config.json'),
      ...(runtime === undefined || runtime === '' ? [] : [join(runtime, 'containers/auth.json')]),
      join(config, 'containers/auth.json'),
    ]),
  ];
}

type HelperCall = (name: string, server: string) => ReturnType<typeof askHelper>;

async function find(
  file: AuthFile,
  name: string,
  registry: string,
  repository: string | undefined,
  helper: HelperCall,
): Promise<Credential | undefined> {
  const helperName = matching(file.credHelpers, registry, repository) ?? file.credsStore;
  if (helperName !== undefined) {
    const found = await helper(helperName, fileKey(registry));
    if (found !== undefined) return { ...found, source: `docker-credential-${helperName} (named in ${name})` };
  }
  const entry = matching(file.auths, registry, repository);
  const decoded = entry === undefined ? undefined : decode(entry, registry, name);
  return decoded === undefined ? undefined : { ...decoded, source: name };
}

function decode(entry: AuthEntry, registry: string, name: string): Omit<Credential, 'source'> | undefined {
  try {
    return decodeEntry(entry);
  } catch {
    // The cause would quote the secret.
    throw new SealerError('CREDENTIALS_INVALID', `The entry for ${registry} in ${name} is broken`, {
      hint: `"auth" must be the base64 of user:password. Log in again: sealer login ${registry}.`,
    });
  }
}

/** The value of the longest key that the name begins with: `host/a/b`, `host/a`, `host`. */
function matching<T>(map: Readonly<Record<string, T>>, registry: string, repository = ''): T | undefined {
  const byName = new Map(Object.entries(map).map(([key, value]) => [normalizeKey(key), value]));
  const parts = [normalizeKey(registry), ...repository.split('/').filter((part) => part !== '')];
  for (let length = parts.length; length > 0; length -= 1) {
    const value = byName.get(parts.slice(0, length).join('/'));
    if (value !== undefined) return value;
  }
  return undefined;
}

function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME || homedir();
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

function memoize<T>(work: (a: string, b: string) => Promise<T>): (a: string, b: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (a, b) => {
    const key = JSON.stringify([a, b]);
    const result = known.get(key) ?? work(a, b);
    known.set(key, result);
    return result;
  };
}
