/** `dist/push.cjs`: what actions/push runs. */

import { pushAction } from './push-action.ts';
import { runAction } from './result.ts';

void runAction((signal) => pushAction(process.env, signal));
