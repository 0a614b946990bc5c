/** What kind of machine a host is, asked in one round trip. */

import type { FileHost } from './files/file-host.ts';
import type { HostFacts } from './host.ts';

/** Prints a key and a value in each line; works with coreutils and busybox. */
const ASK = `
LC_ALL=C
export LC_ALL
echo "time $(date +%s.%N)"
echo "hostname $(uname -n)"
echo "kernel $(uname -r)"
echo "machine $(uname -m)"
[ ! -r /etc/machine-id ] || echo "machine-id $(cat /etc/machine-id)"
for file in /etc/os-release /usr/lib/os-release; do
  if [ -r "$file" ]; then
    sed -n 's/^\\(ID\\|VERSION_ID\\|PRETTY_NAME\\)=/os-\\1 /p' "$file"
    break
  fi
done
echo "cpus $(nproc 2> /dev/null || grep -c '^processor' /proc/cpuinfo)"
sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/memory \\1/p' /proc/meminfo
if [ -d /run/systemd/system ]; then echo "init systemd"
elif [ -d /run/openrc ] || command -v openrc-run > /dev/null; then echo "init openrc"
fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo "cgroup 2"; fi
{ ip -o addr show 2> /dev/null || hostname -I | tr ' ' '\\n' | sed 's/^/- - inet /'; } |
  sed -n 's/^[^ ]* *\\([^ ]*\\) *inet6* \\([^ /]*\\).*/address \\1 \\2/p'
`;

/** `Host.facts`. @param now milliseconds since 1970 */
export async function askFacts(host: FileHost, now: () => number): Promise<HostFacts> {
  // Connecting and finding out about sudo are no part of the round trip.
  await host.elevation();
  const asked = now();
  let answered = asked;
  const { stdout } = await host.exec({
    argv: ['sh', '-c', ASK, 'sealer-facts'],
    timeoutMs: 60_000,
    onLine: (line) => {
      if (line.startsWith('time ')) answered = now();
    },
  });
  return parseFacts(stdout, { user: host.link.user, clock: (asked + answered) / 2 });
}

/**
 * Reads what the host answered.
 * @param clock our clock in the middle of the round trip, in milliseconds since 1970
 */
export function parseFacts(text: string, { user, clock }: { user: string; clock: number }): HostFacts {
  const values = new Map<string, string>();
  const addresses: string[] = [];
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    const [, device, address = ''] = key === 'address' ? (/^(\S+) (\S+)$/.exec(value) ?? []) : [];
    if (address !== '' && device !== 'lo' && !isLoopback(address)) addresses.push(address);
    else if (!values.has(key)) values.set(key, value.trim());
  }
  const get = (key: string): string => values.get(key) ?? '';
  const init = get('init');
  return {
    hostname: get('hostname'),
    machineId: get('machine-id'),
    os: { id: unquote(get('os-ID')), version: unquote(get('os-VERSION_ID')), name: unquote(get('os-PRETTY_NAME')) },
    kernel: get('kernel'),
    arch: archOf(get('machine')),
    cpus: Number(get('cpus')) || 1,
    memory: (Number(get('memory')) || 0) * 1024,
    init: init === 'systemd' || init === 'openrc' ? init : 'unknown',
    cgroupVersion: get('cgroup') === '2' ? 2 : 1,
    addresses: [...new Set(addresses)],
    clockSkewMs: skewOf(get('time'), clock),
    user,
  };
}

/** busybox has whole seconds only: half a second is the best guess at the rest. */
function skewOf(time: string, clock: number): number {
  const [, seconds, fraction] = /^(\d+)\.(\d{3})?/.exec(time) ?? [];
  if (seconds === undefined) return 0;
  return Math.round(Number(seconds) * 1000 + (fraction === undefined ? 500 : Number(fraction)) - clock);
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** os-release(5): values are quoted as in a shell. */
function unquote(value: string): string {
  const inner = /^"(.*)"$/.exec(value)?.[1]?.replace(/\\(["$`\\])/g, '$1') ?? /^'(.*)'$/.exec(value)?.[1];
  return inner ?? value;
}

/** `uname -m` in the words of OCI (GOARCH). */
const ARCHES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i386: '386',
  i686: '386',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loongarch64: 'loong64',
  mips64: 'mips64',
};

function archOf(machine: string): string {
  return ARCHES[machine] ?? machine;
}
