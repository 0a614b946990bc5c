/**
 * `npm run lab -- up [COUNT] | status | down`: hosts of the lab that stay until they are taken down, to try things on.
 *
 * `up` takes `--jump` (reached through a jump host only), `--stand-ins` and `--images` (builds the base images too).
 */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LabEngine, labEngine } from './engine.ts';
import { LAB_IMAGES, LAB_PASSWORDS, labBaseImages, labHosts } from './hosts/index.ts';

const NAME = 'lab';
const FOLDER = join(process.env.SEALER_LAB_CACHE ?? join(homedir(), '.cache', 'sealer-lab'), 'up');
const NOTE = join(FOLDER, 'note.txt');
const USAGE = 'usage: npm run lab -- up [COUNT] [--jump] [--stand-ins] [--images] | status | down';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { jump: { type: 'boolean' }, 'stand-ins': { type: 'boolean' }, images: { type: 'boolean' } },
});
const [command, count = '2'] = positionals;
await using engine = await labEngine();
if (engine.skip !== false) {
  console.error(engine.skip);
  process.exitCode = 1;
} else if (command === 'up' && /^[1-9][0-9]?$/.test(count)) {
  await up(engine, Number(count));
} else if (command === 'status') {
  await status(engine);
} else if (command === 'down') {
  await down(engine);
} else {
  console.error(USAGE);
  process.exitCode = 2;
}

async function up(engine: LabEngine, count: number): Promise<void> {
  await down(engine);
  await mkdir(FOLDER, { recursive: true, mode: 0o700 });
  const started = performance.now();
  const lab = await labHosts(engine, {
    count,
    keep: NAME,
    folder: FOLDER,
    reached: values.jump === true ? 'jump' : 'direct',
    standIns: values['stand-ins'] === true,
  });
  const { keys, jump } = lab;
  const options = `-F none -o UserKnownHostsFile=${keys.knownHosts} -i ${keys.privateKey}`;
  const through = jump === undefined ? '' : ` -o ProxyCommand="ssh ${options} -W %h:%p root@${jump.address}"`;
  const note = [
    ...lab.hosts.map(({ name, address }) => `${name}\tssh ${options}${through} root@${address}`),
    ...(jump === undefined ? [] : [`${jump.name}\tssh ${options} root@${jump.address}`]),
    '',
    `keys         ${keys.privateKey}, ${keys.lockedKey} (passphrase: ${keys.passphrase})`,
    `known hosts  ${keys.knownHosts}`,
    `passwords    ${Object.entries(LAB_PASSWORDS)
      .map((pair) => pair.join(': '))
      .join(', ')}`,
  ];
  if (values.images === true) {
    const store = await labBaseImages();
    const images = Object.values(LAB_IMAGES).flatMap(({ base, shop }) => [base, shop]);
    note.push(`images       ${images.join(', ')} (SEALER_HOME=${store}, a store to copy)`);
  }
  await writeFile(NOTE, `${note.join('\n')}\n`);
  console.log(note.join('\n'));
  console.error(`up in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function status(engine: LabEngine): Promise<void> {
  const format = '{{index .Labels "io.sealer.lab.host-name"}}\t{{.Status}}';
  const hosts = await engine.podman('ps', '--all', '--filter', `label=io.sealer.lab.keep=${NAME}`, '--format', format);
  console.log(hosts.trim() === '' ? 'nothing is up' : hosts.trim());
  if (hosts.trim() !== '') console.log(await readFile(NOTE, 'utf8').catch(() => ''));
}

async function down(engine: LabEngine): Promise<void> {
  const label = `label=io.sealer.lab.keep=${NAME}`;
  const listed = async (...command: string[]) =>
    (await engine.podman(...command, '--filter', label)).split('\n').filter((line) => line !== '');
  const containers = await listed('ps', '--all', '--quiet');
  if (containers.length > 0) await engine.podman('rm', '--force', '--volumes', '--time', '0', ...containers);
  const networks = await listed('network', 'ls', '--quiet');
  if (networks.length > 0) await engine.podman('network', 'rm', '--force', ...networks);
  await rm(FOLDER, { recursive: true, force: true });
}
