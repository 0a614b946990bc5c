/** Deployments, their statuses, and the environments that they leave behind. */

import { ApiError, type Call, found, type Route, userAnswer } from './route.ts';
import { type LabDeployment, type LabState, type LabStatus, stateOf } from './state.ts';

/** States in which a deployment does nothing any more; all others are active. */
const INACTIVE = new Set(['inactive', 'error', 'failure']);

export const DEPLOYMENT_ROUTES: readonly Route[] = [
  {
    operation: 'repos/list-deployments',
    needs: ['deployments: read'],
    handle: (call) => {
      const fields = ['sha', 'ref', 'task', 'environment'] as const;
      const fits = (each: LabDeployment) =>
        fields.every((field) => [null, 'none', each[field]].includes(call.query.get(field)));
      // The newest first.
      return { status: 200, body: call.state.deployments.filter(fits).reverse().map(answerFor(call)) };
    },
  },
  {
    operation: 'repos/create-deployment',
    needs: ['deployments: write'],
    handle: (call) => {
      const made = create(call);
      call.state.deployments.push(made);
      // It is there from now on, and whoever has only a job's token cannot remove it.
      call.state.environments.add(made.environment);
      return { status: 201, body: answerFor(call)(made) };
    },
  },
  {
    operation: 'repos/get-deployment',
    needs: ['deployments: read'],
    handle: (call) => ({ status: 200, body: answerFor(call)(deploymentOf(call)) }),
  },
  {
    operation: 'repos/delete-deployment',
    needs: ['deployments: write'],
    handle: (call) => {
      const { deployments } = call.state;
      const deployment = deploymentOf(call);
      if (deployments.length > 1 && !INACTIVE.has(stateOf(deployment))) {
        const message = 'We cannot delete an active deployment unless it is the only deployment in a given repository.';
        throw new ApiError(422, message);
      }
      deployments.splice(deployments.indexOf(deployment), 1);
      return { status: 204 };
    },
  },
  {
    operation: 'repos/list-deployment-statuses',
    needs: ['deployments: read'],
    handle: (call) => {
      const deployment = deploymentOf(call);
      return { status: 200, body: [...deployment.statuses].reverse().map(statusAnswer(call, deployment)) };
    },
  },
  {
    operation: 'repos/create-deployment-status',
    needs: ['deployments: write'],
    handle: (call) => {
      const deployment = deploymentOf(call);
      const text = (field: string) => String(call.body[field] ?? '');
      const state = text('state');
      const status = statusOf(call.state, state, {
        description: text('description'),
        log_url: text('log_url'),
        environment_url: text('environment_url'),
      });
      deployment.statuses.push(status);
      if (state === 'success' && call.body.auto_inactive !== false) retireOthers(call.state, deployment);
      return { status: 201, body: statusAnswer(call, deployment)(status) };
    },
  },
  {
    operation: 'repos/get-all-environments',
    needs: ['actions: read'],
    handle: ({ state }) => {
      const environments = [...state.environments].map((name, id) => ({ id, name, node_id: `EN_${id}` }));
      return { status: 200, list: 'environments', body: { total_count: environments.length, environments } };
    },
  },
  {
    operation: 'repos/delete-an-environment',
    // No workflow can ask for this one: its token never has it.
    needs: ['administration: write'],
    handle: ({ state, params }) => {
      if (!state.environments.delete(params.environment_name ?? '')) throw new ApiError(404, 'Not Found');
      return { status: 204 };
    },
  },
];

function create({ state, body, user }: Call): LabDeployment {
  const ref = String(body.ref);
  const heads = [...state.pulls.values()].flatMap(({ head, base }) => [head.ref, head.sha, base.ref, base.sha]);
  if (!state.refs.has(ref) && !heads.includes(ref)) throw new ApiError(422, `No ref found for: ${ref}`);
  if (body.auto_merge !== false && /^[a-f0-9]{40}$/.test(ref)) {
    throw new ApiError(409, `Conflict merging main into ${ref}.`);
  }
  if (!Array.isArray(body.required_contexts) || body.required_contexts.length > 0) {
    const message = `Conflict: Commit status checks failed for ${ref}.`;
    throw new ApiError(409, message, [{ field: 'required_contexts', code: 'invalid' }]);
  }
  const text = (field: string, otherwise: string) => String(body[field] ?? otherwise);
  const environment = text('environment', 'production');
  return {
    id: state.nextId(),
    sha: ref,
    ref,
    task: text('task', 'deploy'),
    environment,
    description: text('description', ''),
    payload: body.payload ?? '',
    isTransient: body.transient_environment === true,
    isProduction:
      body.production_environment === true ||
      (body.production_environment === undefined && environment === 'production'),
    creator: user,
    createdAt: state.now(),
    statuses: [],
  };
}

/** "Adds a new inactive status to all prior non-transient, non-production environment deployments" of the same name. */
function retireOthers(state: LabState, current: LabDeployment): void {
  for (const each of state.deployments) {
    if (each.id >= current.id || each.environment !== current.environment) continue;
    if (each.isTransient || each.isProduction || stateOf(each) === 'inactive') continue;
    each.statuses.push({ ...statusOf(state, 'inactive', {}), isAutomatic: true });
  }
}

function statusOf(state: LabState, name: string, texts: Partial<LabStatus>): LabStatus {
  const nothing = { description: '', log_url: '', environment_url: '' };
  return { id: state.nextId(), state: name, createdAt: state.now(), isAutomatic: false, ...nothing, ...texts };
}

function deploymentOf({ state, params }: Call): LabDeployment {
  return found(state.deployments.find(({ id }) => id === Number(params.deployment_id)));
}

function answerFor({ url, state }: Call): (deployment: LabDeployment) => object {
  const base = `${url}/repos/${state.repository}`;
  return ({ id, isTransient, isProduction, creator, createdAt, statuses, ...rest }) => ({
    id,
    node_id: `DE_${id}`,
    ...rest,
    original_environment: rest.environment,
    transient_environment: isTransient,
    production_environment: isProduction,
    creator: userAnswer(creator, url),
    url: `${base}/deployments/${id}`,
    statuses_url: `${base}/deployments/${id}/statuses`,
    repository_url: base,
    created_at: createdAt,
    updated_at: statuses.at(-1)?.createdAt ?? createdAt,
  });
}

function statusAnswer({ url, state }: Call, deployment: LabDeployment): (status: LabStatus) => object {
  const base = `${url}/repos/${state.repository}`;
  return ({ id, createdAt, isAutomatic: _, ...rest }) => ({
    id,
    node_id: `DES_${id}`,
    ...rest,
    creator: userAnswer(deployment.creator, url),
    environment: deployment.environment,
    target_url: rest.log_url,
    url: `${base}/deployments/${deployment.id}/statuses/${id}`,
    deployment_url: `${base}/deployments/${deployment.id}`,
    repository_url: base,
    created_at: createdAt,
    updated_at: createdAt,
  });
}
