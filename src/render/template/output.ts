/** What a template has written so far, and which of its lines wrote each line of it. */

/** A template that writes more than this has no end. */
const MAX_OUTPUT = 16 * 1024 * 1024;

export class Output {
  readonly #parts: string[] = [];
  #length = 0;
  /** For each line of output: the line of the template, or 0 as long as nothing but blanks stands there. */
  readonly #sources: number[] = [0];

  /**
   * @param line of the template
   * @param isText whether the text is the template's own, so that its lines follow
   * @throws RangeError when there is too much
   */
  write(text: string, line: number, isText: boolean): void {
    this.#length += text.length;
    if (this.#length > MAX_OUTPUT) throw new RangeError('The template writes more than 16 MiB');
    this.#parts.push(text);
    const lines = text.split('\n');
    for (const [i, part] of lines.entries()) {
      if (i > 0) this.#sources.push(0);
      const last = this.#sources.length - 1;
      if (this.#sources[last] === 0 && part.trim() !== '') this.#sources[last] = isText ? line + i : line;
    }
  }

  text(): string {
    return this.#parts.join('');
  }

  sources(): readonly number[] {
    return this.#sources;
  }
}
