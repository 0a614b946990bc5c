import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import {
  type ClientOptions,
  KubernetesClient,
  waitForCluster,
  waitForWorkloads,
} from '../../../src/kubernetes/index.ts';
import { silent } from '../../../src/progress.ts';

type Handler = (asked: IncomingMessage, answer: ServerResponse, count: number) => void;

async function clientOf(t: TestContext, handle: Handler, options: ClientOptions = {}): Promise<KubernetesClient> {
  let count = 0;
  const server = http.createServer((asked, answer) => handle(asked, answer, ++count));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = new KubernetesClient({ server: `http://127.0.0.1:${port}`, token: 's3cret-token' }, options);
  t.after(async () => {
    await client[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

const status = (code: number, message: string): string => JSON.stringify({ kind: 'Status', code, message });

describe('the client', () => {
  it('tells what the API said, and what to do about a refusal', async (t) => {
    const client = await clientOf(t, (_asked, answer) => {
      answer.writeHead(403).end(status(403, 'pods is forbidden: User "x"\u001b[2J cannot list'));
    });
    await assert.rejects(client.get('/api/v1/pods'), {
      code: 'CLUSTER_API_ERROR',
      message: `The cluster's API answers /api/v1/pods with status 403: pods is forbidden: User "x" [2J cannot list`,
      hint: /administrator/,
    });
  });

  it('follows no redirect: the token is for one server', async (t) => {
    const client = await clientOf(t, (_asked, answer) => {
      answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    });
    await assert.rejects(client.get('/api'), { code: 'CLUSTER_API_ERROR', message: /status 302/ });
  });

  it('asks once more when the connection is reset, and only once', async (t) => {
    let asked = 0;
    const client = await clientOf(t, (request, answer, count) => {
      asked = count;
      if (request.url === '/never' || count === 1) request.socket.destroy();
      else answer.end('{"kind":"X"}');
    });
    assert.deepEqual(await client.get('/once'), { kind: 'X' });
    asked = 0;
    await assert.rejects(client.get('/never'), { code: 'CLUSTER_UNREACHABLE', message: /closes the connection/ });
    assert.equal(asked, 4, 'two for the first question and two for the second');
  });

  it('has limits of time and size', async (t) => {
    const slow = await clientOf(t, () => {}, { timeoutMs: 150 });
    await assert.rejects(slow.get('/api'), { code: 'CLUSTER_UNREACHABLE', message: /takes more than 0\.15 s/ });
    const long = await clientOf(t, (_asked, answer) => answer.end('x'.repeat(2000)), { limit: 1000 });
    await assert.rejects(long.text('/x'), { code: 'CLUSTER_API_ERROR', message: /more than 1000 bytes/ });
    const trickle = await clientOf(
      t,
      (_asked, answer) => {
        const timer = setInterval(() => answer.write(' '), 20);
        answer.on('close', () => clearInterval(timer));
      },
      { timeoutMs: 200 },
    );
    await assert.rejects(trickle.get('/x'), { code: 'CLUSTER_UNREACHABLE' }, 'the body counts as well');
  });

  it('an answer that is no JSON is called so', async (t) => {
    const client = await clientOf(t, (_asked, answer) => answer.end('<html>'));
    await assert.rejects(client.get('/api'), {
      code: 'CLUSTER_API_ERROR',
      message: /not JSON/,
      hint: /Kubernetes API/,
    });
  });

  it('a signal ends a request with its reason: that of the call, of the client, and disposing', async (t) => {
    const owner = new AbortController();
    const client = await clientOf(t, () => {}, { signal: owner.signal });
    const reason = new Error('mine');
    setTimeout(() => owner.abort(reason), 50);
    await assert.rejects(client.get('/api'), reason);
    await assert.rejects(client.get('/api'), reason);
    const other = await clientOf(t, () => {});
    await assert.rejects(other.get('/api', AbortSignal.abort(reason)), reason);
    setTimeout(() => void other[Symbol.asyncDispose](), 50);
    await assert.rejects(other.get('/api'), { code: 'INTERRUPTED' });
  });

  it('nothing listens: said so, without the token', async () => {
    await using client = new KubernetesClient({ server: 'http://127.0.0.1:1', token: 's3cret-token' });
    await assert.rejects(client.get('/api'), (error: Error) => {
      assert.match(error.message, /127\.0\.0\.1:1 cannot be reached: nothing listens there/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });
});

describe('waiting', { concurrency: true }, () => {
  const SICK = '[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\nreadyz check failed';

  it('says which of the checks of /readyz fail', async (t) => {
    const client = await clientOf(t, (_asked, answer) => answer.writeHead(500).end(SICK));
    await assert.rejects(waitForCluster(client, { timeoutMs: 10_000, report: silent }), {
      code: 'CLUSTER_NOT_READY',
      message: /after 10 s: the API is ready \(\/readyz\): not yet\. \[-\]etcd failed: reason withheld$/,
    });
  });

  it('says when the default service account is not there', async (t) => {
    const items = [{ status: { conditions: [{ type: 'Ready', status: 'True' }] } }];
    const client = await clientOf(t, (asked, answer) => {
      if (asked.url?.endsWith('/default') === true) answer.writeHead(404).end(status(404, 'not found'));
      else answer.end(JSON.stringify({ items }));
    });
    await assert.rejects(waitForCluster(client, { timeoutMs: 10_000, report: silent }), {
      message: /the default service account is there: not yet\. status 404: not found$/,
    });
  });

  it('an old cluster needs the token of its service account, a new one does not', async (t) => {
    const answers = (minor: string): Record<string, string> => ({
      '/readyz?verbose': 'ok',
      '/api/v1/nodes?limit=50': JSON.stringify({
        items: [{ status: { conditions: [{ type: 'Ready', status: 'True' }] } }],
      }),
      '/api/v1/namespaces/default/serviceaccounts/default': '{}',
      '/version': JSON.stringify({ major: '1', minor }),
    });
    const old = await clientOf(t, (asked, answer) => answer.end(answers('20+')[asked.url ?? '']));
    await assert.rejects(waitForCluster(old, { timeoutMs: 10_000, report: silent }), {
      message: /It has no token yet/,
    });
    const young = await clientOf(t, (asked, answer) => answer.end(answers('30')[asked.url ?? '']));
    await waitForCluster(young, { timeoutMs: 30_000, report: silent });
  });

  for (const code of [401, 403, 410, 429, 500, 503]) {
    it(`goes on after a ${code}, as an API that restarts gives it`, async (t) => {
      const client = await clientOf(t, (_asked, answer, count) => {
        if (count < 12) answer.writeHead(code).end(status(code, 'not now'));
        else answer.end('{"items": []}');
      });
      const report = await waitForWorkloads(client, { timeoutMs: 60_000, settleMs: 0, report: silent });
      assert.equal(report.ready, true);
      assert.equal(report.problem, undefined);
    });
  }

  it('an API that never says anything useful is told, and never counts as ready', async (t) => {
    const client = await clientOf(t, (_asked, answer) => answer.writeHead(404).end());
    const report = await waitForWorkloads(client, { timeoutMs: 10_000, settleMs: 0, report: silent });
    assert.equal(report.ready, false);
    assert.match(report.problem ?? '', /does not serve/);
    const silentApi = await clientOf(t, () => {});
    const began = performance.now();
    const other = await waitForWorkloads(silentApi, { timeoutMs: 300, settleMs: 0, report: silent });
    assert.equal(other.ready, false);
    assert.ok(performance.now() - began < 20_000, 'not the time that one request may take');
  });

  it('the time is over at once when there is none', async (t) => {
    const client = await clientOf(t, (_asked, answer) => answer.end('{"items": []}'));
    const report = await waitForWorkloads(client, { timeoutMs: 0, settleMs: 1000, report: silent });
    assert.equal(report.ready, false);
  });

  it('something new that is ready at once begins the quiet time anew, too', async (t) => {
    const began = performance.now();
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    const named = (name: string): object => ({ metadata: { name, uid: name, namespace: 'x' }, status: ready });
    const client = await clientOf(t, (asked, answer) => {
      const pods = performance.now() - began < 700 ? [named('a')] : [named('a'), named('b')];
      answer.end(JSON.stringify({ items: asked.url?.startsWith('/api/v1/pods') === true ? pods : [] }));
    });
    const report = await waitForWorkloads(client, { timeoutMs: 60_000, settleMs: 1000, report: silent });
    assert.equal(report.ready, true);
    assert.equal(report.pods.length, 2);
    assert.ok(performance.now() - began >= 1700);
  });

  it('hostile objects are left aside: no names, lists that are none, owners in a circle', async (t) => {
    const circle = (name: string, owner: string): object => ({
      metadata: { name, uid: name, namespace: 'x', ownerReferences: [{ controller: true, uid: owner, kind: 'A' }] },
    });
    const items = [null, 7, {}, { metadata: { name: 3 } }, circle('a', 'b'), circle('b', 'a')];
    const client = await clientOf(t, (asked, answer) => {
      answer.end(JSON.stringify(asked.url?.startsWith('/api/v1/pods') === true ? { items } : { items: 'none' }));
    });
    const once = { timeoutMs: 30_000, settleMs: 0, report: silent, isHopeless: () => true };
    const report = await waitForWorkloads(client, once);
    assert.deepEqual(
      report.pods.map(({ name, owner }) => [name, owner]),
      [
        ['a', 'A x/'],
        ['b', 'A x/'],
      ],
    );
  });
});
