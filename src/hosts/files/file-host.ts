/** A host, to those who read and write its files. */

import type { Elevation } from '../command/launcher.ts';
import type { Link } from '../command/link.ts';
import type { Command, Output } from '../host.ts';

/** What reading and writing files needs of a host. */
export interface FileHost {
  readonly link: Link;
  /** How root is reached. */
  elevation(): Promise<Elevation>;
  exec(command: Command, onBytes?: (bytes: number) => void): Promise<Output>;
}
