/**
 * `npm run bundle`: makes `dist/`, where each file runs alone, without node_modules.
 *
 *     sealer.cjs            the command line
 *     build.cjs, push.cjs, run.cjs   what the actions run
 *     cache.cjs             the cache service's client, which build.cjs loads when there is a cache
 *     sigstore.cjs          sigstore's libraries, loaded to sign or verify without a key
 *     testcontainers.cjs    what sealer.cjs and build.cjs load when a temporary cluster starts
 *     watchdog.cjs          the process that removes a temporary cluster whose process was killed
 *     clusterfile.schema.json   for editors
 *     licenses.txt          of everything that is inside
 *
 * Not minified, so that what runs with people's secrets can be read and compared; the same sources give the same bytes.
 */

import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { clusterfileSchema } from './src/clusterfile/index.ts';
import { pageAssets } from './src/inspect-page/index.ts';

const ROOT = import.meta.dirname;
/** For editors: what a Clusterfile may have. */
const SCHEMA = 'clusterfile.schema.json';

/** What is made of what. */
export const BUNDLES = {
  'sealer.cjs': 'src/cli/main.ts',
  'build.cjs': 'src/ci/entry-build.ts',
  'push.cjs': 'src/ci/entry-push.ts',
  'run.cjs': 'src/ci/entry-run.ts',
  'cache.cjs': 'src/ci/cache/cache-service.ts',
  'sigstore.cjs': 'src/attest/sigstore-libraries.ts',
  'testcontainers.cjs': 'src/temp-cluster/node/run-container.ts',
  'watchdog.cjs': 'src/temp-cluster/session/watchdog-process.ts',
} as const;

/**
 * Makes all bundles.
 * @param folder is emptied first
 * @returns sizes by name
 */
export async function bundle(folder: string): Promise<ReadonlyMap<string, number>> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const sizes = new Map<string, number>();
  const packages = new Set<string>();
  for (const [name, entry] of Object.entries(BUNDLES)) {
    const { text, metafile } = await bundleOne(entry);
    const file = join(folder, name);
    await writeFile(file, text);
    if (text.startsWith('#!')) await chmod(file, 0o755);
    sizes.set(name, Buffer.byteLength(text));
    for (const each of packagesOf(metafile)) packages.add(each);
  }
  const schema = `${JSON.stringify(clusterfileSchema(), undefined, 2)}\n`;
  await writeFile(join(folder, SCHEMA), schema);
  sizes.set(SCHEMA, Buffer.byteLength(schema));
  const licenses = await collectLicenses([...packages].sort());
  await writeFile(join(folder, 'licenses.txt'), licenses);
  return sizes.set('licenses.txt', Buffer.byteLength(licenses));
}

/** The oldest Node.js that runs the bundles, as package.json has it. The runners' own is that one. */
const NODE = 24;

const BANNER = "const import_meta_url = require('node:url').pathToFileURL(__filename).href;";

/** People have older ones, on which the first import fails with words that nobody understands. */
const OLD_NODE = `if (Number.parseInt(process.versions.node, 10) < ${NODE}) {
  console.error('error[USAGE]: sealer needs Node.js ${NODE} or later; this is ' + process.versions.node + '\\n  hint: https://nodejs.org/en/download has it, and so has your version manager.');
  process.exit(2);
}
`;

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: `node${NODE}`,
  format: 'cjs',
  write: false,
  metafile: true,
  legalComments: 'none',
  logLevel: 'error',
  // `import.meta.url` does not exist in CommonJS, and packages that call createRequire(import.meta.url) fail at load
  // without this (seen in @azure/storage-common, under @actions/cache).
  define: { 'import.meta.url': 'import_meta_url' },
} as const satisfies BuildOptions;

/** Large parts that few runs need stay outside: `import('./cache-service.ts')` becomes `import('./cache.cjs')`. */
const APART = {
  'cache-service.ts': './cache.cjs',
  'sigstore-libraries.ts': './sigstore.cjs',
  'run-container.ts': './testcontainers.cjs',
} as const;

const partsApart: Plugin = {
  name: 'parts-apart',
  setup({ onResolve }) {
    for (const [file, path] of Object.entries(APART)) {
      onResolve({ filter: new RegExp(`/${file.replaceAll('.', '\\.')}$`) }, ({ kind }) =>
        kind === 'entry-point' ? undefined : { path, external: true },
      );
    }
  },
};

/**
 * What testcontainers loads for things that are never asked of it: building images by BuildKit, engines over ssh, compose,
 * waiting for HTTP. Left out, two thirds of its bundle are gone, its native code with them, and what is left can be read.
 */
const UNUSED = /^(?:@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|ssh-remote-port-forward|undici|docker-compose)$/;
const USERS_OF_UNUSED = /node_modules[/\\](?:testcontainers|dockerode|docker-modem)[/\\]/;

const unusedOut: Plugin = {
  name: 'unused-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: UNUSED }, ({ path, importer }) =>
      USERS_OF_UNUSED.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** ssh2 has native code that makes ciphers faster where it was compiled, and does without where it was not. */
const nativeOut: Plugin = {
  name: 'native-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: 'native' }));
    onLoad({ filter: /./, namespace: 'native' }, () => ({ contents: 'throw new Error("not compiled");' }));
  },
};

/** The script and style of the page of an image, finished: a bundle has no sources beside it. Line by line, to be read. */
const pageAssetsIn: Plugin = {
  name: 'page-assets-in',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]inspect-page[/\\]page-assets\.ts$/ }, async () => {
      const { script, style } = await pageAssets();
      const linesOf = (text: string) => `${JSON.stringify(text.split('\n'), undefined, 1)}.join('\\n')`;
      const contents = `const assets = { script: ${linesOf(script)}, style: ${linesOf(style)} };\nexport const pageAssets = async () => assets;`;
      return { contents, loader: 'js' };
    });
  },
};

async function bundleOne(entry: string): Promise<{ text: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: [entry],
    banner: { js: entry === BUNDLES['sealer.cjs'] ? `${OLD_NODE}${BANNER}` : BANNER },
    plugins: [partsApart, unusedOut, nativeOut, pageAssetsIn],
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error(`esbuild gave nothing for ${entry}`);
  return { text, metafile };
}

/** `node_modules/@scope/name` of every package that is inside. */
function packagesOf({ inputs }: Metafile): ReadonlySet<string> {
  const folders = Object.keys(inputs).flatMap(
    (input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [],
  );
  return new Set(folders);
}

async function collectLicenses(folders: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
      const file = (await readdir(join(ROOT, folder))).filter((each) => /^(licen[cs]e|copying)/i.test(each)).sort()[0];
      const text =
        file === undefined ? 'The package has no license file.' : await readFile(join(ROOT, folder, file), 'utf8');
      return `${name} ${version} (${typeof license === 'string' ? license : 'see below'})\n\n${text.trim()}\n`;
    }),
  );
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(ROOT, 'dist'));
  for (const [name, bytes] of await bundle(folder))
    console.log(`${relative(process.cwd(), join(folder, name))}  ${bytes} bytes`);
}
