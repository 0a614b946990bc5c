/** Locks for tests: built from few words, and generated from a seed. */

import { EMPTY_LOCK, type ImageLock, type LockedImage } from '../../../src/image-lock/index.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';

/** A digest that a word stands for. */
export function digest(word: string): Digest {
  return digestOf(word);
}

/** An entry whose digests follow from one word. */
export function image(word: string, platforms: readonly string[] = ['linux/amd64'], from = ['a.yaml']): LockedImage {
  return {
    digest: digest(word),
    platforms: Object.fromEntries(platforms.map((platform) => [platform, digest(`${word} ${platform}`)])),
    from,
  };
}

/** A lock of images alone. */
export function lockOf(images: Readonly<Record<string, LockedImage>>): ImageLock {
  return { ...EMPTY_LOCK, images: new Map(Object.entries(images)) };
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const REASONS = [
  'manifests/web.yaml spec.template.spec.containers[0].image',
  'manifests/it\'s.yaml metadata.annotations["a: b"]',
  'true',
  '1.5',
  '2024-01-01',
  'null',
  '- dash',
  '# no comment',
  'a #b',
  'a: b',
  'ends with:',
  ' spaces ',
  'tab\there',
  'line\nbreak',
  'emoji 😀 and ünï',
  '\uFEFFmark',
  '\u2028separator',
  '{{ .Values.image }}',
  '*alias',
  '&anchor',
  '!tag',
  '%percent',
  '@at',
  '`tick',
  '"quoted"',
  '[flow]',
  'found by recording (Deployment shop/web)',
  '=',
  '<<',
  '~',
  '0x1F',
  '1:30',
  '.inf',
  'no',
] as const;
const REGISTRIES = ['docker.io', 'quay.io', 'localhost:5000', '[::1]:5000', 'registry.example.com'] as const;
const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'windows/amd64'] as const;

/** A lock of up to a few dozen entries, in no order. */
export function randomLock(random: () => number): ImageLock {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? (list[0] as T);
  const some = <T>(list: readonly T[], most: number): readonly T[] => [
    ...new Set(Array.from({ length: Math.floor(random() * (most + 1)) }, () => pick(list))),
  ];
  const word = (): string => String(Math.floor(random() * 1e9));
  const tagged = (): string => `${pick(REGISTRIES)}/team/app-${word()}:v${word()}`;
  const name = (): string => {
    const base = `${pick(REGISTRIES)}/team/app-${word()}`;
    const content = digest(word());
    return pick([`${base}:v${word()}`, `${base}:latest`, `${base}:v1@${content}`, `${base}@${content}`]);
  };
  const images = Array.from({ length: Math.floor(random() * 12) }, (): [string, LockedImage] => {
    const key = name();
    const pinned = key.split('@')[1] as Digest | undefined;
    return [key, { ...image(word(), some(PLATFORMS, 3), [...some(REASONS, 5)]), digest: pinned ?? digest(word()) }];
  });
  const bases = Array.from({ length: Math.floor(random() * 3) }, () => [tagged(), { digest: digest(word()) }] as const);
  const charts = Array.from(
    { length: Math.floor(random() * 3) },
    () => [`oci://${tagged()}`, { digest: digest(word()) }] as const,
  );
  return { images: new Map(images), bases: new Map(bases), charts: new Map(charts) };
}
