/** The charts of `test/fixtures/charts`, and a renderer with the tools that the tests have. */

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { SealerError } from '../../../src/error.ts';
import {
  createRenderer,
  findTool,
  type Renderer,
  type RendererOptions,
  type ToolName,
} from '../../../src/render/index.ts';

export type ChartName = 'webshop' | 'operator' | 'monitoring';

const CHARTS = join(import.meta.dirname, '../../fixtures/charts');
/** Taken out of their package once, for all tests and all runs. */
const TOOLS = join(homedir(), '.cache/sealer-lab/tools');

/**
 * A chart's files. `monitoring` gets its archive, made here.
 * @param prefix where the chart is in the rootfs: `application/apps/shop`
 */
export async function chartFixture(name: ChartName, prefix: string): Promise<Map<string, Buffer>> {
  const files = readFolder(join(CHARTS, name), prefix);
  if (name === 'monitoring') {
    const agent = readFolder(join(CHARTS, 'monitoring-agent'), 'monitoring-agent');
    files.set(`${prefix}/charts/monitoring-agent-2.1.0.tgz`, await packChart(agent));
  }
  return files;
}

/** The images that a cluster pulls for it. */
export function expectedImages(name: ChartName): readonly string[] {
  return readFileSync(join(CHARTS, name, 'expected-images'), 'utf8')
    .trim()
    .split('\n');
}

/** All files of a folder, by their path below a prefix. */
export function readFolder(folder: string, prefix: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [join(prefix, relative(folder, file)), readFileSync(file)];
    }),
  );
}

/** As `helm package` does. */
export async function packChart(files: ReadonlyMap<string, Buffer | string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name, mtime: new Date(0) }, content);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

/** Files of text, as a renderer takes them. */
export function filesOf(texts: Readonly<Record<string, string>>): Map<string, Buffer> {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

export function testRenderer(options: Partial<RendererOptions> = {}): Renderer {
  return createRenderer({
    env: process.env,
    toolsFolder: TOOLS,
    scratch: async (label) => {
      const path = await mkdtemp(join(tmpdir(), `sealer-${label}-`));
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    },
    ...options,
  });
}

/** For `skip` of a test: why it cannot run, or false. */
export async function lacking(...names: readonly ToolName[]): Promise<string | false> {
  for (const name of names) {
    try {
      await findTool(name, { env: process.env, toolsFolder: TOOLS });
    } catch (error) {
      if (error instanceof SealerError) return error.message;
      throw error;
    }
  }
  return false;
}
