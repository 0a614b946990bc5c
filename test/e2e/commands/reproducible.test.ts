/** The same context gives the same digest: in another folder, as another user, with another umask, time and concurrency. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, lutimesSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT, sealerJson } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

const KUBEFILE = `FROM scratch AS tools
RUN mkdir -p out && printf tool > out/tool && chmod 755 out/tool && ln -s tool out/link && ln out/tool out/hard

FROM scratch
ARG TARGETARCH
ENV ARCH=\${TARGETARCH:-none}
COPY files files/
COPY --from=tools out bin/
RUN --mount=type=cache,target=cache,id=c1 printf '%s' "$ARCH" > arch && date > cache/when && rm files/b/removed
COPY <<EOF etc/heredoc
arch is $ARCH
EOF
APP shop shop
LAUNCH ["shop"]
`;

function writeContext(root: string): void {
  writeFiles(
    root,
    {
      Kubefile: KUBEFILE,
      'files/a': 'a',
      'files/b/c': 'c'.repeat(100_000),
      'files/b/removed': 'gone',
      'files/b/run.sh': '#!/bin/sh\n',
      [`files/${'long-name-'.repeat(15)}`]: 'long',
      'files/ünïcode': 'unicode',
      'shop/shop.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
    },
    ['files/b/run.sh'],
  );
}

/** Other times, and group and world bits as another umask would have left them. */
function disturb(root: string, umask: number): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, (entry.isDirectory() ? 0o777 : statSync(path).mode & 0o100 ? 0o777 : 0o666) & ~umask);
    lutimesSync(path, 1e9 * Math.random(), 1e9 * Math.random());
  }
}

test('one context, two folders, other users, umasks, times and concurrency: one digest', async () => {
  await using folder = await temporaryFolder('reproducible');
  const first = join(folder.path, 'first');
  const second = join(folder.path, 'deeper', 'and', 'second');
  writeContext(first);
  cpSync(first, second, { recursive: true });
  disturb(first, 0o022);
  disturb(second, 0o077);
  mkdirSync(join(folder.path, 'homes'));
  const args = ['build', '-t', 'reproducible:v1'];

  const one = await sealerJson<{ digest: string }>([...args, first], { home: join(folder.path, 'homes', 'one') });
  const two = await sealerJson<{ digest: string }>([...args, second], {
    home: join(folder.path, 'homes', 'two'),
    env: { UV_THREADPOOL_SIZE: '1', TZ: 'Asia/Kathmandu', LC_ALL: 'C', USER: 'somebody' },
  });
  assert.equal(two.digest, one.digest);
});

test('another user builds the same digest', {
  skip: isRoot ? false : 'not root, so no other user to become',
}, async (t) => {
  await using folder = await temporaryFolder('reproducible-user');
  chmodSync(folder.path, 0o755);
  // The sources may lie where another user cannot read; then the bundle is what that user runs.
  const readable =
    spawnSync(process.execPath, ['-e', `require('node:fs').accessSync(${JSON.stringify(PROJECT)})`], { uid: NOBODY })
      .status === 0;
  if (!readable) return t.skip('the project is not readable by other users here');
  const context = join(folder.path, 'context');
  writeContext(context);
  const home = join(folder.path, 'home');
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const args = ['build', '-t', 'reproducible:v1', context];
  const root = await sealerJson<{ digest: string }>(args, { home: join(folder.path, 'root-home') });
  const nobody = await sealerJson<{ digest: string }>(args, { home, uid: NOBODY });
  assert.equal(nobody.digest, root.digest);
});
