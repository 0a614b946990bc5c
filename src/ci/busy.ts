/** How long each of many was at work, however much it did at once. */

export interface BusyTimes {
  /** Something begins; what it belongs to is told by the first word of its label. */
  begin(label: string, at: number): void;
  end(label: string, at: number): void;
  /** Milliseconds by first word. */
  times(now: number): ReadonlyMap<string, number>;
}

/** More names than a cluster has hosts are no hosts. */
const MAX_NAMES = 10_000;

/** Starts with nobody at work. Times are in milliseconds. */
export function busyTimes(): BusyTimes {
  const all = new Map<string, { active: number; since: number; ms: number }>();
  return {
    begin(label, at) {
      const name = nameOf(label);
      const busy = all.get(name) ?? { active: 0, since: at, ms: 0 };
      if (busy.active === 0) busy.since = at;
      busy.active += 1;
      if (all.size < MAX_NAMES) all.set(name, busy);
    },
    end(label, at) {
      const busy = all.get(nameOf(label));
      if (busy === undefined) return;
      busy.active -= 1;
      if (busy.active === 0) busy.ms += at - busy.since;
    },
    times: (now) =>
      new Map([...all].map(([name, { active, since, ms }]) => [name, active === 0 ? ms : ms + now - since])),
  };
}

/** `10.0.0.2` of `10.0.0.2: kubeadm join`. */
function nameOf(label: string): string {
  return label.split(' ', 1)[0]?.replace(/:$/, '') ?? '';
}
