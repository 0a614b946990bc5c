/** The version of this program, from the one place that says it. */

import metadata from '../../package.json' with { type: 'json' };

export const VERSION: string = metadata.version;
