import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, shippedWithVector } from './words.ts';

/** Anthropic compliance activity feed. */
export const ANTHROPIC_PROFILE: ProfileDocument = {
  profile: 'anthropic',
  title: 'Anthropic compliance activity feed',
  recognise: { all: ['/organization_id', '/type', '/actor', '/created_at'] },
  container: '/data',
  id: '/id',
  time: '/created_at',
  kind: {
    at: '/type',
    map: {
      'sso_login*': 'authentication',
      ...KIND_BY_ACTION,
      '*_key_created': 'token_issue',
      '*_chat_access*': 'data_access',
      '*_viewed': 'data_access',
      '*_downloaded': 'data_access',
      '*_exported': 'data_access',
      claude_chat_created: 'task_start',
      '*': 'admin',
    },
  },
  agent: {
    id: [
      '/actor/user_id',
      '/actor/api_key_id',
      '/actor/service_account_id',
      '/actor/id',
      '/actor/email_address',
    ],
    name: ['/actor/email_address', '/actor/name'],
  },
  tenant: '/organization_id',
  action: { name: '/type' },
  resource: {
    type: ['/resource_type', '/target_type', '/integration_type'],
    id: [
      ...[
        '/resource_id',
        '/target_id',
        '/claude_chat_id',
        '/claude_artifact_id',
        '/claude_project_id',
      ],
      ...[
        '/mcp_server_id',
        '/deleted_user_id',
        '/api_key_id',
        '/admin_api_key_id',
        '/service_key_id',
      ],
    ],
    server: '/mcp_server_name',
  },
  scopes: { granted: '/role' },
  outcome: {
    status: {
      at: '/type',
      map: {
        '*access_failed': 'denied',
        '*denied': 'denied',
        '*failed': 'failure',
        '*': 'success',
      },
    },
  },
  clientIp: '/actor/ip_address',
  attrs: {
    actor_type: '/actor/type',
    user_agent: '/actor/user_agent',
    audience: '/audience/0/type',
  },
  setup: shippedWithVector(
    'anthropic',
    'Poll `GET https://api.anthropic.com/v1/compliance/activities`.',
  ),
};
