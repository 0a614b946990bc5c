/** GitHub's REST API on loopback: what is asked, by whom, and what goes wrong. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { COMMENT_ROUTES } from './comments.ts';
import { DEPLOYMENT_ROUTES } from './deployments.ts';
import { answerOf, type Fault } from './faults.ts';
import { PULL_ROUTES } from './pulls.ts';
import { type Answer, ApiError, type Call, type Route } from './route.ts';
import { checkBody, findOperation, lackingIn, type Operation } from './schema.ts';
import type { LabState, LabUser } from './state.ts';

export interface LabRequest {
  readonly method: string;
  /** Without the base path, with the query: `/repos/acme/shop/deployments?per_page=100`. */
  readonly path: string;
  readonly operation: string | undefined;
  readonly body: unknown;
  readonly user: string | undefined;
  readonly userAgent: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the answer; 0: the connection was cut. */
  readonly status: number;
}

export interface Identity {
  readonly user: LabUser;
  /** `deployments: write`; write has read in it. */
  readonly permissions: readonly string[];
  /** A person: knows itself by GET /user, which a workflow's token does not. */
  readonly isPerson: boolean;
}

export interface ServerOptions {
  readonly state: LabState;
  /** `/api/v3` as on GitHub Enterprise, or nothing as on github.com. */
  readonly basePath: string;
  readonly routes: readonly Route[];
  readonly identities: ReadonlyMap<string, Identity>;
  readonly faults: { fault: Fault; left: number }[];
  readonly requests: LabRequest[];
  /** Mistakes of the lab's own: answers that lack what the recorded schema requires. */
  readonly mistakes: string[];
}

const RATE_LIMIT = 5000;

/** Starts it on a free port. */
export async function startServer(options: ServerOptions): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing, url, options).catch((error: unknown) => outgoing.destroy(Error(String(error))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.basePath}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: string,
  options: ServerOptions,
): Promise<void> {
  const text = await new Response(ReadableStream.from(incoming)).text();
  const { method = 'GET', headers } = incoming;
  const address = new URL(incoming.url ?? '/', url);
  const { path, isKnown } = pathBelow(address.pathname, options.basePath);
  const body = parse(text);
  const identity = options.identities.get((headers.authorization ?? '').replace(/^(?:token|bearer) /i, ''));
  const answer = (): { readonly status: number; readonly body: unknown; readonly list?: string } => {
    try {
      if (!isKnown) throw new ApiError(404, 'Not Found');
      return { body: undefined, ...perform(method, path, address, body, identity, url, options) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, message, errors } = error;
      return { status, body: { message, ...(errors.length > 0 ? { errors } : {}), status: String(status) } };
    }
  };
  const fault = takeFault(options.faults, `${method} ${path}`);
  const note = (status: number): void => {
    const operation = findOperation(method, path)?.operation.id;
    const userAgent = headers['user-agent'] ?? '';
    const asked = `${path}${address.search}`;
    options.requests.push({
      ...{ method, path: asked, operation, body, user: identity?.user.login, userAgent, at: Date.now(), status },
    });
  };
  if (fault !== undefined) {
    if (fault.isDone === true) answer();
    const broken = answerOf(fault, Date.now());
    note(broken?.status ?? 0);
    if (broken === undefined) return void incoming.socket.destroy();
    return send(outgoing, broken.status, { ...limits(options), ...broken.headers }, broken.body);
  }
  const { status, body: content, list } = answer();
  note(status);
  const { page, link } = cut(content, list, address);
  send(outgoing, status, { ...limits(options), ...(link === undefined ? {} : { link }) }, page);
}

