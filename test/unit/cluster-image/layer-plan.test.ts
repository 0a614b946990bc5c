import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HarvestedImage } from '../../../src/cluster-image/index.ts';
import { planLayers } from '../../../src/cluster-image/layers/layer-plan.ts';
import { describe } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';

const AMD64 = parsePlatform('linux/amd64');

/** An image of the plan: a large blob for each of `blobs`, whose size is the number. */
function planned(name: string, blobs: Readonly<Record<string, number>>): HarvestedImage {
  const reference = parseReference(name);
  const layers = Object.entries(blobs).map(([seed, size]) => ({
    mediaType: OCI_LAYER_GZIP,
    digest: digestOf(seed),
    size,
  }));
  const config = describe(Buffer.from(name), 'config');
  const descriptor = describe(Buffer.from(`manifest ${name}`), 'manifest');
  return {
    reference,
    digest: descriptor.digest,
    platforms: [AMD64],
    findings: [],
    appNames: [],
    indexes: [],
    manifests: [{ descriptor, platform: AMD64, config, layers }],
    isCarried: false,
    size: 0,
  };
}

const isLarge = ({ mediaType }: { mediaType: string }) => mediaType === OCI_LAYER_GZIP;

test('a plan never has more layers than are left', () => {
  for (const count of [1, 3, 10, 60, 119, 500]) {
    const images = Array.from({ length: count }, (_, i) =>
      planned(`app${i}:1`, { [`a${i}`]: i, [`b${i % 7}`]: 5, c: 1 }),
    );
    for (const budget of [1, 2, 3, 7, 50, 119]) {
      const { own, packs } = planLayers(images, isLarge, budget);
      assert.ok(own.length + packs.length <= budget, `${count} images, ${budget} layers`);
      assert.deepEqual(
        packs.flatMap((pack) => pack.images.map(({ reference }) => formatReference(reference))).sort(),
        images.map(({ reference }) => formatReference(reference)).sort(),
      );
      const carried = new Set([...own, ...packs.flatMap(({ large }) => large)].map(({ digest }) => digest));
      assert.equal(
        carried.size,
        new Set(images.flatMap(({ manifests }) => manifests[0]?.layers.map((each) => each.digest))).size,
      );
    }
  }
});

test('where layers run out, the blobs that cost most get one: size times uses', () => {
  const images = [
    planned('a:1', { often: 10, huge: 25, rare: 12 }),
    planned('b:1', { often: 10 }),
    planned('c:1', { often: 10 }),
  ];
  const { own, packs } = planLayers(images, isLarge, 5);
  assert.deepEqual(own.map(({ digest }) => digest).sort(), [digestOf('often'), digestOf('huge')].sort());
  assert.deepEqual(
    packs.map(({ large }) => large.map(({ digest }) => digest)),
    [[digestOf('rare')], [], []],
  );
});

test('where images outnumber the layers, a new version of one image changes its own pack, and at most one that swaps a blob with it', () => {
  const images = Array.from({ length: 300 }, (_, i) => planned(`app${i}:1`, { base: 100, [`own${i}`]: 1 }));
  const changed = images.map((image, i) => (i === 42 ? planned('app42:2', { base: 100, new: 1 }) : image));
  const signature = (plan: ReturnType<typeof planLayers>) =>
    plan.packs.map(({ images: inside, large }) =>
      JSON.stringify([inside.map(({ digest }) => digest), large.map(({ digest }) => digest)]),
    );
  const [before, after] = [signature(planLayers(images, isLarge, 100)), signature(planLayers(changed, isLarge, 100))];
  const differing = before.filter((each) => !after.includes(each));
  assert.ok(before.length > 20);
  assert.ok(differing.length >= 1 && differing.length <= 2, `${differing.length} packs changed`);
});
