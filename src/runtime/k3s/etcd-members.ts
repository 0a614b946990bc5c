/** Who etcd's members are, asked of k3s itself: by the way that joining servers ask (k3s: pkg/etcd, /db/info). */

import { request } from 'node:http';
import { connect } from 'node:tls';
import type { Host } from '../../hosts/host.ts';
import { mapOf, mapsOf, stringOf } from '../../kubernetes/fields.ts';
import { isUnreachable, type K3sCluster } from './cluster.ts';
import { serverToken } from './tokens.ts';

const TIMEOUT_MS = 15_000;
const MAX_ANSWER = 1024 * 1024;

/**
 * Addresses of etcd's members, those that still learn among them.
 * @returns undefined where etcd is not k3s's own
 */
export async function etcdMembers(cluster: K3sCluster): Promise<readonly string[] | undefined> {
  const { context, dataDir } = cluster;
  if (mapOf(context.cluster.k3s?.server)['datastore-endpoint'] !== undefined) return undefined;
  const host = await cluster.liveMaster();
  const answer = await askServer(cluster, host, dataDir).catch((error: unknown) => {
    if (isUnreachable(error)) throw error;
    return undefined;
  });
  return answer ?? (await annotatedMembers(cluster));
}

async function askServer(cluster: K3sCluster, host: Host, dataDir: string): Promise<readonly string[] | undefined> {
  const { context, port } = cluster;
  const ca = await host.readText(`${dataDir}/server/tls/server-ca.crt`, { signal: context.signal });
  const password = (await serverToken(cluster, host)).replace(/^K10[0-9a-f]+::server:/, '');
  if (ca === undefined) return undefined;
  const body = await get({ host, port, ca, password, signal: context.signal });
  const members = mapsOf(mapOf(JSON.parse(body)).members);
  const addresses = members.flatMap(({ peerURLs }) =>
    Array.isArray(peerURLs) ? peerURLs.slice(0, 1).flatMap(hostOfUrl) : [],
  );
  return addresses.length === 0 ? undefined : addresses;
}

interface Question {
  readonly host: Host;
  readonly port: number;
  readonly ca: string;
  readonly password: string;
  readonly signal: AbortSignal;
}

async function get({ host, port, ca, password, signal }: Question): Promise<string> {
  const socket = await host.forward('127.0.0.1', port);
  // No server name: k3s would put it into its certificate. The authority was read on the host itself.
  const secure = connect({ socket, ca, servername: '', checkServerIdentity: () => undefined });
  const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    return await new Promise<string>((resolve, reject) => {
      secure.once('error', reject);
      const asked = request({
        path: '/db/info',
        headers: { host: `127.0.0.1:${port}`, connection: 'close' },
        auth: `server:${password}`,
        signal: within,
        createConnection: () => secure,
      });
      asked.once('error', reject);
      asked.once('response', (response) => {
        if (response.statusCode !== 200) reject(new Error(`/db/info: ${response.statusCode}`));
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
          if (body.length > MAX_ANSWER) response.destroy(new Error('/db/info: too long an answer'));
        });
        response.once('end', () => resolve(body));
        response.once('error', reject);
      });
      asked.end();
    });
  } finally {
    secure.destroy();
    socket.destroy();
  }
}

/** Releases that do not answer note at each node what its member is. */
async function annotatedMembers({ kubectl, context }: K3sCluster): Promise<readonly string[]> {
  const { stdout } = await kubectl(['get', 'nodes', '-o', 'json'], { signal: context.signal });
  return mapsOf(mapOf(JSON.parse(stdout)).items).flatMap(({ metadata }) => {
    const address = stringOf(mapOf(mapOf(metadata).annotations)['etcd.k3s.cattle.io/node-address']);
    return address === undefined ? [] : [address];
  });
}

function hostOfUrl(url: unknown): readonly string[] {
  if (typeof url !== 'string' || !URL.canParse(url)) return [];
  return [new URL(url).hostname.replace(/^\[|\]$/g, '')];
}
