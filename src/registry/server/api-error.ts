/** Errors as clients of a registry get them (distribution-spec 1.1.1, error codes). */

/** The spec's codes, with the status that goes with each (as CNCF distribution answers where the spec is silent). */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  /** Not of the spec, which defines no code for faults of the server; CNCF distribution's. */
  UNKNOWN: 500,
} as const;

export type ApiErrorCode = keyof typeof STATUS;

/** An answer other than success. Never holds what a client must not know: paths of this machine, credentials. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** One entry of `errors` each; usually one. */
  readonly details: readonly unknown[];

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.code = code;
    this.status = options.status ?? STATUS[code];
    this.headers = options.headers ?? {};
    this.details = options.details ?? [undefined];
  }

  /** The body: `{"errors":[{"code","message","detail"}]}`. */
  toBody(): Buffer {
    const errors = this.details.map((detail) => ({ code: this.code, message: this.message, detail }));
    return Buffer.from(JSON.stringify({ errors }));
  }
}

export interface ApiErrorOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the error is about, one `errors` entry each. */
  readonly details?: readonly unknown[];
}
