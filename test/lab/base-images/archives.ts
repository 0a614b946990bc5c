/** Archives as upstream has them: programs in tars, container images in docker-archives. The same input gives the same bytes. */

import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A tar of programs, by path. */
export async function tarOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) {
    tar.entry({ name, mode: 0o755, mtime: new Date(0) }, Buffer.from(content));
  }
  tar.finalize();
  return await buffer(tar);
}

/** The same, compressed. */
export async function tarGz(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  return gzipSync(await tarOf(files));
}

/** A docker-archive with one image, of one file each. @param architecture as OCI names it */
export async function dockerArchive(names: readonly string[], architecture: string): Promise<Buffer> {
  const files: Record<string, string | Uint8Array> = {};
  const manifest: object[] = [];
  for (const name of names) {
    const layer = await tarOf({ program: `${name} for ${architecture}` });
    const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
    const config = JSON.stringify({
      architecture,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [diffId] },
    });
    const id = createHash('sha256').update(config).digest('hex');
    files[`${id}.json`] = config;
    files[`${id}/layer.tar`] = layer;
    manifest.push({ Config: `${id}.json`, RepoTags: [name], Layers: [`${id}/layer.tar`] });
  }
  return await tarOf({ ...files, 'manifest.json': JSON.stringify(manifest) });
}

/** Compressed as k3s has it. */
export function zstd(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes);
}
