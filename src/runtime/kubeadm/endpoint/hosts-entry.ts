/**
 * The line in /etc/hosts by which a host finds the API: masters ask themselves, nodes their own balancer. Other parts and
 * people write into that file too, and in a container it is a mount: so we keep a block of our own in it, and write in place.
 */

import type { Host } from '../../../hosts/host.ts';
import { ENDPOINT_NAME } from '../config/settings.ts';

const BEGIN = `# BEGIN sealer ${ENDPOINT_NAME}`;
const END = `# END sealer ${ENDPOINT_NAME}`;

/**
 * The block comes first, so that the rest of the file stays as it is to the last byte. A file without a block and nothing to
 * write is left alone.
 */
const PROGRAM = `
set -eu
file=/etc/hosts; begin=$1; end=$2; line=$3
test -e "$file" || : > "$file"
now=$(sed -n "/^$begin\\$/,/^$end\\$/p" "$file")
if test -n "$line"; then want=$(printf '%s\\n%s\\n%s' "$begin" "$line" "$end"); else want=; fi
test "$now" != "$want" || exit 0
new=$(mktemp)
trap 'rm -f "$new"' EXIT
{ test -z "$want" || printf '%s\\n' "$want"; sed "/^$begin\\$/,/^$end\\$/d" "$file"; } > "$new"
cat "$new" > "$file"
`;

/** Lets a host find the API at an address. */
export async function pointEndpoint(host: Host, address: string, signal: AbortSignal): Promise<void> {
  await host.exec({ argv: ['sh', '-c', PROGRAM, 'sealer', BEGIN, END, `${address} ${ENDPOINT_NAME}`], signal });
}

/** Takes the line away again. */
export async function removeEndpoint(host: Host, signal: AbortSignal): Promise<void> {
  await host.exec({ argv: ['sh', '-c', PROGRAM, 'sealer', BEGIN, END, ''], signal });
}