function perform(
  method: string,
  path: string,
  address: URL,
  body: unknown,
  identity: Identity | undefined,
  url: string,
  { state, routes, mistakes }: ServerOptions,
): Answer {
  if (identity === undefined) throw new ApiError(401, 'Bad credentials');
  if (path === '/graphql') return { status: 200, body: { data: { viewer: { login: identity.user.login } } } };
  if (path === '/rate_limit') return { status: 200, body: { resources: {}, rate: { limit: RATE_LIMIT } } };
  if (path === '/user') {
    if (!identity.isPerson) throw new ApiError(403, 'Resource not accessible by integration');
    return { status: 200, body: identity.user };
  }
  const matched = findRoute(method, path, routes);
  if (matched === undefined) throw new ApiError(404, 'Not Found');
  const { route, operation, params } = matched;
  if (params.owner !== undefined && `${params.owner}/${params.repo}` !== state.repository) {
    throw new ApiError(404, 'Not Found');
  }
  const isAllowed = (route.needs ?? []).some((need) => has(identity.permissions, need));
  if (route.needs !== undefined && !isAllowed) throw new ApiError(403, 'Resource not accessible by integration');
  const errors = operation === undefined ? [] : checkBody(operation, body);
  if (errors.length > 0) throw new ApiError(422, 'Validation Failed', errors);
  const given = typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body)) : {};
  const call: Call = { state, params, query: address.searchParams, body: given, user: identity.user, url };
  const answer = route.handle(call);
  const lacking = operation === undefined ? [] : lackingIn(operation, answer.status, answer.body);
  if (lacking.length > 0) mistakes.push(`${operation?.id}: ${lacking.join(', ')}`);
  return answer;
}

/** What the lab can do without being told. */
export const ROUTES: readonly Route[] = [...COMMENT_ROUTES, ...DEPLOYMENT_ROUTES, ...PULL_ROUTES];

function findRoute(
  method: string,
  path: string,
  routes: readonly Route[],
):
  | {
      readonly route: Route;
      readonly operation: Operation | undefined;
      readonly params: Readonly<Record<string, string>>;
    }
  | undefined {
  for (const route of routes.filter(({ operation }) => operation.includes(' '))) {
    const [verb, pattern = ''] = route.operation.split(' ');
    const matched = new RegExp(`^${pattern.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(path);
    if (verb === method && matched !== null) return { route, operation: undefined, params: { ...matched.groups } };
  }
  const recorded = findOperation(method, path);
  const route = routes.find(({ operation }) => operation === recorded?.operation.id);
  return route === undefined || recorded === undefined ? undefined : { route, ...recorded };
}

function has(permissions: readonly string[], need: string): boolean {
  return permissions.includes(need) || permissions.includes(need.replace(/: read$/, ': write'));
}

function takeFault(faults: ServerOptions['faults'], line: string): Fault | undefined {
  const found = faults.find(({ fault, left }) => left > 0 && fault.match.test(line));
  if (found !== undefined) found.left -= 1;
  return found?.fault;
}

function pathBelow(path: string, base: string): { readonly path: string; readonly isKnown: boolean } {
  // GraphQL has no version in its path: /api/graphql.
  if (base !== '' && path === `${base.replace(/\/v3$/, '')}/graphql`) return { path: '/graphql', isKnown: true };
  return { path: path.slice(base.length), isKnown: path.startsWith(base) };
}

/** One page of a list, and the way to the others. */
function cut(
  content: unknown,
  name: string | undefined,
  address: URL,
): { readonly page: unknown; readonly link?: string } {
  const list: unknown = name === undefined ? content : Object(content)[name];
  if (!Array.isArray(list)) return { page: content };
  const size = Math.min(100, Math.max(1, Number(address.searchParams.get('per_page') ?? 30)));
  const number = Math.max(1, Number(address.searchParams.get('page') ?? 1));
  const last = Math.max(1, Math.ceil(list.length / size));
  const some = list.slice((number - 1) * size, number * size);
  const to = (page: number, relation: string): string => {
    const other = new URL(address);
    other.searchParams.set('page', String(page));
    return `<${other.href}>; rel="${relation}"`;
  };
  const links = [
    ...(number > 1 ? [to(number - 1, 'prev'), to(1, 'first')] : []),
    ...(number < last ? [to(number + 1, 'next'), to(last, 'last')] : []),
  ];
  const page = name === undefined ? some : { ...Object(content), [name]: some };
  return links.length === 0 ? { page } : { page, link: links.join(', ') };
}

function limits({ requests }: ServerOptions): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-limit': String(RATE_LIMIT),
    'x-ratelimit-remaining': String(RATE_LIMIT - requests.length),
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 3600),
    'x-github-request-id': `LAB:${requests.length}`,
  };
}

function send(
  outgoing: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): void {
  outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  outgoing.end(body === undefined || status === 204 ? undefined : JSON.stringify(body));
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
