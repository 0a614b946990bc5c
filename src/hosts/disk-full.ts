/** How tools of a host say that there is no space: in the words of the C library's `strerror`, in the locale C. */

/** Whether what a command said means a full disk, or a used-up quota. */
export function isDiskFull(said: string): boolean {
  return /No space left on device|Disk quota exceeded/i.test(said);
}
