import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Zoom operation logs. */
export const ZOOM_PROFILE: ProfileDocument = {
  profile: 'zoom',
  title: 'Zoom operation logs',
  recognise: { all: ['/operator', '/category_type'] },
  container: '/operation_logs',
  time: ['/time', '/p_event_time'],
  kind: { constant: 'admin' },
  agent: { id: '/operator' },
  tenant: ['/account_id', { at: '/operator', by: '@', take: -1 }],
  action: { name: [{ join: ['/action', '/category_type'], by: ' ' }] },
  resource: { type: '/category_type' },
  outcome: { status: { constant: 'success' } },
  notes: 'The record names no account; the domain of the operator stands in for it.',
  setup: shippedWithVector('zoom', 'Poll `GET https://api.zoom.us/v2/report/operationlogs`.'),
};
