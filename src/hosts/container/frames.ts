/** The two outputs of a process in one connection (engine API, "Stream format"). */

import { once } from 'node:events';
import type { PassThrough, Readable } from 'node:stream';

const HEAD = 8;
const STDERR = 2;

/**
 * Takes frames apart until the connection ends: 8 bytes of head (the number of the output; the length in the last four,
 * big endian), then the content. No faster than the outputs are read. Ends both outputs.
 */
export async function takeApart(source: Readable, stdout: PassThrough, stderr: PassThrough): Promise<void> {
  let head = Buffer.alloc(0);
  let left = 0;
  let output = stdout;
  try {
    for await (const chunk of source) {
      let bytes: Buffer = chunk;
      while (bytes.length > 0) {
        if (left === 0) {
          const missing = HEAD - head.length;
          head = Buffer.concat([head, bytes.subarray(0, missing)]);
          bytes = bytes.subarray(missing);
          if (head.length < HEAD) break;
          output = head[0] === STDERR ? stderr : stdout;
          left = head.readUInt32BE(4);
          head = Buffer.alloc(0);
          continue;
        }
        const content = bytes.subarray(0, left);
        bytes = bytes.subarray(left);
        left -= content.length;
        if (output.destroyed) continue;
        if (!output.write(content)) await Promise.race([once(output, 'drain'), once(output, 'close')]);
      }
    }
  } finally {
    stdout.end();
    stderr.end();
  }
}
