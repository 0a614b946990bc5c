import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedRepository } from '../../../src/registry/proxy/index.ts';
import { ApiError } from '../../../src/registry/server/index.ts';

function asked(name: string, namespace?: string): string {
  const { registry, repository } = askedRepository(name, namespace === undefined ? {} : { namespace });
  return `${registry} ${repository}`;
}

test('containerd tells the registry by ns, and its path may begin with it again', () => {
  assert.equal(asked('library/nginx', 'docker.io'), 'docker.io library/nginx');
  assert.equal(asked('docker.io/library/nginx', 'docker.io'), 'docker.io library/nginx');
  assert.equal(asked('team/app', 'localhost:5000'), 'localhost:5000 team/app');
  assert.equal(asked('localhost_5000/team/app', 'localhost:5000'), 'localhost:5000 team/app');
  assert.equal(asked('ipv6__fd00-0-0-0-0-0-0-1_5000/app', '[fd00::1]:5000'), '[fd00::1]:5000 app');
  assert.equal(asked('nginx', 'index.docker.io'), 'docker.io library/nginx');
});

test('another host in the path is a folder of the registry that ns names', () => {
  assert.equal(asked('quay.io/team/app', 'mirror.example.com'), 'mirror.example.com quay.io/team/app');
});

test('without ns the path tells the host, and what has none is of Docker Hub', () => {
  assert.equal(asked('docker.io/library/nginx'), 'docker.io library/nginx');
  assert.equal(asked('quay.io/team/app'), 'quay.io team/app');
  assert.equal(asked('localhost_5000/team/app'), 'localhost:5000 team/app');
  assert.equal(asked('library/nginx'), 'docker.io library/nginx');
  assert.equal(asked('nginx'), 'docker.io library/nginx');
});

test('what makes no image name is refused', () => {
  for (const namespace of ['nohost', 'a:b:c', '-x.io', '']) {
    assert.throws(() => asked('app', namespace), ApiError, namespace);
  }
});
