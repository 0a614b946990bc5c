/** Tests that take minutes on hosts: not in every run of CI. */

/**
 * What to give as a test's `skip`.
 * @param otherwise what the test needs beside time
 */
export function unlessLong(otherwise: string | false): string | false {
  return (process.env.SEALER_TEST_LONG ?? '') === '' ? 'SEALER_TEST_LONG=1 runs it; it takes minutes' : otherwise;
}
