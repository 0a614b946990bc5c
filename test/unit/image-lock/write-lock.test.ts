import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { EMPTY_LOCK, type ImageLock, parseLock, writeLock } from '../../../src/image-lock/index.ts';
import { digest, image, lockOf, randomFrom, randomLock } from './locks.ts';

const [A, B, C] = ['docker.io/library/nginx:1.27', 'quay.io/team/app:v1', 'registry.example.com/x:1'] as const;

test('a lock is written in block style, sorted by code unit, with its head', () => {
  const lock: ImageLock = {
    images: new Map([
      [B, { ...image('b'), from: ['z.yaml a', 'Z.yaml a', 'a.yaml spec.containers[0].image', 'found by recording'] }],
      [A, image('a', ['linux/arm64', 'linux/amd64'])],
    ]),
    bases: new Map([['docker.io/library/k3s:v1.33', { digest: digest('base') }]]),
    charts: new Map([['oci://registry.example.com/charts/x:1.2.3', { digest: digest('chart') }]]),
  };
  strictEqual(
    writeLock(lock),
    `# images.lock: what each name meant when this was built. Update it with: sealer lock --update
version: 1
images:
  docker.io/library/nginx:1.27:
    digest: ${digest('a')}
    platforms:
      linux/amd64: ${digest('a linux/amd64')}
      linux/arm64: ${digest('a linux/arm64')}
    from:
      - a.yaml
  quay.io/team/app:v1:
    digest: ${digest('b')}
    platforms:
      linux/amd64: ${digest('b linux/amd64')}
    from:
      - Z.yaml a
      - a.yaml spec.containers[0].image
      - found by recording
      - z.yaml a
bases:
  docker.io/library/k3s:v1.33:
    digest: ${digest('base')}
charts:
  oci://registry.example.com/charts/x:1.2.3:
    digest: ${digest('chart')}
`,
  );
});

test('what is written is read again as it was, by us and by another YAML reader, and written as the same bytes', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const lock = randomLock(randomFrom(seed));
    const text = writeLock(lock);
    const read = parseLock(text, 'images.lock');
    deepStrictEqual(plain(read), plain(lock), `seed ${seed}`);
    strictEqual(writeLock(read, text), text, `seed ${seed}`);
    strictEqual(writeLock(read), text, `seed ${seed}`);
    const other = Object(load(text));
    for (const [name, { from }] of lock.images) {
      deepStrictEqual(other.images[name].from ?? [], [...new Set(from)].sort(), `seed ${seed}`);
    }
  }
});

test('comments that are strewn anywhere into a lock survive, and the text is stable after one writing', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const lock = randomLock(random);
    let count = 0;
    const strewn = writeLock(lock)
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => {
        const lines: string[] = [];
        while (random() < 0.3)
          lines.push(random() < 0.3 ? '' : `${' '.repeat(Math.floor(random() * 9))}# c${count++}.`);
        const behind = !line.startsWith('#') && random() < 0.2 ? `  # c${count++}.` : '';
        return [...lines, `${line}${behind}`];
      })
      .concat(random() < 0.5 ? ['    # inside at the end', '# foot'] : [])
      .join('\n');
    const once = writeLock(parseLock(`${strewn}\n`, 'images.lock'), `${strewn}\n`);
    for (let i = 0; i < count; i++)
      strictEqual(once.split(`# c${i}.`).length, 2, `seed ${seed}, comment ${i}:\n${strewn}\n=>\n${once}`);
    strictEqual(writeLock(parseLock(once, 'images.lock'), once), once, `seed ${seed}`);
    deepStrictEqual(plain(parseLock(once, 'images.lock')), plain(lock), `seed ${seed}`);
  }
});

const COMMENTED = `# Ours. Ask team A before you change it.

version: 1 # of the form
# Everything that runs
images: # by name
  # the web server
  ${A}: # pinned by hand
    # of the index
    digest: ${digest('a')} # checked
    platforms:
      # what the nodes are
      linux/amd64: ${digest('a linux/amd64')} # big ones
      # end of platforms
    from:
      # the first
      - a.yaml # yes
      # end of from
    # end of nginx

  # the app
  ${B}:
    digest: ${digest('b')}
    platforms:
      linux/amd64: ${digest('b linux/amd64')}
    from:
      - a.yaml
  # end of images

# The ground
bases:
  docker.io/library/k3s:v1.33:
    digest: ${digest('base')}
# The end
`;

test('comments at the head, above, behind, inside and at the end stay where they are', () => {
  strictEqual(writeLock(parseLock(COMMENTED, 'images.lock'), COMMENTED), COMMENTED);
});

