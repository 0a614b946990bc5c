/** What the command line says of a cluster. */

/** Every flag is optional; one that is not given changes nothing. */
export interface ClusterfileFlags {
  readonly image?: string | undefined;
  /** Lists of hosts, each with commas and ranges: `10.0.0.2,10.0.0.5-10.0.0.9`. */
  readonly masters?: string | readonly string[] | undefined;
  readonly nodes?: string | readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly password?: string | undefined;
  /** Path of a private key on this machine. */
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly sudoPassword?: string | undefined;
  readonly sshJump?: string | undefined;
  /** `NAME=value`; a repeated name is joined by commas. */
  readonly env?: readonly string[] | undefined;
  /** Of the cluster. */
  readonly name?: string | undefined;
  readonly dataRoot?: string | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly apps?: readonly string[] | undefined;
}
