/** An envelope for tests: content in brackets, with a bar after each block of four bytes. */

import type { Envelope } from '../../../src/oci/store/index.ts';

const BLOCK = 4;

/** Makes envelopes: `<<` + `abcd|efgh|ij` + `>`; without its frames, the outermost bytes and the bars, `<abcdefghij`. */
export function brackets(): Envelope {
  let position = 0;
  return {
    layout: { offset: 2, block: BLOCK, header: 1 },
    start: () => [frame('<'), { bytes: Buffer.from('<'), isFrame: false }],
    *wrap(chunk) {
      for (const byte of chunk) {
        if (position > 0 && position % BLOCK === 0) yield frame('|');
        yield { bytes: Buffer.of(byte), isFrame: false };
        position++;
      }
    },
    end: () => [frame('>')],
  };
}

/** The same, for comparison. */
export function bracketed(content: string): string {
  return `<<${content.replace(/.{4}(?=.)/gs, '$&|')}>`;
}

function frame(text: string) {
  return { bytes: Buffer.from(text), isFrame: true };
}
