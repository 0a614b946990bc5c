/** What the child processes of the store's tests do. */

import { storeAsGzip } from '../../../src/oci/compress/index.ts';
import { digestOf, parseDigest } from '../../../src/oci/digest.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { addImage } from './images.ts';

const [task, root = '', ...args] = process.argv.slice(2);
const store = await Store.open(root);

switch (task) {
  case 'names': {
    // Names of its own, some taken away again, and one that all fight for.
    const [id] = args;
    for (let i = 0; i < 9; i++) {
      const image = await addImage(store, `content ${i % 5}`);
      await store.tag(`localhost/${id}:v${i}`, image);
      await store.tag('localhost/shared:v1', image);
      if (i % 3 === 0) await store.untag(`localhost/${id}:v${i}`);
    }
    break;
  }
  case 'ingest-until-killed': {
    const [digest = '', blocks = ''] = args;
    const ingest = await store.ingest({ digest: parseDigest(digest) });
    const block = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < Number(blocks); i++) await ingest.write(block);
    // What is written up to here is in the file only after the next block, so tell when that is on its way, too.
    await ingest.write(block);
    process.send?.('written');
    setInterval(() => {}, 1000);
    await new Promise(() => {});
    break;
  }
  case 'name-when-told': {
    const something = await addImage(store, 'something');
    process.send?.('ready');
    let count = 0;
    process.on('message', async () => {
      await store.tag(`localhost/child:v${count++}`, something);
      process.send?.('named');
    });
    await new Promise(() => {});
    break;
  }
  case 'work-until-killed': {
    for (let i = 0; ; i++) {
      const image = await addImage(store, `${process.pid} ${i}`);
      await store.tag(`localhost/app:v${i % 7}`, image);
      await store.untag(`localhost/app:v${(i * 3) % 7}`);
      process.send?.(i);
    }
  }
  case 'hold': {
    // Works with the store: has content that no name leads to.
    await store.add(Buffer.from('held by a living process'), OCI_LAYER);
    const [digest = ''] = args;
    if (digest !== '') await store.stat(parseDigest(digest));
    process.send?.('holding');
    process.once('message', () => process.exit(0));
    await new Promise(() => {});
    break;
  }
  case 'build-and-prune': {
    // Adds images and prunes at once, as two jobs on one machine would.
    const [id] = args;
    for (let i = 0; i < 6; i++) {
      const image = await addImage(store, `${id} ${i}`, { mediaType: OCI_MANIFEST });
      await store.prune();
      await store.tag(`localhost/${id}:v${i}`, image);
    }
    break;
  }
  case 'ingest-large': {
    // So large that another thread hashes; that thread is still there when this one has nothing more to do.
    const content = Buffer.alloc(5 * 1024 * 1024, 'x');
    const size = content.byteLength;
    const ingest = await store.ingest({ digest: digestOf(content), size, envelope: () => storeAsGzip({ size }) });
    await ingest.write(content);
    await ingest.commit();
    break;
  }
  default:
    throw new Error(`There is no task ${task}`);
}
await store[Symbol.asyncDispose]();
process.disconnect?.();
