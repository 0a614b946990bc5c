/** Work of this process as a user without rights: root may write anywhere. */

const NOBODY = 65_534;

/**
 * Runs work as nobody where the tests run as root, and as who runs them elsewhere. It is the whole process that changes, so
 * nothing else may run in it meanwhile; what the work is to read has to be open for all.
 */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
