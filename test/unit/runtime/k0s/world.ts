/** Hosts with a k0s that lives in memory: it answers as the real one does, and remembers what it was told, in order. */

import { Buffer } from 'node:buffer';
import { duplexPair } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { load } from 'js-yaml';
import { extract } from 'tar-stream';
import { SealerError } from '../../../../src/error.ts';
import type { Command, Host, Output } from '../../../../src/hosts/host.ts';
import { fieldsOf, listOf, mapOf } from '../../../../src/kubernetes/fields.ts';
import { type Authority, makeAuthority } from './authority.ts';
import { kubectl } from './fake-kubectl.ts';

export const HOME = '/var/lib/sealer/shop';
const TOKEN = `${HOME}/k0s/join-token`;

export class World {
  /** What every host was told, as `host: command`; questions are left out. */
  readonly log: string[] = [];
  readonly hosts: FakeHost[];
  /** Addresses of members. */
  readonly etcd = new Set<string>();
  /** Those that are valid: their text, and what they are invalidated by. */
  readonly tokens = new Map<string, string>();
  readonly nodes = new Map<string, { ready: boolean; version: string; cordoned: boolean }>();
  /** Whether controllers do what their EtcdMember asks for. */
  obeysLeave = true;
  readonly authority: Authority;

  static async of(count: number): Promise<World> {
    return new World(count, makeAuthority());
  }

  constructor(count: number, authority: Authority) {
    this.authority = authority;
    this.hosts = Array.from({ length: count }, (_, i) => new FakeHost(this, `10.0.0.${i + 2}`));
  }

  host(i: number): FakeHost {
    const host = this.hosts[i];
    if (host === undefined) throw new Error(`there is no host ${i}`);
    return host;
  }

  by(address: string): FakeHost | undefined {
    return this.hosts.find((host) => host.address === address);
  }
}

export class FakeHost implements Host {
  readonly address: string;
  readonly label: string;
  readonly files = new Map<string, string>();
  readonly footprint = new Set<string>();
  unit: 'k0scontroller' | 'k0sworker' | undefined;
  install: readonly string[] = [];
  isRunning = false;
  isDown = false;
  version: string | undefined;
  running: string | undefined;
  /** Names in the API server's certificate. */
  served: readonly string[] = [];
  readonly #world: World;

  constructor(world: World, address: string) {
    this.#world = world;
    this.address = address;
    this.label = address;
  }

