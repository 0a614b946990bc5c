/** Comments of issues and pull requests. */

import { ApiError, type Call, found, type Route, userAnswer } from './route.ts';
import type { LabComment } from './state.ts';

/** Characters of a comment at most. */
const MAX_BODY = 65_536;

export const COMMENT_ROUTES: readonly Route[] = [
  {
    operation: 'issues/list-comments',
    needs: ['issues: read', 'pull_requests: read'],
    handle: (call) => {
      const issue = issueOf(call);
      return { status: 200, body: call.state.comments.filter((each) => each.issue === issue).map(answerFor(call)) };
    },
  },
  {
    operation: 'issues/list-comments-for-repo',
    needs: ['issues: read', 'pull_requests: read'],
    handle: (call) => ({ status: 200, body: call.state.comments.map(answerFor(call)) }),
  },
  {
    operation: 'issues/create-comment',
    needs: ['issues: write', 'pull_requests: write'],
    handle: (call) => {
      const { state, user } = call;
      const issue = issueOf(call);
      if (state.pulls.get(issue)?.isLocked === true) {
        throw new ApiError(403, 'Unable to create comment because issue is locked.');
      }
      const at = state.now();
      const made = { id: state.nextId(), issue, user, body: bodyOf(call), createdAt: at, updatedAt: at };
      state.comments.push(made);
      return { status: 201, body: answerFor(call)(made) };
    },
  },
  {
    operation: 'issues/get-comment',
    needs: ['issues: read', 'pull_requests: read'],
    handle: (call) => ({ status: 200, body: answerFor(call)(commentOf(call)) }),
  },
  {
    operation: 'issues/update-comment',
    needs: ['issues: write', 'pull_requests: write'],
    handle: (call) => {
      const comment = commentOf(call);
      comment.body = bodyOf(call);
      comment.updatedAt = call.state.now();
      return { status: 200, body: answerFor(call)(comment) };
    },
  },
  {
    operation: 'issues/delete-comment',
    needs: ['issues: write', 'pull_requests: write'],
    handle: (call) => {
      call.state.comments.splice(call.state.comments.indexOf(commentOf(call)), 1);
      return { status: 204 };
    },
  },
];

/** Only pull requests are known as issues here. */
function issueOf({ state, params }: Call): number {
  return found(state.pulls.get(Number(params.issue_number))).number;
}

function commentOf({ state, params }: Call): LabComment {
  return found(state.comments.find(({ id }) => id === Number(params.comment_id)));
}

function bodyOf({ body }: Call): string {
  const text = String(body.body);
  if (text.trim() === '' || text.length > MAX_BODY) {
    const message = text.trim() === '' ? "Body can't be blank" : `Body is too long (maximum is ${MAX_BODY} characters)`;
    throw new ApiError(422, 'Validation Failed', [{ resource: 'IssueComment', code: 'unprocessable', message }]);
  }
  return text;
}

function answerFor({ url, state }: Call): (comment: LabComment) => object {
  const base = `${url}/repos/${state.repository}`;
  return ({ id, issue, user, body, createdAt, updatedAt }) => ({
    id,
    node_id: `IC_${id}`,
    url: `${base}/issues/comments/${id}`,
    html_url: `https://github.test/${state.repository}/pull/${issue}#issuecomment-${id}`,
    issue_url: `${base}/issues/${issue}`,
    user: userAnswer(user, url),
    body,
    created_at: createdAt,
    updated_at: updatedAt,
    author_association: 'NONE',
  });
}
