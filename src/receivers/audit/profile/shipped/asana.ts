import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, shippedWithVector } from './words.ts';

/** Asana audit log events. */
export const ASANA_PROFILE: ProfileDocument = {
  profile: 'asana',
  title: 'Asana audit log events',
  recognise: { all: ['/event_type', '/actor/actor_type', '/context'] },
  container: '/data',
  id: '/gid',
  time: ['/created_at', '/p_event_time'],
  kind: {
    at: '/event_type',
    map: {
      ...KIND_BY_ACTION,
      'user_login*': 'authentication',
      '*_exported': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor/gid', '/actor/email', '/actor/name'],
    name: ['/actor/email', '/actor/name'],
  },
  tenant: [
    '/workspace/gid',
    {
      when: [{ at: '/resource/resource_type', is: ['workspace', 'organization'] }],
      at: '/resource/gid',
    },
  ],
  action: { name: '/event_type', arguments: '/details' },
  resource: { type: '/resource/resource_type', id: '/resource/gid' },
  outcome: {
    status: {
      at: '/event_type',
      map: { '*failed': 'failure', '*denied': 'denied', '*': 'success' },
    },
  },
  clientIp: '/context/client_ip_address',
  attrs: {
    category: '/event_category',
    context: '/context/context_type',
    actor_type: '/actor/actor_type',
  },
  notes:
    'The workspace stands in the address that is polled, not in the record, unless ' +
    'it is the resource.',
  setup: shippedWithVector(
    'asana',
    'Poll `GET https://app.asana.com/api/1.0/workspaces/{gid}/audit_log_events`.',
  ),
};
