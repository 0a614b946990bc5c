/**
 * All container images that a cluster image takes from this machine: what the archives below `images/` hold, what the
 * lists beside them name, and archives that the user gives. The result stands in front of every registry.
 */

import type { Finding } from '../discover/index.ts';
import { type Place, type Problem, SealerError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import { familiarReference, formatReference, type Reference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import type { Report } from '../progress.ts';
import { candidatesOf, type ListedArchive, parseArchiveList } from './archive-list.ts';
import type { EngineKind, EngineSource } from './engine/engine.ts';
import { type ImportedImage, importArchive, type LocalArchive } from './import-archive.ts';
import { type ImagePart, joinPlatforms } from './join-platforms.ts';
import { localImageFile } from './local-files.ts';
import { platformsOf } from './platforms-of.ts';
import { type ListedImage, parseShimList } from './shim-list.ts';

export interface LocalImagesRequest {
  readonly store: Store;
  /** Those of the rootfs by their paths (`localImageFile` says which), and those that the user gave. */
  readonly archives: readonly LocalArchive[];
  /** Text of the lists of the rootfs, by path: archive lists and image lists. */
  readonly lists?: ReadonlyMap<string, string> | undefined;
  /** Opens an engine, for the images that a list takes from one. */
  readonly engine: (kind: EngineKind) => EngineSource;
  /** What an engine's images have to be there for. */
  readonly platforms: readonly Platform[];
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

/** What a name means here. */
export interface LocalName {
  readonly digest: Digest;
  /** The archive or engine, for messages. */
  readonly from: string;
}

export interface LocalImages {
  /** By complete name; what a harvest takes as resolved, before a lock and before registries. */
  readonly resolved: ReadonlyMap<string, LocalName>;
  /** By complete name, what an image is there for. */
  readonly platforms: ReadonlyMap<string, readonly Platform[]>;
  /** The images that are wanted because they lie in an archive of the rootfs, or stand in a list. */
  readonly findings: readonly Finding[];
  /** What is wrong with archives and lists, at its place. */
  readonly problems: readonly Problem[];
}

/**
 * Reads archives and lists, and brings what they hold into the store. Archives whose images are not all wanted, or have no
 * names of their own, are told by an archive list. Images of one name in several archives become one image for several
 * platforms.
 * @throws what is not about one archive: DISK_FULL, PERMISSION, INTERRUPTED
 */
export async function openLocalImages(request: LocalImagesRequest): Promise<LocalImages> {
  const opening = new Opening(request);
  for (const [file, text] of request.lists ?? []) opening.readList(file, text);
  for (const archive of request.archives) await opening.takeArchive(archive);
  for (const entry of opening.ofEngines) await opening.takeFromEngine(entry);
  return await opening.result();
}

/** What ends the whole: no other archive could be spared from it. */
const FATAL = new Set(['DISK_FULL', 'PERMISSION', 'STORE_INVALID', 'INTERRUPTED', 'INTERNAL']);

class Opening {
  readonly ofEngines: ListedImage[] = [];
  readonly #request: LocalImagesRequest;
  readonly #listed = new Map<string, ListedArchive[]>();
  readonly #parts = new Map<string, ImagePart[]>();
  readonly #findings: Finding[] = [];
  readonly #problems: Problem[] = [];

  constructor(request: LocalImagesRequest) {
    this.#request = request;
  }

  readList(file: string, text: string): void {
    if (localImageFile(file) === 'archive-list') this.#readArchiveList(file, text);
    else this.#readShimList(file, text);
  }

  #readShimList(file: string, text: string): void {
    const { entries, problems } = parseShimList(text, file);
    this.#problems.push(...problems);
    for (const entry of entries) {
      if (entry.engine !== undefined) this.ofEngines.push(entry);
      this.#find(entry.reference, entry.text, entry.at, entry.engine === undefined ? 'image-list' : 'archive');
    }
  }

  async takeArchive(archive: LocalArchive): Promise<void> {
    const { store, signal, report } = this.#request;
    const at = { file: archive.name };
    await this.#attempt(at, async () => {
      const { images } = await importArchive(store, archive, { signal, report });
      const listed = this.#listed.get(archive.name);
      if (listed !== undefined) {
        for (const entry of listed) await this.#attempt(entry.at, async () => this.#takeListed(entry, images, archive));
        return;
      }
      for (const image of images) this.#takeAll(image, archive, at);
    });
  }

  async takeFromEngine({ reference, engine: kind, at }: ListedImage): Promise<void> {
    if (kind === undefined) return;
    const { engine: open, platforms, signal, report } = this.#request;
    await this.#attempt(at, async () => {
      const engine = open(kind);
      const image = await engine.find(reference, signal);
      if (image === undefined) {
        throw new SealerError('IMAGE_NOT_FOUND', `${kind} has no image ${familiarReference(reference)}`, {
          hint: 'Build or pull it there, or remove the prefix to take it from its registry.',
        });
      }
      for (const platform of platforms) {
        const descriptor = await engine.import(image, reference, platform, { signal, report });
        this.#add(reference, descriptor, kind);
      }
    });
  }

  async result(): Promise<LocalImages> {
    const { store } = this.#request;
    const resolved = new Map<string, LocalName>();
    const platforms = new Map<string, readonly Platform[]>();
    for (const [name, parts] of [...this.#parts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      await this.#attempt({ file: parts[0]?.from ?? '' }, async () => {
        const descriptor = await joinPlatforms(store, name, parts);
        resolved.set(name, { digest: descriptor.digest, from: [...new Set(parts.map(({ from }) => from))].join(', ') });
        platforms.set(name, await platformsOf(store, descriptor));
      });
    }
    return { resolved, platforms, findings: this.#findings, problems: this.#problems };
  }

  #readArchiveList(file: string, text: string): void {
    const { entries, problems } = parseArchiveList(text, file);
    this.#problems.push(...problems);
    const names = new Set(this.#request.archives.map(({ name }) => name));
    for (const entry of entries) {
      const archive = candidatesOf(entry).find((path) => names.has(path));
      if (archive === undefined) {
        this.#problems.push({
          code: 'SOURCE_NOT_FOUND',
          message: `The archive ${entry.file} is not in the image`,
          hint: `Copy it to ${candidatesOf(entry)[0]}; its name ends with .tar, .tar.gz, .tgz or .tar.zst.`,
          at: entry.at,
        });
        continue;
      }
      this.#listed.set(archive, [...(this.#listed.get(archive) ?? []), entry]);
    }
  }

  /** An image that a list picks: the one of that name, else the only one, which gets the name. */
  #takeListed({ reference, at }: ListedArchive, images: readonly ImportedImage[], archive: LocalArchive): void {
    if (reference === undefined) {
      for (const image of images) this.#takeAll(image, archive, at);
      return;
    }
    const name = formatReference(reference);
    const same = images.find((image) => image.reference !== undefined && formatReference(image.reference) === name);
    const digests = new Set(images.map(({ descriptor }) => descriptor.digest));
    const image = same ?? (digests.size === 1 ? images[0] : undefined);
    if (image === undefined) {
      const there = images.flatMap((each) => (each.reference === undefined ? [] : [familiarReference(each.reference)]));
      throw new SealerError('IMAGE_NOT_FOUND', `${archive.name} has no image ${familiarReference(reference)}`, {
        hint: `It has ${there.length === 0 ? 'images without names' : there.join(', ')}.`,
      });
    }
    this.#add(reference, image.descriptor, archive.name);
    this.#find(reference, name, at, 'archive');
  }

  #takeAll({ reference, descriptor }: ImportedImage, archive: LocalArchive, at: Place): void {
    if (reference === undefined) {
      this.#problems.push({
        code: 'IMAGES_NOT_DISCOVERED',
        message: `${archive.name} holds an image without a name (${descriptor.digest}), which is left out`,
        hint: 'Save it with its name, or name it in images/skopeo/tar.txt: docker-archive:app.tar@registry/app:v1.',
        at,
        severity: 'warning',
      });
      return;
    }
    this.#add(reference, descriptor, archive.name);
    if (archive.isWanted) this.#find(reference, formatReference(reference), at, 'archive');
  }

  #add(reference: Reference, descriptor: Descriptor, from: string): void {
    const name = formatReference(reference);
    this.#parts.set(name, [...(this.#parts.get(name) ?? []), { descriptor, from }]);
  }

  #find(reference: Reference, text: string, at: Place, finder: 'archive' | 'image-list'): void {
    this.#findings.push({ reference, text, at, finder, certainty: 'certain' });
  }

  async #attempt(at: Place, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#request.signal?.throwIfAborted();
      if (!(error instanceof SealerError) || FATAL.has(error.code)) throw error;
      this.#problems.push({ code: error.code, message: error.message, hint: error.hint, at });
    }
  }
}
