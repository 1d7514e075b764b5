import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Netskope audit events. */
export const NETSKOPE_PROFILE: ProfileDocument = {
  profile: 'netskope',
  title: 'Netskope audit events',
  recognise: { all: ['/audit_log_event', '/user'] },
  container: '/result',
  id: '/_id',
  time: ['/timestamp', '/_insertion_epoch_timestamp'],
  kind: {
    at: '/audit_log_event',
    map: {
      '*Login*': 'authentication',
      '*Logout*': 'authentication',
      '*API*Call*': 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: '/user', name: '/ur_normalized' },
  tenant: ['/tenant_id', '/organization_unit'],
  action: { name: '/audit_log_event', arguments: '/supporting_data' },
  outcome: { status: { at: '/audit_log_event', map: { '*Fail*': 'failure', '*': 'success' } } },
  notes: 'The record names no tenant unless an organisation unit is set.',
  setup: shippedWithVector('netskope', 'Poll `GET /api/v2/events/dataexport/events/audit`.'),
};
