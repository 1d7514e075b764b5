import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** OpenAI organisation audit log. */
export const OPENAI_PROFILE: ProfileDocument = {
  profile: 'openai',
  title: 'OpenAI organisation audit log',
  recognise: { all: ['/effective_at', '/actor', '/type'] },
  container: '/data',
  id: '/id',
  time: '/effective_at',
  kind: {
    at: '/type',
    map: {
      'login.*': 'authentication',
      'logout.*': 'authentication',
      'api_key.created': 'token_issue',
      'service_account.created': 'token_issue',
      '*': 'admin',
    },
  },
  agent: {
    id: [
      '/actor/api_key/service_account/id',
      '/actor/api_key/user/id',
      '/actor/api_key/id',
      '/actor/session/user/id',
      '/actor/session/user/email',
    ],
    name: ['/actor/session/user/email', '/actor/api_key/user/email'],
  },
  tenant: [
    '/organization_id',
    '/organization/id',
    '/project/id',
    {
      when: [{ at: '/role_assignment_created/resource_type', is: ['api.organization'] }],
      at: '/role_assignment_created/resource_id',
    },
  ],
  action: { name: '/type' },
  resource: {
    id: [
      ...['/api_key_created/id', '/api_key_updated/id', '/api_key_deleted/id'],
      ...['/role_assignment_created/resource_id', '/role_assignment_deleted/resource_id'],
      ...['/ip_allowlist_created/id', '/ip_allowlist_updated/id', '/ip_allowlist_deleted/id'],
      ...[
        '/ip_allowlist_config_activated/configs/0/id',
        '/ip_allowlist_config_deactivated/configs/0/id',
      ],
      ...['/service_account_created/id', '/user_added/id', '/project/id'],
    ],
    type: { at: '/type', by: '.', take: 0 },
  },
  scopes: {
    granted: ['/api_key_created/data/scopes', '/api_key_updated/changes_requested/scopes'],
  },
  outcome: {
    status: { at: '/type', map: { '*.failed': 'failure', '*': 'success' } },
    errorType: ['/login_failed/error_code', '/logout_failed/error_code'],
  },
  clientIp: ['/actor/session/ip_address', '/actor/api_key/ip_address'],
  attrs: {
    actor_type: '/actor/type',
    api_key_id: '/actor/api_key/id',
    user_agent: '/actor/session/user_agent',
  },
  notes:
    'A record names its organisation only where it concerns one; the ' +
    'administration key that reads the log belongs to one.',
  setup: shippedWithVector(
    'openai',
    'Poll `GET https://api.openai.com/v1/organization/audit_logs`.',
  ),
};
