/** The files of an app whose operator asks the cluster for an image that none of them names. */

import { dump } from 'js-yaml';

export const OPERATOR_NAMESPACE = 'lab-operator';

/** Files by path in the context. The operator is pulled anew for every pod; the rest only when the node lacks it. */
export function operatorManifests(images: { readonly operator: string; readonly web: string }): Record<string, string> {
  return {
    'manifests/00-namespace.yaml': stream({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: OPERATOR_NAMESPACE },
    }),
    'manifests/10-operator.yaml': stream(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('operator') },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: named('operator'),
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
          { apiGroups: ['apps'], resources: ['deployments'], verbs: ['create'] },
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: named('operator'),
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'operator' },
        subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace: OPERATOR_NAMESPACE }],
      },
      deployment('operator', { image: images.operator, imagePullPolicy: 'Always' }),
    ),
    'manifests/20-web.yaml': stream(deployment('web', { image: images.web, imagePullPolicy: 'IfNotPresent' })),
  };
}

function deployment(name: string, container: { readonly image: string; readonly imagePullPolicy: string }): object {
  const labels = { app: name };
  const readinessProbe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 };
  const spec = {
    ...(name === 'operator' ? { serviceAccountName: 'operator' } : {}),
    terminationGracePeriodSeconds: 1,
    containers: [{ name, ...container, readinessProbe }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: named(name),
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function named(name: string): object {
  return { name, namespace: OPERATOR_NAMESPACE };
}

function stream(...documents: readonly object[]): string {
  return documents.map((document) => dump(document, { noRefs: true })).join('---\n');
}
