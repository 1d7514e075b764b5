import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Duo authentication log. */
export const DUO_AUTHENTICATION_PROFILE: ProfileDocument = {
  profile: 'duo-authentication',
  title: 'Duo authentication log',
  recognise: { all: ['/result', '/user', '/factor'], any: ['/access_device', '/auth_device'] },
  container: '/response/authlogs',
  id: '/txid',
  time: ['/isotimestamp', '/timestamp', '/p_event_time'],
  kind: { constant: 'authentication' },
  agent: { id: ['/user/key', '/user/name', '/email'], name: ['/user/name', '/email'] },
  action: { name: ['/event_type', { constant: 'authentication' }] },
  resource: {
    type: { constant: 'application' },
    id: '/application/key',
    server: '/application/name',
  },
  decision: {
    verdict: {
      at: '/result',
      map: { success: 'allow', denied: 'deny', failure: 'deny', fraud: 'deny' },
    },
    reason: '/reason',
  },
  outcome: {
    status: { at: '/result', map: { ...OUTCOME_BY_WORD, failure: 'denied' } },
    errorType: '/reason',
  },
  clientIp: '/access_device/ip',
  attrs: { factor: '/factor', reason: '/reason' },
  notes: 'The record names no account; the Admin API host does.',
  setup: shippedWithVector('duo-authentication', 'Poll `GET /admin/v2/logs/authentication`.'),
};
