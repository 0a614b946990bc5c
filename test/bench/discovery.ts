/** Discovery: 2,000 manifests, as files and as one chart that the real helm renders. */

import { join } from 'node:path';
import { findTool as findPlatformTool } from '../../src/render/index.ts';
import { writeFiles } from '../lab/scratch.ts';
import { measure } from './measure.ts';
import { type BenchSession, repeat, sealerLine, seconds } from './session.ts';

const COUNT = 2000;

export async function benchDiscovery(session: BenchSession): Promise<void> {
  await benchFiles(session);
  await benchChart(session);
}

async function benchFiles(session: BenchSession): Promise<void> {
  const context = join(session.folder, 'many-manifests');
  const files = Array.from({ length: COUNT }, (_, i): [string, string] => [`manifests/${i}.yaml`, manifest(String(i))]);
  writeFiles(context, { Kubefile: 'FROM scratch\nCOPY manifests manifests/\n', ...Object.fromEntries(files) });
  const home = join(session.folder, 'many-home');
  const line = sealerLine(home, ['images', 'discover', '--no-confirm', '--json', context]);
  await measure(line);
  const run = await repeat(session, line);
  session.rows.push({
    what: `discovery of ${COUNT} manifest files`,
    ours: seconds(run),
    peer: '',
    ratio: `${(JSON.parse(run.stdout) as unknown[]).length} images`,
    target: '≤ 2 s',
    met: run.wall <= 2,
  });
}

/** Each run renders anew: helm's own time is measured beside it, and only the rest is ours. */
async function benchChart(session: BenchSession): Promise<void> {
  const context = join(session.folder, 'large-chart');
  const templates = Array.from({ length: COUNT }, (_, i): [string, string] => [
    `chart/templates/${i}.yaml`,
    manifest(`{{ .Release.Name }}-${i}`, '{{ .Values.registry }}/'),
  ]);
  writeFiles(context, {
    Kubefile: 'FROM scratch\nAPP large chart\n',
    'chart/Chart.yaml': 'apiVersion: v2\nname: large\nversion: 1.0.0\n',
    'chart/values.yaml': 'registry: registry.example.com\n',
    ...Object.fromEntries(templates),
  });
  const helm = await findPlatformTool('helm', { env: process.env, toolsFolder: join(session.folder, 'tools') });
  let run = 0;
  const ours = await repeat(session, {
    ...sealerLine(join(session.folder, 'chart-home'), ['images', 'discover', '--no-confirm', '--json', context]),
    before: () => writeFiles(context, { 'chart/values.yaml': `registry: registry.example.com\nrun: ${run++}\n` }),
  });
  const theirs = await repeat(session, { argv: [helm, 'template', 'large', join(context, 'chart')] });
  const own = ours.wall - theirs.wall;
  session.rows.push({
    what: `discovery of a chart of ${COUNT} manifests`,
    ours: seconds(ours),
    peer: `helm template ${seconds(theirs)}`,
    ratio: `+${own.toFixed(2)} s`,
    target: '≤ helm + 2 s',
    met: own <= 2,
  });
}

function manifest(name: string, prefix = 'registry.example.com/'): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${name}
  labels: { app: web, part-of: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers:
        - name: prepare
          image: "${prefix}shop/prepare:1.4"
      containers:
        - name: web
          image: ${prefix}shop/web:v1.2.3 # the web server
          args: ["--listen=:8080", "--sidecar-image=${prefix}shop/sidecar:2"]
          env:
            - { name: STAGE, value: production }
            - name: RELATED_IMAGE_HELPER
              value: ${prefix}shop/helper@sha256:${'ab'.repeat(32)}
          resources: { requests: { cpu: 10m, memory: 32Mi } }
`;
}
