import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Panther audit log. */
export const PANTHER_PROFILE: ProfileDocument = {
  profile: 'panther',
  title: 'Panther audit log',
  recognise: { all: ['/actionName', '/actionResult', '/actor'] },
  time: ['/timestamp', '/p_event_time'],
  kind: {
    at: '/actionName',
    map: {
      SIGN_IN: 'authentication',
      CREATE_API_TOKEN: 'token_issue',
      'GET_*': 'data_access',
      'LIST_*': 'data_access',
      'EXECUTE_*': 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: ['/actor/id', '/actor/name'], name: ['/actor/attributes/email', '/actor/name'] },
  tenant: ['/p_source_label'],
  action: { name: '/actionName', arguments: '/actionParams' },
  outcome: {
    status: {
      at: '/actionResult',
      map: { 'SUCC*': 'success', PARTIALLY_FAILED: 'failure', 'FAIL*': 'failure' },
    },
  },
  clientIp: '/sourceIP',
  attrs: { actor_type: '/actor/type', user_agent: '/userAgent' },
  notes:
    'One Panther instance is one tenant; only the source label of a collected ' +
    'record tells them apart.',
  setup: shippedWithVector(
    'panther',
    "Settings, General, Enable audit logs; read the log source's bucket.",
  ),
};
