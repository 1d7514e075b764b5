import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** GitHub audit log. */
export const GITHUB_AUDIT_PROFILE: ProfileDocument = {
  profile: 'github-audit',
  title: 'GitHub audit log',
  recognise: {
    all: [{ at: '/action', is: ['*.*', 'invite_member'] }],
    any: ['/actor', '/org', '/business', '/_document_id'],
    none: ['/repository/full_name', '/actor/type', '/event_type', '/category_type'],
  },
  id: '/_document_id',
  time: ['/@timestamp', '/created_at', '/p_event_time'],
  kind: {
    at: '/action',
    map: {
      '*.login': 'authentication',
      '*.failed_login': 'authentication',
      '*.logout': 'authentication',
      '*.sso_response': 'authentication',
      'personal_access_token.request_*': 'approval',
      'personal_access_token.*grant*': 'token_issue',
      'personal_access_token.create': 'token_issue',
      'oauth_access.create': 'token_issue',
      'oauth_authorization.create': 'token_issue',
      'integration_installation.create': 'token_issue',
      'git.*': 'data_access',
      'repo.download_zip': 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: ['/actor', '/programmatic_access_type', '/actor_id'] },
  tenant: [
    '/org',
    '/business',
    { at: '/repo', by: '/', take: 0 },
    { at: '/repository', by: '/', take: 0 },
  ],
  trace: { requestId: ['/request_id', '/external_identity_nameid'] },
  action: {
    name: '/action',
    op: {
      at: '/action',
      map: {
        'git.clone': 'read',
        'git.fetch': 'read',
        'git.push': 'write',
        '*.destroy': 'delete',
        '*.remove*': 'delete',
        '*.create': 'write',
        '*.disable*': 'admin',
        '*.enable*': 'admin',
        '*.access': 'admin',
      },
    },
  },
  resource: {
    type: { at: '/action', by: '.', take: 0 },
    id: ['/repo', '/repository', '/team', '/user', '/ruleset_name', '/hook_id'],
  },
  outcome: {
    status: {
      at: '/action',
      map: {
        '*fail*': 'failure',
        '*.blocked': 'denied',
        '*deny*': 'denied',
        '*denied*': 'denied',
        '*': 'success',
      },
    },
  },
  token: { jti: '/token_id' },
  clientIp: ['/actor_ip'],
  scopes: { granted: '/token_scopes' },
  attrs: {
    programmatic_access: '/programmatic_access_type',
    actor_is_bot: '/actor_is_bot',
    user_agent: '/user_agent',
    hashed_token: '/hashed_token',
  },
  setup: shippedWithVector(
    'github-audit',
    'Stream the enterprise audit log to a bucket or Event Hubs (Settings, Audit log, Log ' +
      'streaming), or poll `GET /orgs/{org}/audit-log`.',
  ),
  notes: '`git.*` events of a deploy key name the key through `programmatic_access_type` only.',
};
