/**
 * etcd's JSON API (etcd 3.4 and later: the gRPC gateway at /v3, docs/dev-guide/api_grpc_gateway.md), through a connection of the
 * host. Nothing has to be installed for it, on no side; images of etcd need not have a shell or etcdctl.
 */

import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { type Fields, mapOf, oneLine } from '../../../kubernetes/fields.ts';
import { joinHostPort } from '../config/settings.ts';

const PKI = '/etc/kubernetes/pki/etcd';
const PORT = 2379;
const TIMEOUT_MS = 20_000;
const MAX_ANSWER = 4 * 1024 * 1024;

/** What we show to etcd: the certificate that kubeadm made for questions about its health. */
export interface EtcdKeys {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Of a master. @throws SealerError CLUSTER_UNREACHABLE if it has none */
export async function etcdKeys(host: Host, signal: AbortSignal): Promise<EtcdKeys> {
  const names = ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key'];
  const [ca, cert, key] = await Promise.all(names.map((name) => host.readText(`${PKI}/${name}`, { signal })));
  if (ca === undefined || cert === undefined || key === undefined) {
    throw new SealerError('CLUSTER_UNREACHABLE', `${host.label} has no etcd: certificates are missing in ${PKI}`);
  }
  return { ca, cert, key };
}

export interface EtcdRequest {
  readonly keys: EtcdKeys;
  /** Of the member, as the host reaches it. */
  readonly address: string;
  readonly path: string;
  /** A POST with this; else a GET. */
  readonly body?: Fields | undefined;
  readonly signal: AbortSignal;
}

/**
 * Asks a member by way of a host.
 * @throws SealerError CLUSTER_UNREACHABLE if there is no answer, CLUSTER_API_ERROR if it is a refusal
 */
export async function askEtcd(host: Host, question: EtcdRequest): Promise<Fields> {
  const answer = await openEtcd(host, question);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_ANSWER) throw new SealerError('CLUSTER_API_ERROR', `etcd on ${host.label} says too much`);
  }
  return mapOf(JSON.parse(text));
}

/** The same, for an answer of any length. */
export async function openEtcd(host: Host, question: EtcdRequest): Promise<IncomingMessage> {
  const { keys, address, path, body, signal } = question;
  const at = `etcd of ${address} (by way of ${host.label})`;
  try {
    const stream = await host.forward(address, PORT);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({
        host: address,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: { host: joinHostPort(address, PORT), 'content-type': 'application/json', connection: 'close' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        // Without `agent`, or this would not be asked.
        createConnection: () => connect({ ...keys, socket: stream, host: address }),
      });
      asked.once('response', resolve);
      asked.once('error', reject);
      asked.once('close', () => stream.destroy());
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if (answer.statusCode === 200) return answer;
    const chunks: string[] = [];
    for await (const chunk of answer.setEncoding('utf8')) if (chunks.length < 10) chunks.push(String(chunk));
    throw new SealerError(
      'CLUSTER_API_ERROR',
      `${at} refuses ${path}: ${answer.statusCode} ${oneLine(chunks.join(''), 300)}`,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SealerError) throw error;
    throw new SealerError(
      'CLUSTER_UNREACHABLE',
      `${at} does not answer: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}
