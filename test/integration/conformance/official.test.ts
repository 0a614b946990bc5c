/**
 * The OCI's own conformance suite, all four categories (github.com/opencontainers/distribution-spec, conformance/),
 * where somebody has built it and says where: SEALER_TEST_OCI_CONFORMANCE=<its binary>.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../lab/scratch.ts';
import { findTool, runTool } from '../../lab/tools.ts';
import { STORAGES, startRegistry } from './registries.ts';

const SKIP = findTool('oci-conformance') === undefined && 'SEALER_TEST_OCI_CONFORMANCE names no conformance suite';

for (const kind of STORAGES) {
  // A manifest without its blobs (DATA_SPARSE) is what we refuse unless told otherwise; the spec lets us choose.
  for (const sparse of [false, true]) {
    test(`the OCI's suite finds no fault in a ${kind}${sparse ? ' that takes sparse images' : ''}`, {
      skip: SKIP,
    }, async () => {
      await using folder = await temporaryFolder('oci-conformance');
      await using registry = await startRegistry(kind, { acceptMissingBlobs: sparse });
      const env = {
        PATH: process.env.PATH,
        OCI_RESULTS_DIR: join(folder.path, 'results'),
        OCI_VERSION: '1.1',
        OCI_REGISTRY: registry.address,
        OCI_TLS: 'disabled',
        OCI_API_BLOBS_DIGEST_HEADER: 'true',
        OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
        OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
        OCI_API_MANIFESTS_TAG_PARAM: 'true',
        OCI_DATA_SPARSE: String(sparse),
      };
      const report = await runTool('oci-conformance', [], { cwd: folder.path, env });
      const count = (status: string) =>
        Number(new RegExp(`^ *${status}\\.+: +(?<n>\\d+)$`, 'm').exec(report)?.groups?.n);
      assert.deepEqual([count('FAIL'), count('Error'), count('Skip')], [0, 0, 0]);
      assert.ok(count('Pass') > 900, report.slice(-2000));
    });
  }
}
