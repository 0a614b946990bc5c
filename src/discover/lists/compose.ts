/** docker-compose files: the images of their services (compose-spec, 05-services.md). */

import type { Problem } from '../../error.ts';
import { SealerError } from '../../error.ts';
import { parseReference } from '../../oci/reference.ts';
import { parseStream, placeOf, textOf, type YamlDocument, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import type { Finding } from '../finding.ts';

/**
 * Finds the image of each service.
 * @param file how to name the file in places
 * @param env for `${VARIABLE}`; a variable without value and default is a problem
 */
export function findInCompose(
  text: string,
  file: string,
  env: Readonly<Record<string, string>>,
): { findings: Finding[]; problems: Problem[] } {
  const findings: Finding[] = [];
  const problems: Problem[] = [];
  for (const yaml of parseStream(text, file)) {
    if ('problem' in yaml) {
      problems.push(yaml.problem);
      continue;
    }
    for (const [name, service] of entriesOf(yaml, valueAt(yaml, yaml.root, 'services'))) {
      const image = valueAt(yaml, service, 'image');
      if (image === undefined) continue;
      // With `build` the image is made on the spot, and only its name is given here.
      const certainty = entriesOf(yaml, service).has('build') ? 'possible' : 'certain';
      try {
        findings.push(takeImage(yaml, image, { name, certainty, env }));
      } catch (error) {
        if (!(error instanceof SealerError)) throw error;
        problems.push({ code: error.code, message: error.message, hint: error.hint, at: placeOf(yaml, image) });
      }
    }
  }
  return { findings, problems };
}

interface ServiceContext {
  readonly name: string;
  readonly certainty: Finding['certainty'];
  readonly env: Readonly<Record<string, string>>;
}

function takeImage(yaml: YamlDocument, node: YamlNode, { name, certainty, env }: ServiceContext): Finding {
  const text = interpolate(textOf(yaml, node)?.trim() ?? '', env);
  const path = `services.${name}.image`;
  const place = { text, at: placeOf(yaml, node), path };
  return { reference: parseReference(text), ...place, finder: 'compose', certainty };
}

/**
 * Compose's interpolation: `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:?error}`, `${X:+other}`, and `$$` for a
 * dollar. Defaults may hold variables themselves.
 */
function interpolate(text: string, env: Readonly<Record<string, string>>, depth = 0): string {
  if (depth > 8) return text;
  return text.replace(
    /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^${}]|\$\{[^{}]*\}|\$(?!\{))*))?\})/g,
    (all, plain: string | undefined, braced: string | undefined, operator = '', word = '') => {
      const name = plain ?? braced;
      if (name === undefined) return '$';
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      const isSet = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
      if (operator.endsWith('+')) return isSet ? interpolate(word, env, depth + 1) : '';
      if (isSet) return value ?? '';
      if (operator.endsWith('-')) return interpolate(word, env, depth + 1);
      throw new SealerError('INVALID_REFERENCE', `${all} has no value here`, {
        hint: `Give ${name} with ENV or APPENV, or write \${${name}:-default}.`,
      });
    },
  );
}
