/** How long a registry may take to answer at all, for those who only ask on the chance that it is one. */

import { SealerError } from '../../../error.ts';
import { joinSignals, untilAborted } from './abort.ts';

/** The registries that did not answer in time, so that who asks for the next image of one does not wait again. */
export class Reach {
  readonly #silent = new Map<string, SealerError>();

  /**
   * Waits for the first contact with a registry, which goes on by itself.
   * @param within milliseconds
   * @throws SealerError REGISTRY_UNREACHABLE when the time is over, and at once where it was before; what the contact
   *   throws; the signal's reason
   */
  async wait(registry: string, contact: Promise<unknown>, within: number, signal?: AbortSignal): Promise<void> {
    const known = this.#silent.get(registry);
    if (known !== undefined) throw known;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), within);
    try {
      await untilAborted(contact, joinSignals(signal, limit.signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (!limit.signal.aborted) throw error;
      const seconds = Math.round(within / 100) / 10;
      const silent = new SealerError('REGISTRY_UNREACHABLE', `${registry} does not answer within ${seconds} s`, {
        hint: `Check the name ${registry}, and the network; behind a proxy, set HTTPS_PROXY and NO_PROXY.`,
      });
      this.#silent.set(registry, silent);
      contact.then(
        () => this.#silent.delete(registry),
        () => {},
      );
      throw silent;
    } finally {
      clearTimeout(timer);
    }
  }
}