  async exec(command: Command): Promise<Output> {
    if (this.isDown) throw new SealerError('HOST_UNREACHABLE', `${this.address} does not answer`);
    command.signal?.throwIfAborted();
    const output = { code: 0, stdout: '', stderr: '', ...(await this.#answer(command)) };
    if (output.code !== 0 && command.allowFailure !== true) {
      throw new SealerError('COMMAND_FAILED', `${command.argv.join(' ')}: ${output.stderr}`);
    }
    return output;
  }

  read = async () => undefined;
  readText = async (path: string) => {
    if (this.isDown) throw new SealerError('HOST_UNREACHABLE', `${this.address} does not answer`);
    return this.files.get(path);
  };
  write: Host['write'] = async (path, content) => {
    if (typeof content !== 'string') throw new Error('texts only');
    this.files.set(path, content);
    this.say(`write ${path}`);
  };
  upload = async () => ({ sent: 0 });
  /** The API server of whichever host is meant, or nobody who answers. */
  forward: Host['forward'] = async (address) => {
    const target = address === '127.0.0.1' ? this : this.#world.by(address);
    if (target?.isLive !== true) throw new SealerError('HOST_UNREACHABLE', `nobody listens at ${address}`);
    const [here, there] = duplexPair();
    const secure = new TLSSocket(there, { isServer: true, ...this.#world.authority.issue(target.served) });
    secure.on('error', () => {});
    return here;
  };
  facts: Host['facts'] = async () => ({
    hostname: this.name,
    machineId: this.address,
    os: { id: 'debian', version: '12', name: 'Debian 12' },
    kernel: '6.1',
    arch: 'amd64',
    cpus: 2,
    memory: 2 ** 31,
    init: 'systemd',
    cgroupVersion: 2,
    addresses: [this.address],
    clockSkewMs: 0,
    user: 'root',
  });
  [Symbol.asyncDispose] = async () => {};

  get name(): string {
    return `host-${this.address.split('.').at(-1)}`;
  }

  get isLive(): boolean {
    return !this.isDown && this.isRunning && this.unit === 'k0scontroller' && this.#world.etcd.has(this.address);
  }

  say(text: string): void {
    this.#world.log.push(`${this.address}: ${text}`);
  }

  async #answer(command: Command): Promise<Partial<Output>> {
    const { argv } = command;
    const [program, ...rest] = argv;
    if (program === '/usr/local/bin/k0s') return this.#k0s(rest);
    if (program === 'systemctl') return this.#systemctl(rest);
    if (program === 'test') return { code: this.files.has(rest.at(-1) ?? '') ? 0 : 1 };
    if (program === 'rm') {
      this.files.delete(rest.at(-1) ?? '');
      return {};
    }
    if (program === 'journalctl') return { stdout: 'level=error msg="as told"' };
    if (program !== 'sh') throw new Error(`what is ${program}?`);
    const [, script = '', name = '', ...values] = rest;
    if (name === 'sealer-footprint-install') return { stdout: await this.#installFiles(command) };
    if (name === 'sealer-footprint-remove') return this.#removeFiles(String(command.stdin));
    if (name === 'sealer-footprint-list') return { stdout: [...this.footprint].join('\n') };
    if (script.includes('echo status=')) return this.#observe();
    if (script.includes('&& exec "$@"')) {
      const [folder, file, , ...k0s] = values;
      const output = this.#k0s(k0s);
      this.files.set(`${folder}/${file}`, output.stdout ?? '');
      return { ...output, stdout: '' };
    }
    if (script.includes('exec "$1" reset')) return this.#reset();
    if (script.includes('systemctl stop')) return this.#stop(values[0] ?? '');
    if (script.includes('mktemp -d')) return { stdout: `${values[0]}/abc\n` };
    if (script.includes('for each in "$1"/*')) return { stdout: `${values[0]}/k0s_backup.tar.gz\n` };
    if (script.includes('cd "$1"')) return { stdout: 'pause.tar\n' };
    if (script.includes('k0s_managed')) this.say('clean');
    return {};
  }

  #observe(): Partial<Output> {
    const head = [
      ...(this.unit === undefined ? [] : [`service=${this.unit}`]),
      `version=${this.version ?? ''}`,
      'status=',
    ];
    const status = { Version: this.running, Role: this.unit === 'k0scontroller' ? 'controller' : 'worker' };
    return this.isRunning
      ? { stdout: [...head, JSON.stringify(status)].join('\n') }
      : { stdout: head.join('\n'), stderr: 'k0s is not running' };
  }

  #systemctl([first, second, third]: readonly string[]): Partial<Output> {
    const [verb, unit] = first === '--no-block' ? [second, third] : [first, second];
    if (verb === 'daemon-reload') return {};
    if (verb === 'is-active')
      return { stdout: this.isRunning && unit === `${this.unit}.service` ? 'active' : 'inactive' };
    this.say(`${verb} ${unit}`);
    if (this.unit === undefined || unit !== `${this.unit}.service`) return { code: 5, stderr: 'no such unit' };
    this.#start();
    return {};
  }

  #start(): void {
    this.isRunning = true;
    this.running = this.version;
    const config = mapOf(load(this.files.get('/etc/k0s/k0s.yaml') ?? '{}'));
    this.served = ['localhost', ...listOf(mapOf(mapOf(config.spec).api).sans).map(String)];
    const world = this.#world;
    const token = this.install.includes('--token-file') ? this.files.get(TOKEN)?.trim() : undefined;
    const isMember = world.nodes.has(this.name);
    const joins = this.install.includes('--token-file');
    if (!isMember && joins && (token === undefined || !world.tokens.has(token))) return;
    if (this.unit === 'k0scontroller') world.etcd.add(this.address);
    const version = `${this.running?.split('+')[0]}+k0s`;
    world.nodes.set(this.name, { cordoned: false, ...world.nodes.get(this.name), ready: true, version });
  }

  #stop(unit: string): Partial<Output> {
    if (unit !== this.unit) return {};
    if (this.isRunning) this.say(`stop ${unit}`);
    this.isRunning = false;
    const node = this.#world.nodes.get(this.name);
    if (node !== undefined) node.ready = false;
    return {};
  }

