/** A TCP connection from a host by a process of it, where nothing else makes one. */

import { Duplex, PassThrough } from 'node:stream';
import type { Link } from './link.ts';
import { startCommand } from './start-command.ts';

/** Arguments: address, port. Whatever of these a host has. */
const CONNECT = `
if command -v socat > /dev/null; then
  case $1 in *:*) exec socat - "TCP6:[$1]:$2" ;; *) exec socat - "TCP:$1:$2" ;; esac
fi
if command -v nc > /dev/null; then exec nc "$1" "$2"; fi
if command -v bash > /dev/null; then
  exec bash -c 'exec 3<> "/dev/tcp/$1/$2" || exit 1; cat <&3 & cat >&3; kill $! 2> /dev/null' bash "$1" "$2"
fi
echo "there is no socat, nc or bash" >&2
exit 127
`;

/**
 * Connects by socat, nc or bash. That nobody listens there shows as the end of the stream.
 * @throws SealerError HOST_UNREACHABLE
 */
export async function forwardByProcess(link: Link, address: string, port: number): Promise<Duplex> {
  const argv = ['sh', '-c', CONNECT, 'sealer-connect', address, String(port)] as const;
  const stdin = new PassThrough();
  stdin.on('error', () => {});
  const running = await startCommand(link, { argv, env: {}, cwd: undefined, elevation: 'none', stdin });
  running.stderr.resume();
  const both = Duplex.from({ readable: running.stdout, writable: stdin });
  both.on('error', () => {});
  both.once('close', () => void running.kill());
  running.ended.catch((error) => both.destroy(error));
  return both;
}
