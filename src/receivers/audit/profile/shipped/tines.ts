import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Tines audit logs. */
export const TINES_PROFILE: ProfileDocument = {
  profile: 'tines',
  title: 'Tines audit logs',
  recognise: { all: ['/operation_name', '/user_id', '/tenant_id'] },
  container: '/audit_logs',
  id: '/id',
  time: '/created_at',
  kind: {
    at: '/operation_name',
    map: {
      '*Login*': 'authentication',
      '*TokenCreat*': 'token_issue',
      '*CredentialCreat*': 'token_issue',
      '*': 'admin',
    },
  },
  agent: { id: ['/user_id', '/user_email'], name: ['/user_email', '/user_name'] },
  tenant: '/tenant_id',
  action: { name: '/operation_name', arguments: '/inputs' },
  resource: { type: { constant: 'tines' }, id: ['/inputs/inputs/id', '/inputs/id', '/story_id'] },
  outcome: { status: { constant: 'success' } },
  clientIp: '/request_ip',
  attrs: { user_agent: '/request_user_agent' },
  setup: shippedWithVector('tines', 'Poll `GET https://TENANT.tines.com/api/v1/audit_logs`.'),
};