  #reset(): Partial<Output> {
    if (this.isRunning) return { code: 1, stderr: 'k0s seems to be running' };
    this.say('k0s reset');
    this.unit = undefined;
    return {};
  }

  async #installFiles({ stdin }: Command): Promise<string> {
    const contents = new Map<string, string>();
    const tar = extract({});
    tar.write(Buffer.from(stdin instanceof Uint8Array ? stdin : ''));
    tar.end();
    for await (const entry of tar) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(Buffer.from(chunk));
      contents.set(entry.header.name, Buffer.concat(chunks).toString());
    }
    const list = (contents.get('list') ?? '').trimEnd().split('\n');
    const changed: string[] = [];
    for (let i = 0; i < list.length; i += 4) {
      const [kind, , source = '', path = ''] = list.slice(i, i + 4);
      const content = kind === 'content' ? (contents.get(source) ?? '') : `${kind} ${source}`;
      if (this.files.get(path) !== content) changed.push(path);
      this.files.set(path, content);
      this.footprint.add(path);
      if (path === '/usr/local/bin/k0s') this.version = /rootfs\/(v[^/]+)\//.exec(source)?.[1];
    }
    if (changed.length > 0) this.say(`install ${changed.map((path) => path.split('/').at(-1)).join(' ')}`);
    return changed.join('\n');
  }

  #removeFiles(stdin: string): Partial<Output> {
    for (const path of stdin.trimEnd().split('\n')) {
      if (!this.footprint.delete(path)) continue;
      this.files.delete(path);
      if (path === '/usr/local/bin/k0s') this.version = undefined;
    }
    return {};
  }

  #k0s(argv: readonly string[]): Partial<Output> {
    const world = this.#world;
    const [verb, noun] = argv;
    if (verb === 'kubectl') return kubectl(world, this, argv.slice(1));
    if (verb !== 'etcd' || noun !== 'member-list') this.say(`k0s ${argv.join(' ')}`);
    if (verb === 'install') {
      this.unit = noun === 'controller' ? 'k0scontroller' : 'k0sworker';
      this.install = argv;
      return {};
    }
    if (verb === 'config') {
      const config = fieldsOf(load(this.files.get('/etc/k0s/k0s.yaml') ?? ''));
      const isValid = mapOf(mapOf(config?.spec).api).address === this.address;
      return isValid ? {} : { code: 1, stderr: 'invalid api.address' };
    }
    if (!this.isRunning) return { code: 1, stderr: 'k0s not running' };
    if (verb === 'backup') return {};
    if (verb === 'token' && noun === 'create')
      return { stdout: this.#createToken(argv[3] === 'worker' ? 'worker' : 'controller') };
    if (verb === 'token' && noun === 'invalidate') {
      const id = argv[2] ?? '';
      for (const [text, each] of world.tokens) if (each === id) world.tokens.delete(text);
      return {};
    }
    if (verb === 'kubeconfig') return { stdout: kubeconfig('https://localhost:6443') };
    if (verb === 'etcd' && noun === 'member-list') {
      const members = [...world.etcd].map((address) => [world.by(address)?.name ?? address, `https://${address}:2380`]);
      return { stdout: JSON.stringify({ members: Object.fromEntries(members) }) };
    }
    if (verb === 'etcd' && noun === 'leave') {
      const address = argv.at(-1) ?? '';
      return world.etcd.delete(address) ? {} : { code: 1, stderr: 'no such member' };
    }
    throw new Error(`k0s ${argv.join(' ')}?`);
  }

  #createToken(role: 'controller' | 'worker'): string {
    const id = `id${this.#world.log.length}`;
    const url = `https://${this.address}:${role === 'worker' ? 6443 : 9443}`;
    const text = gzipSync(kubeconfig(url, `${id}.secret`, this.#world.authority.pem)).toString('base64');
    this.#world.tokens.set(text, id);
    return `${text}\n`;
  }
}

function kubeconfig(server: string, token = 'admin.secret', ca = ''): string {
  const authority = Buffer.from(ca).toString('base64');
  return JSON.stringify({
    clusters: [{ name: 'k0s', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'k0s', user: { token } }],
  });
}
