import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Duo administrator log. */
export const DUO_ADMINISTRATOR_PROFILE: ProfileDocument = {
  profile: 'duo-administrator',
  title: 'Duo administrator log',
  recognise: { all: ['/action', '/username', '/isotimestamp'], none: ['/event_type'] },
  container: '/response',
  time: ['/isotimestamp', '/timestamp'],
  kind: {
    at: '/action',
    map: { 'admin_login*': 'authentication', '*_skey_view': 'data_access', '*': 'admin' },
  },
  agent: { id: '/username' },
  action: { name: '/action' },
  resource: { id: '/object' },
  outcome: {
    status: { at: '/action', map: { '*lockout*': 'denied', '*error*': 'failure', '*': 'success' } },
  },
  clientIp: '/ip_address',
  notes: 'The record names no account; the Admin API host does.',
  setup: shippedWithVector('duo-administrator', 'Poll `GET /admin/v1/logs/administrator`.'),
};
