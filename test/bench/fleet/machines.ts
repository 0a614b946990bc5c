/**
 * Simulated hosts in a process of their own, so that they are no part of what is measured: an SSH server at every address,
 * real down to the launcher's protocol, with canned answers behind it. Argument: a file with a FleetPlan and keys.
 * Prints its port, then, when its input ends, what it saw.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { START_MARK } from '../../../src/hosts/command/launcher.ts';
import { readLaunch } from './launches.ts';
import { answer, type FleetPlan } from './machine.ts';

/** The input of this process. */
export interface MachinesInput {
  readonly plan: FleetPlan;
  /** Private, in OpenSSH's form. */
  readonly hostKey: string;
}

/** What it prints in the end. */
export interface MachinesSeen {
  /** In the whole, and at the same time. */
  readonly connections: number;
  readonly mostConnections: number;
  readonly commands: number;
  /** Commands that nobody foresaw. */
  readonly unknown: readonly string[];
}

const seen = { connections: 0, mostConnections: 0, commands: 0, unknown: [] as string[] };
let open = 0;
/** How many ports are tried. */
const TRIES = 10;

const file = process.argv[2] ?? '';
const { plan, hostKey } = JSON.parse(readFileSync(file, 'utf8')) as MachinesInput;
const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (client, info) => serve(client, info.ip));

const port = await listen([...plan.masters, ...plan.nodes]);
process.stdout.write(`${port}\n`);
process.stdin.resume().once('end', () => {
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
});

/** At one port of all addresses, since a run knows one; where somebody has it at one of them, at another. */
async function listen(addresses: readonly string[]): Promise<number> {
  for (let left = TRIES; ; left--) {
    const listeners: Server[] = [];
    try {
      let port = 0;
      for (const address of addresses) {
        const listener = createServer(take);
        listeners.push(listener.listen({ host: address, port, backlog: 128 }));
        await once(listener, 'listening');
        const bound = listener.address();
        if (typeof bound === 'object' && bound !== null) port = bound.port;
      }
      return port;
    } catch (error) {
      for (const listener of listeners) listener.close();
      if (left === 0) throw error;
    }
  }
}

function take(socket: Socket): void {
  seen.connections++;
  seen.mostConnections = Math.max(seen.mostConnections, ++open);
  socket.once('close', () => open--);
  socket.setNoDelay(true);
  // ssh2 tells its server where a client comes from; here it matters whom it called.
  Object.defineProperty(socket, 'remoteAddress', { value: socket.localAddress });
  ssh.injectSocket(socket);
}

function serve(client: Connection, address: string): void {
  // Who is let in is not what is measured; a signature is checked all the same, as an SSH server would.
  client.on('authentication', (login) => {
    if (login.method !== 'publickey') return login.reject(['publickey']);
    const key = ssh2.utils.parseKey(login.key.data);
    if (key instanceof Error) return login.reject();
    const { signature, blob, hashAlgo } = login;
    if (signature === undefined || blob === undefined) return login.accept();
    if (key.verify(blob, signature, hashAlgo) === true) login.accept();
    else login.reject();
  });
  client.on('error', () => {});
  client.on('tcpip', (_accept, reject) => reject());
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec) => run(acceptExec(), address));
  });
}

function run(channel: ServerChannel, address: string): void {
  seen.commands++;
  let bytes: Buffer = Buffer.alloc(0);
  let lasts = false;
  const mark = `${START_MARK} 1000 1000\n`;
  channel.write(mark);
  channel.stderr.write(mark);
  channel.on('error', () => {});
  channel.on('data', (chunk: Buffer) => {
    if (!lasts) bytes = Buffer.concat([bytes, chunk]);
  });
  // Most programs read to the end first; the lock answers before.
  channel.on('data', () => {
    if (lasts) return;
    const launched = readLaunch(bytes);
    const said = launched === undefined ? undefined : answer(plan, address, launched.argv);
    if (said?.lasts !== true) return;
    lasts = true;
    channel.write(said.stdout);
  });
  channel.on('end', () => {
    if (lasts) return end(channel, 0);
    const argv = readLaunch(bytes)?.argv ?? [];
    const said = answer(plan, address, argv);
    if (said === undefined) {
      seen.unknown.push(argv.join(' ').slice(0, 400));
      return end(channel, 127);
    }
    channel.write(said.stdout, () => end(channel, said.code));
  });
}

function end(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}
