import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Wiz audit log. */
export const WIZ_PROFILE: ProfileDocument = {
  profile: 'wiz',
  title: 'Wiz audit log',
  recognise: {
    all: ['/action', '/status', '/timestamp'],
    any: ['/user/id', '/user/name', '/serviceAccount/id', '/serviceAccount/name'],
    none: ['/eventType'],
  },
  id: '/id',
  time: '/timestamp',
  kind: {
    at: '/action',
    map: {
      Login: 'authentication',
      '*Login*Settings': 'admin',
      'Create*ServiceAccount': 'token_issue',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/serviceAccount/id', '/user/id', '/serviceAccount/name', '/user/name'],
    name: ['/serviceAccount/name', '/user/name'],
  },
  tenant: ['/tenantId'],
  trace: { requestId: '/requestId' },
  action: { name: '/action', arguments: '/actionParameters/input' },
  resource: { id: ['/actionParameters/input/id', '/actionParameters/input/name'] },
  decision: { verdict: { at: '/status', map: { ACCESS_DENIED: 'deny' } } },
  outcome: { status: { at: '/status', map: { ACCESS_DENIED: 'denied', ...OUTCOME_BY_WORD } } },
  clientIp: '/sourceIP',
  attrs: { user_agent: '/userAgent' },
  notes: 'The record names no tenant; the service account that reads the log belongs to ' + 'one.',
  setup: shippedWithVector('wiz', 'Poll the GraphQL query `auditLogEntries`.'),
};
