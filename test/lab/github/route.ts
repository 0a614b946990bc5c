/** One operation of the API: who may use it, and what it does to the repository. */

import type { LabState, LabUser } from './state.ts';

export interface Call {
  readonly state: LabState;
  /** The names in the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Its required fields are there, and those that are there fit. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly user: LabUser;
  /** GITHUB_API_URL. */
  readonly url: string;
}

export interface Answer {
  readonly status: number;
  /** Lists are given whole: the server cuts them into pages. */
  readonly body?: unknown;
  /** The name of the list in the body, where it is not the body itself. */
  readonly list?: string;
}

export interface Route {
  /** As in recorded.json, or `METHOD /path/{with}/names` for what is not recorded. */
  readonly operation: string;
  /** One of these permissions at least: `issues: write`. */
  readonly needs?: readonly string[];
  handle(call: Call): Answer;
}

/** An answer that is an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: readonly unknown[];

  constructor(status: number, message: string, errors: readonly unknown[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** @throws ApiError 404 */
export function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new ApiError(404, 'Not Found');
  return value;
}

/** A user as answers show them. */
export function userAnswer({ login, id, type }: LabUser, url: string): object {
  return { login, id, node_id: `U_${id}`, type, url: `${url}/users/${login}`, site_admin: false };
}
