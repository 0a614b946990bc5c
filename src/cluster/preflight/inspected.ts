/** What checks look at. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import type { HostFacts } from '../../hosts/host.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { Circumstances } from './needs/circumstances.ts';
import type { HostReport } from './probe/report.ts';

/** A host, what it is to be, and what it told. */
export interface Inspected {
  readonly address: string;
  readonly label: string;
  readonly role: 'master' | 'node';
  readonly isMember: boolean;
  readonly isRegistry: boolean;
  readonly facts: HostFacts;
  readonly report: HostReport;
}

/** What hosts are checked for. */
export interface Wanted {
  readonly clusterfile: Clusterfile;
  readonly image: Pick<RunnableImage, 'name' | 'arch' | 'runtime' | 'kubeVersion' | 'size' | 'manifest'>;
  readonly circumstances: Circumstances;
}
