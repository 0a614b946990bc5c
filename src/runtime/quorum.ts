/** Whether etcd survives that a member leaves. */

import { SealerError } from '../error.ts';

export interface QuorumQuestion {
  /** Names or addresses of all members. */
  readonly members: readonly string[];
  /** Those that answer. */
  readonly healthy: readonly string[];
  /** The one that is to go. */
  readonly leaving: string;
}

/**
 * Passes if a member may go. The removal itself is agreed on by the members as they are, so most of them have to answer now;
 * and of those that stay, most have to answer afterwards.
 * @throws SealerError LAST_MASTER; QUORUM_AT_RISK, which names who does not answer
 */
export function checkQuorum({ members, healthy, leaving }: QuorumQuestion): void {
  if (!members.includes(leaving)) return;
  if (members.length === 1) {
    throw new SealerError('LAST_MASTER', `${leaving} is the last master of the cluster`, {
      hint: 'Add another master first, or delete the whole cluster.',
    });
  }
  const answering = members.filter((member) => healthy.includes(member));
  const staying = answering.filter((member) => member !== leaving);
  const [neededNow, neededThen] = [majority(members.length), majority(members.length - 1)];
  if (answering.length >= neededNow && staying.length >= neededThen) return;
  const silent = members.filter((member) => !healthy.includes(member));
  const isNow = answering.length < neededNow;
  throw new SealerError(
    'QUORUM_AT_RISK',
    `without ${leaving}, etcd would have no quorum: ${isNow ? answering.length : staying.length} of ` +
      `${isNow ? members.length : members.length - 1} members answer, and ${isNow ? neededNow : neededThen} are needed` +
      (silent.length === 0 ? '' : ` (silent: ${silent.join(', ')})`),
    {
      hint:
        silent.length === 0
          ? 'Add masters first.'
          : `Bring ${silent.join(', ')} back first, or remove it before ${leaving}.`,
    },
  );
}

function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}
