/** `sealer registry serve` */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import type { AccessEntry, RegistryStorage } from '../../registry/server/index.ts';
import type { CliContext } from '../context.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { plainText } from '../progress/index.ts';
import { openStore } from '../session.ts';

interface ServeFlags extends OutputFlags, StoreFlags {
  readonly listen: string;
  readonly root?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly htpasswd?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly log?: boolean | undefined;
}

/** `sealer registry`, which has one command so far. */
export function registryCommand(context: CliContext): Command {
  return new Command('registry').description('The embedded registry.').addCommand(serveCommand(context));
}

function serveCommand(context: CliContext): Command {
  return withStore(withJson(new Command('serve')))
    .description(
      'Serve the images of the store, or a folder in the layout of the CNCF distribution registry, as an OCI registry.\nOnly this machine reaches it unless --listen says otherwise. Ctrl-C ends it.',
    )
    .option('--listen <host:port>', 'where to listen; port 0 takes a free one', '127.0.0.1:5000')
    .option('--root <folder>', 'serve this folder (the one that holds docker/registry/v2) instead of the store')
    .option('--tls-cert <file>', 'PEM certificate chain')
    .option('--tls-key <file>', 'PEM key')
    .option('--htpasswd <file>', 'ask for a login; users and their passwords, as htpasswd writes them')
    .option('--read-only', 'refuse pushes and deletions')
    .option('--log', 'write a line for each request on stderr')
    .addHelpText(
      'after',
      '\nExample:\n  sealer registry serve --root ./registry --listen 0.0.0.0:5000 --htpasswd users',
    )
    .action(async (flags: ServeFlags) => {
      if (flags.root !== undefined && flags.store !== undefined) {
        throw new SealerError('USAGE', '--root and --store exclude each other');
      }
      const { serveRegistry } = await import('../../registry/server/index.ts');
      await using stack = new AsyncDisposableStack();
      const registry = await serveRegistry({
        storage: await openStorage(context, flags, stack),
        ...parseListen(flags.listen),
        tls: await readTls(flags),
        htpasswd: flags.htpasswd,
        readOnly: flags.readOnly ?? false,
        ...(flags.log === true ? { log: (entry) => void context.stderr.write(`${formatEntry(entry)}\n`) } : {}),
      });
      stack.use(registry);
      const { url, address } = registry;
      printResult(context, flags, { url, address }, () => `serving on ${url} (Ctrl-C ends it)`);
      await aborted(context.signal);
    });
}

async function openStorage(
  context: CliContext,
  flags: ServeFlags,
  stack: AsyncDisposableStack,
): Promise<RegistryStorage> {
  const { folderStorage, storeStorage } = await import('../../registry/server/index.ts');
  if (flags.root !== undefined) return folderStorage(resolve(flags.root));
  return storeStorage(stack.use(await openStore(context, flags)));
}

/**
 * Reads `host:port`, `[::1]:port`, `host` or `:port`, which is loopback too: who wants the whole network says so.
 * @throws SealerError USAGE
 */
export function parseListen(text: string): { host: string; port: number } {
  const { host, bare, port } =
    /^(?:\[(?<host>[^\]]+)\]|(?<bare>[^:]*))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  const number = Number(port ?? 5000);
  if ((host === undefined && bare === undefined) || number > 65535) {
    throw new SealerError('USAGE', `"${text}" is not an address to listen on`, {
      hint: 'Write 127.0.0.1:5000 or [::1]:5000.',
    });
  }
  return { host: host ?? (bare || '127.0.0.1'), port: number };
}

async function readTls({ tlsCert, tlsKey }: ServeFlags): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new SealerError('USAGE', '--tls-cert and --tls-key belong together');
  }
  const read = async (file: string): Promise<Buffer> => {
    return readFile(file).catch((cause: unknown) => {
      throw new SealerError('CREDENTIALS_INVALID', `${file} cannot be read`, { cause });
    });
  };
  return { cert: await read(tlsCert), key: await read(tlsKey) };
}

function formatEntry({ method, path, status, remote, milliseconds, error }: AccessEntry): string {
  const fault = error === undefined ? '' : ` ${error instanceof Error ? error.message : String(error)}`;
  return plainText(`${remote} ${method} ${path} ${status} ${Math.round(milliseconds)} ms${fault}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
