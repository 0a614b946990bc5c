/** All container images that cannot be had, in one error. */

import type { NamedImage } from '../../discover/index.ts';
import { formatPlace, type Problem, SealerError } from '../../error.ts';
import { familiarReference } from '../../oci/reference.ts';

export interface Failure {
  readonly image: NamedImage;
  readonly error: SealerError;
}

/** What no other image could be spared from: these end the build at once, as they are. */
const FATAL = new Set(['DISK_FULL', 'PERMISSION', 'STORE_INVALID', 'INTERRUPTED', 'CREDENTIALS_INVALID', 'INTERNAL']);

/** Whether an error is about one image, so that the others are worth a try; all else ends the harvest. */
export function isAboutOneImage(error: unknown): error is SealerError {
  return error instanceof SealerError && !FATAL.has(error.code);
}

/** One error for all images that fail; each is a problem at the first place that names it and tells of the others. */
export function imagesMissing(failures: readonly Failure[]): SealerError {
  const problems = failures.map(describe);
  const [first] = problems;
  const message =
    failures.length === 1 && failures[0] !== undefined
      ? `A container image cannot be had: ${familiarReference(failures[0].image.reference)}`
      : `${failures.length} container images cannot be had`;
  return new SealerError('IMAGES_MISSING', message, {
    hint: 'Mend the references, log in (sealer login), or put what shall stay out on an --ignored-image-list.',
    at: first?.at,
    problems,
    cause: failures[0]?.error,
  });
}

function describe({ image, error }: Failure): Problem {
  const [first, ...others] = image.findings.map(({ at }) => at);
  const also = others.length === 0 ? '' : ` (also named at ${others.map(formatPlace).join(', ')})`;
  const name = familiarReference(image.reference);
  return {
    code: error.code,
    // Most errors name the image already.
    message: `${error.message.includes(name) ? '' : `${name}: `}${error.message}${also}`,
    hint: error.hint,
    ...(first === undefined ? {} : { at: first }),
  };
}
