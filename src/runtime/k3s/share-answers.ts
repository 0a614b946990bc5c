/** One question for many who ask it at the same time. */

import type { Runtime } from '../runtime.ts';

type Kubectl = Runtime['kubectl'];

/**
 * Fifty agents that join wait for the same list of nodes: while one `kubectl get` is under way, others that ask the same
 * get its answer. A signal of one who asks ends only its own waiting, unless it was the first.
 */
export function shareAnswers(kubectl: Kubectl): Kubectl {
  const underway = new Map<string, ReturnType<Kubectl>>();
  return (argv, options = {}) => {
    if (argv[0] !== 'get' || options.stdin !== undefined) return kubectl(argv, options);
    const key = JSON.stringify([argv, options.allowFailure === true]);
    const running = underway.get(key);
    if (running !== undefined) {
      // Its owner may have given up: then it is asked anew.
      return running.catch(() => kubectl(argv, options));
    }
    const answer = kubectl(argv, options);
    const ended = (): void => {
      if (underway.get(key) === answer) underway.delete(key);
    };
    underway.set(key, answer);
    answer.then(ended, ended);
    return answer;
  };
}