test('comments stay with their entry when others come before it, and go with it when it goes', () => {
  const lock = parseLock(COMMENTED, 'images.lock');
  const first = 'docker.io/library/alpine:3';
  const more = writeLock({ ...lock, images: new Map([...lock.images, [first, image('new')]]) }, COMMENTED);
  match(
    more,
    /images: # by name\n {2}docker\.io\/library\/alpine:3:\n[\s\S]*- a\.yaml\n {2}# the web server\n {2}docker\.io\/library\/nginx/,
  );
  const less = writeLock({ ...lock, images: new Map([...lock.images].filter(([name]) => name !== A)) }, COMMENTED);
  for (const gone of ['web server', 'pinned', 'of the index', 'checked', 'big ones', 'the first', 'end of nginx']) {
    strictEqual(less.includes(gone), false, gone);
  }
  for (const kept of ['Ours.', 'Everything', 'by name', 'the app', 'end of images', 'The ground', 'The end']) {
    strictEqual(less.includes(kept), true, kept);
  }
});

test('of an entry that changes the comments stay', () => {
  const lock = parseLock(COMMENTED, 'images.lock');
  const text = writeLock({ ...lock, images: new Map([...lock.images, [A, image('newer')]]) }, COMMENTED);
  strictEqual(
    text,
    COMMENTED.replaceAll(digest('a'), digest('newer')).replaceAll(digest('a linux/amd64'), digest('newer linux/amd64')),
  );
});

test('a section that becomes empty stays only for its comments', () => {
  const lock = parseLock(COMMENTED, 'images.lock');
  const text = writeLock({ ...lock, bases: new Map() }, COMMENTED);
  match(text, /\n# The ground\nbases: \{\}\n# The end\n$/);
  strictEqual(writeLock(parseLock(text, 'images.lock'), text), text);
  const plainText = writeLock({ ...EMPTY_LOCK, bases: lock.bases });
  strictEqual(writeLock(EMPTY_LOCK, plainText).includes('bases'), false);
});

test('a lock that somebody has written by hand, unsorted and in flow style, keeps its comments', () => {
  const text = `# head
images: { '${B}': { digest: "${digest('b')}" }, # b
  ${A}: { digest: ${digest('a')}, from: [x, "y z"] } } # a
version: 1
`;
  const once = writeLock(parseLock(text, 'images.lock'), text);
  strictEqual(
    once,
    `# head
version: 1
images: # b
  ${A}: # a
    digest: ${digest('a')}
    from:
      - x
      - y z
  ${B}:
    digest: ${digest('b')}
`,
  );
  strictEqual(writeLock(parseLock(once, 'images.lock'), once), once);
});

test('line ends and byte order mark stay as the editor made them', () => {
  const windows = `\uFEFF${COMMENTED.replaceAll('\n', '\r\n')}`;
  const lock = parseLock(windows, 'images.lock');
  strictEqual(writeLock(lock, windows), windows);
  const more = writeLock({ ...lock, images: new Map([...lock.images, [C, image('c')]]) }, windows);
  strictEqual(more.replaceAll('\r\n', '').includes('\n'), false);
  strictEqual(more.split('\uFEFF').length, 2);
});

test('a key of an IPv6 registry is quoted, and its comments stay', () => {
  const name = '[::1]:5000/x:1';
  const text = writeLock(lockOf({ [name]: image('x') })).replace("  '[", "  # local\n  '[");
  match(text, / {2}# local\n {2}'\[::1\]:5000\/x:1':\n/);
  strictEqual(writeLock(parseLock(text, 'images.lock'), text), text);
});

test('a lock of 3,000 images is read and written in no time that grows with its square', () => {
  const names = Array.from({ length: 3000 }, (_, i) => `registry.example.com/team/app-${i}:v1`);
  const lock = lockOf(Object.fromEntries(names.map((name) => [name, image(name, ['linux/amd64', 'linux/arm64'])])));
  const text = writeLock(lock);
  const started = performance.now();
  strictEqual(writeLock(parseLock(text, 'images.lock'), text), text);
  const elapsed = performance.now() - started;
  strictEqual(elapsed < 5000, true, `${elapsed} ms`);
});

/** Maps have an order, which says nothing here. */
function plain({ images, bases, charts }: ImageLock): object {
  const sorted = <T>(map: ReadonlyMap<string, T>): object =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  const whole = [...images].map(
    ([name, { from, ...rest }]) => [name, { ...rest, from: [...new Set(from)].sort() }] as const,
  );
  return { images: sorted(new Map(whole)), bases: sorted(bases), charts: sorted(charts) };
}
