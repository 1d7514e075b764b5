import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Zendesk audit logs (also of Atlassian's older shape). */
export const ZENDESK_PROFILE: ProfileDocument = {
  profile: 'zendesk',
  title: "Zendesk audit logs (also of Atlassian's older shape)",
  recognise: { all: ['/actor_id', '/action_label', '/source_type'] },
  container: '/audit_logs',
  id: '/id',
  time: '/created_at',
  kind: [
    {
      when: [{ at: '/source_type', is: ['api_token'] }],
      at: '/action',
      map: { create: 'token_issue' },
    },
    { at: '/action', map: { login: 'authentication', exported: 'data_access', '*': 'admin' } },
  ],
  agent: { id: '/actor_id', name: '/actor_name' },
  tenant: { at: '/url', by: '/', take: 2 },
  action: { name: [{ join: ['/action', '/source_type'], by: ' ' }] },
  resource: { type: '/source_type', id: '/source_id' },
  outcome: { status: { constant: 'success' } },
  clientIp: '/ip_address',
  setup: shippedWithVector('zendesk', 'Poll `GET https://DOMAIN.zendesk.com/api/v2/audit_logs`.'),
};
