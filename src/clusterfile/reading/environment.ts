/** `${NAME}` and `${NAME:-default}` in values of a Clusterfile. `$${` stands for `${`; a `$` before all else is one. */

import type { Place } from '../../error.ts';
import type { Findings } from './findings.ts';

export interface EnvironmentScope {
  /**
   * A text with its variables replaced; undefined if one is missing.
   * @param at the place of a character of the text
   * @param isSecret the value must be kept away from logs and state
   */
  expand(text: string, at: (offset: number) => Place, isSecret: boolean): string | undefined;
  /** Secrets that came out of the environment, by the names of their variables. */
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * Makes a scope over an environment.
 * @param allowMissing what names a variable that is not set is left out, and is no problem
 */
export function createScope(
  env: Readonly<Record<string, string | undefined>>,
  findings: Findings,
  allowMissing: boolean,
): EnvironmentScope {
  const secrets = new Map<string, string>();
  const lookUp = (name: string, fallback: string | undefined): string | undefined => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return fallback !== undefined && (value === undefined || value === '') ? fallback : value;
  };
  return {
    secrets,
    expand(text, at, isSecret) {
      if (!text.includes('${')) return text;
      let isWhole = true;
      const expanded = text.replace(
        VARIABLE,
        (written: string, escaped: string | undefined, inner: string, offset: number) => {
          if (escaped !== undefined) return '${';
          const match = INNER.exec(inner);
          const name = match?.[1];
          if (!written.endsWith('}') || name === undefined) {
            if (!findings.isFull())
              findings.add(at(offset), `${written.slice(0, 40)} is not a variable`, FORMS, 'BAD_VARIABLE');
            isWhole = false;
            return written;
          }
          const value = lookUp(name, match?.[2]);
          if (value === undefined) {
            isWhole = false;
            if (!allowMissing && !findings.isFull())
              findings.add(at(offset), `The environment variable ${name} is not set`, missingHint(name), 'ENV_MISSING');
            return '';
          }
          if ((isSecret || looksSecret(name)) && env[name] === value && value !== '') secrets.set(name, value);
          return value;
        },
      );
      return isWhole ? expanded : undefined;
    },
  };
}

/** Whether a text has a variable that would be replaced. */
export function hasVariable(text: string): boolean {
  return /(?<!\$)\$\{/.test(text);
}

/** Writes a text so that reading it gives the text again. */
export function escapeVariables(text: string): string {
  return text.replaceAll('${', () => '$${');
}

/** The last word of a name tells: TOKEN_FILE and PASSWORD_LENGTH are no secrets; DBPassword is one. */
export function looksSecret(name: string): boolean {
  return SECRET.test(name) || CAMEL_SECRET.test(name);
}

const SECRET =
  /(?:^|[_.-])(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_?KEY|SECRET_?KEY|ACCESS_?KEY)$/i;
const CAMEL_SECRET =
  /[a-zA-Z\d](?:Password|Passwd|Passphrase|Secret|Token|Credentials?|ApiKey|PrivateKey|SecretKey|AccessKey)$/;

const VARIABLE = /(\$\$\{)|\$\{([^}\n]*)\}?/g;
const INNER = /^([A-Za-z_]\w*)(?::-(.*))?$/s;
const FORMS = 'Write ${NAME} or ${NAME:-default}; $${ stands for ${ itself.';

function missingHint(name: string): string {
  return `Set it, or write \${${name}:-default}; $\${${name}} stands for the text itself.`;
}
