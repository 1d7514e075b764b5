import type { ProfileDocument } from '../schema.ts';

/** Auth0 log stream. */
export const AUTH0_PROFILE: ProfileDocument = {
  profile: 'auth0',
  title: 'Auth0 log stream',
  recognise: {
    all: [{ at: '/data/type' }],
    any: ['/data/log_id', '/data/client_id', '/data/user_id', '/log_id'],
    none: ['/specversion'],
  },
  id: ['/log_id', '/data/log_id'],
  time: ['/data/date', '/p_event_time'],
  kind: {
    at: '/data/type',
    map: {
      'se*': 'token_issue',
      'fe*': 'token_issue',
      s: 'authentication',
      f: 'authentication',
      'fp*': 'authentication',
      fu: 'authentication',
      'sl*': 'authentication',
      'fco*': 'authentication',
      scoa: 'authentication',
      ssa: 'authentication',
      fsa: 'authentication',
      'gd_auth*': 'authentication',
      'limit_*': 'authentication',
      pwd_leak: 'authentication',
      signup_pwd_leak: 'authentication',
      '*': 'admin',
    },
  },
  agent: {
    id: [
      ...['/data/user_id', '/data/details/request/auth/user/user_id', '/data/client_id'],
      ...['/data/user_name', '/data/details/request/auth/user/email'],
    ],
    name: ['/data/user_name', '/data/details/request/auth/user/email', '/data/client_name'],
  },
  tenant: ['/data/tenant_name', '/data/hostname', '/data/organization_id'],
  session: { id: '/data/session_id' },
  action: {
    name: ['/data/description', '/data/type'],
    op: {
      at: '/data/details/request/method',
      map: { get: 'read', post: 'write', put: 'write', patch: 'write', delete: 'delete' },
    },
    arguments: '/data/details/request/body',
  },
  resource: { type: '/data/connection', id: ['/data/details/request/path', '/data/audience'] },
  scopes: { granted: ['/data/scope', '/data/details/request/auth/credentials/scopes'] },
  decision: {
    verdict: {
      at: '/data/type',
      map: { 'limit_*': 'deny', '*pwd_leak': 'deny', fapi: 'error', fcoa: 'error' },
    },
    reason: {
      when: [{ at: '/data/type', is: ['f*', 'limit_*', '*pwd_leak'] }],
      at: '/data/description',
    },
  },
  token: { jti: '/data/details/request/auth/credentials/jti', aud: '/data/audience' },
  outcome: {
    status: {
      at: '/data/type',
      map: {
        'limit_*': 'denied',
        '*pwd_leak': 'denied',
        's*': 'success',
        'f*': 'failure',
        'gd_*_failed': 'failure',
        'gd_*_rejected': 'denied',
        'gd_*': 'success',
      },
    },
  },
  clientIp: ['/data/ip', '/data/details/request/ip'],
  attrs: { type: '/data/type', client: '/data/client_id', user_agent: '/data/user_agent' },
  notes: 'Anonymous events (`limit_wc` and the like) may name neither a user nor a client.',
  setup: `\`\`\`sh
auth0 logs streams create http --name tripcoil --type application/json --format JSONLINES \\
  --endpoint https://tripcoil.example.com/v1/audit/auth0 --authorization "Bearer $TRIPCOIL_TOKEN"
\`\`\`

In the dashboard the same stands under Monitoring, Streams, Custom Webhook.`,
};
