/** A host fetches items from a registry by itself: with curl, else with wget, each item checked by its digest. */

import type { Host } from '../../hosts/host.ts';
import { hexOf } from '../../oci/digest.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import { blobUrls, type FetchSource } from './fetch-source.ts';
import type { Item } from './item.ts';

export interface FetchOptions {
  /** The cluster's folder on the host. */
  readonly home: string;
  readonly source: FetchSource;
  /** Which endpoint to begin with. */
  readonly turn: number;
  readonly signal: AbortSignal | undefined;
  /** Called as an item is there. */
  readonly onItem: (item: Item) => void;
}

export interface Fetched {
  /** Bytes. */
  readonly bytes: number;
  /** What did not come, and why, in the words of the host's tool. */
  readonly missing: readonly { readonly item: Item; readonly reason: string }[];
}

/** A host that gets a byte a second is stopped by the tool's own limit long before. */
const FETCHING_MS = 6 * 3600_000;

/**
 * Lets a host fetch items; each is tried twice, from another endpoint if there is one. What was there in part goes on
 * where it broke off.
 * @throws what hosts throw; a fetch that fails is no error but `missing`
 */
export async function fetchItems(host: Host, items: readonly Item[], options: FetchOptions): Promise<Fetched> {
  const { home, source, turn, signal, onItem } = options;
  const { access } = source;
  const byHex = new Map(items.map((item) => [hexOf(item.digest), item]));
  const lines = items.map(({ digest, place }) => `${hexOf(digest)} ${place}\n`);
  const arrived = new Set<Item>();
  const reasons = new Map<Item, string>();
  const onLine = (line: string, stream: 'stdout' | 'stderr') => {
    const [, verb, hex = '', reason = ''] = /^(ok|failed) ([0-9a-f]{64}) ?(.*)$/.exec(line) ?? [];
    const item = byHex.get(hex);
    if (stream !== 'stdout' || item === undefined) return;
    if (verb === 'failed') return void reasons.set(item, reason);
    arrived.add(item);
    onItem(item);
  };
  const { code, stderr } = await host.exec({
    argv: ['sh', '-c', PROGRAM, 'sealer', home, access.caFile ?? '', ...blobUrls(source, turn)],
    stdin: authorization(access) + lines.join(''),
    secrets: access.credentials === undefined ? [] : [access.credentials.password, basic(access.credentials)],
    timeoutMs: FETCHING_MS,
    allowFailure: true,
    onLine,
    signal,
  });
  const rest = code === 0 ? 'it was not tried' : (stderr.trim().split('\n').at(-1) ?? `exit code ${code}`);
  return {
    bytes: [...arrived].reduce((sum, { size }) => sum + size, 0),
    missing: items.filter((item) => !arrived.has(item)).map((item) => ({ item, reason: reasons.get(item) ?? rest })),
  };
}

/** Two lines: a header for curl's and wget's own configuration, so that it is in no argument list. Empty if there is none. */
function authorization({ credentials }: Pick<RegistryAccess, 'credentials'>): string {
  return credentials === undefined ? '\n' : `Authorization: Basic ${basic(credentials)}\n`;
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/**
 * Arguments: home, CA file or nothing, URLs to put a digest after. Input: a header or an empty line, then lines of hex and
 * place. busybox's wget checks no certificates, so it is given no password; what it brings is checked by its digest all
 * the same. Proxies of the host's environment lead out of the cluster, so they are not asked.
 */
const PROGRAM = `
umask 077
mkdir -p "$1/layers" || exit 1
cd "$1" || exit 1
ca=$2
shift 2
IFS= read -r header
tool=none
if command -v curl >/dev/null 2>&1; then tool=curl
elif wget --version 2>/dev/null | grep -q GNU; then tool=wget
elif command -v wget >/dev/null 2>&1 && [ -z "$header" ]; then tool=busybox
fi
get() {
  case $tool in
    curl)
      if [ -n "$header" ]; then printf 'header = "%s"\\n' "$header"; fi |
        curl -q -sSf --noproxy '*' --connect-timeout 10 --speed-limit 1000 --speed-time 60 \\
          \${ca:+--cacert "$ca"} -C - -K - -o "$2" "$1" ;;
    wget)
      (
        printf 'netrc = off\\n' >"$2.rc"
        if [ -n "$header" ]; then printf 'header = %s\\n' "$header" >>"$2.rc"; fi
        WGETRC=$2.rc wget -nv --no-proxy --tries=1 --timeout=60 \${ca:+--ca-certificate="$ca"} -O "$2" "$1" </dev/null
        code=$?
        rm -f "$2.rc"
        exit $code
      ) ;;
    busybox) wget -q --no-check-certificate -T 60 -O "$2" "$1" </dev/null ;;
    none) echo 'there is neither curl nor wget' >&2; return 1 ;;
  esac
}
is_whole() { [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]; }
size_of() { if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi; }
fetch() {
  part=layers/$hex.part
  if is_whole "$part" "$hex"; then return 0; fi
  for try in 1 2; do
    for url in "$@"; do
      before=$(size_of "$part")
      if reason=$(get "\${url}sha256:$hex" "$part" 2>&1); then
        if is_whole "$part" "$hex"; then return 0; fi
        reason='its content is not what its digest says'
        rm -f "$part"
      elif [ "$(size_of "$part")" -le "$before" ]; then
        # What was there did not help: from the start, then.
        rm -f "$part"
      fi
      if [ $tool = none ]; then return 1; fi
    done
  done
  return 1
}
put() {
  sync "layers/$hex.part" 2>/dev/null
  mkdir -p "\${place%/*}"
  chmod 644 "layers/$hex.part"
  if mv -f "layers/$hex.part" "$place"; then echo "ok $hex"
  else echo "failed $hex it cannot be moved into its place"
  fi
}
while read -r hex place; do
  if fetch "$@"; then
    # It goes to the disk while the next one comes; one at a time, so that a slow disk is waited for.
    wait
    put &
    continue
  fi
  printf 'failed %s %s\\n' "$hex" "$(printf '%s' "$reason" | tail -n 1)"
done
wait
`;
