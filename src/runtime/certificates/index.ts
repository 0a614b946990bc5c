/** Certificates of API servers, as clients see them. */

export { lacking, namesIn } from './names.ts';
export { servedNames } from './served-names.ts';
export { shakeHands } from './shake-hands.ts';
