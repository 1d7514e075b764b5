import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD } from './words.ts';

/** GitHub webhooks. */
export const GITHUB_WEBHOOK_PROFILE: ProfileDocument = {
  profile: 'github-webhook',
  title: 'GitHub webhooks',
  recognise: { all: ['/repository/full_name'], none: ['/event_type', '/protoPayload'] },
  id: ['/delivery', '/deployment/id'],
  time: [
    ...[
      '/head_commit/timestamp',
      '/comment/updated_at',
      '/review/submitted_at',
      '/issue/updated_at',
    ],
    ...[
      '/pull_request/updated_at',
      '/workflow_run/updated_at',
      '/workflow_job/completed_at',
      '/workflow_job/started_at',
    ],
    ...['/commits/0/timestamp', '/p_event_time'],
  ],
  kind: [
    { at: '/review/state', map: { approved: 'approval', changes_requested: 'approval' } },
    { when: ['/workflow_run'], constant: 'agent_run' },
    { when: ['/workflow_job'], constant: 'tool_call' },
    { constant: 'data_access' },
  ],
  agent: {
    id: [
      ...[
        '/sender/login',
        '/pusher/name',
        '/workflow_run/actor/login',
        '/comment/user/login',
        '/review/user/login',
      ],
      ...['/issue/user/login', '/pull_request/user/login', '/head_commit/author/username'],
      ...['/head_commit/author/name', '/commits/0/author/name', '/pages/0/sender/login'],
    ],
  },
  tenant: [
    '/organization/login',
    '/repository/owner/login',
    { at: '/repository/full_name', by: '/', take: 0 },
  ],
  action: {
    name: [
      { when: ['/workflow_run'], join: ['/workflow_run/event', '/action'], by: ' ' },
      { when: ['/workflow_job'], join: ['/workflow_job/name', '/action'], by: ' ' },
      '/action',
      { when: ['/commits'], constant: 'push' },
      { when: ['/ref'], constant: 'push' },
      { when: ['/pages'], constant: 'gollum' },
      { constant: 'event' },
    ],
  },
  resource: { type: { constant: 'repository' }, id: '/repository/full_name' },
  approval: { status: '/review/state', id: '/review/id', approver: '/review/user/login' },
  outcome: {
    status: [
      { at: '/workflow_run/conclusion', map: { ...OUTCOME_BY_WORD, timed_out: 'timeout' } },
      { at: '/workflow_job/conclusion', map: { ...OUTCOME_BY_WORD, timed_out: 'timeout' } },
      { constant: 'success' },
    ],
  },
  attrs: { ref: '/ref', sender_type: '/sender/type' },
  notes:
    'GitHub always sends `sender`; records cut down to a part of the payload name no actor. ' +
    'Most webhooks state no time of their own, so the time of receipt stands in.',
  setup: `\`\`\`sh
gh api repos/OWNER/REPO/hooks --method POST --input - <<'HOOK'
{ "name": "web", "active": true, "events": ["*"],
  "config": { "url": "https://tripcoil.example.com/v1/audit/github-webhook",
    "content_type": "json", "secret": "SECRET" } }
HOOK
\`\`\`

\`orgs/ORG/hooks\` is the same for an organisation. GitHub cannot set an Authorization header, so a
proxy checks \`X-Hub-Signature-256\` and adds it.`,
};
