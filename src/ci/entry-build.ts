/** `dist/build.cjs`: what actions/build runs. */

import { buildAction } from './build-action.ts';
import { runAction } from './result.ts';

void runAction((signal) => buildAction(process.env, signal));
