/** `dist/run.cjs`: what actions/run runs. */

import { runAction } from './result.ts';
import { runClusterAction } from './run-action.ts';

void runAction((signal) => runClusterAction(process.env, signal));
