import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** 1Password events: item usage, sign-in attempts, audit. */
export const ONEPASSWORD_PROFILE: ProfileDocument = {
  profile: 'onepassword',
  title: '1Password events: item usage, sign-in attempts, audit',
  recognise: { all: ['/uuid', '/timestamp'], any: ['/item_uuid', '/target_user', '/actor_uuid'] },
  container: '/items',
  id: '/uuid',
  time: '/timestamp',
  kind: [
    { when: ['/item_uuid'], constant: 'data_access' },
    { when: ['/target_user'], constant: 'authentication' },
    { constant: 'admin' },
  ],
  agent: {
    id: ['/user/uuid', '/target_user/uuid', '/actor_uuid', '/user/email', '/target_user/email'],
    name: ['/user/email', '/target_user/email', '/actor_details/email'],
  },
  tenant: ['/account_uuid'],
  session: { id: ['/session_uuid', '/session/uuid'] },
  action: {
    name: ['/action', '/type', { constant: 'item_usage' }],
    op: [{ when: ['/item_uuid'], constant: 'read' }],
  },
  resource: {
    type: [{ constant: 'vault_item', when: ['/item_uuid'] }, '/object_type'],
    id: [{ join: ['/vault_uuid', '/item_uuid'], by: '/', when: ['/item_uuid'] }, '/object_uuid'],
  },
  outcome: {
    status: [
      {
        at: '/category',
        map: {
          success: 'success',
          firewall_failed: 'denied',
          firewall_reported_success: 'success',
          '*': 'failure',
        },
      },
      { constant: 'success' },
    ],
  },
  clientIp: ['/client/ip_address', '/session/ip'],
  attrs: { country: '/country', client: '/client/app_name' },
  notes: 'The record names no account: each Events API token belongs to one.',
  setup: shippedWithVector(
    'onepassword',
    'Poll `POST https://events.1password.com/api/v2/itemusages`, `/signinattempts` and ' +
      '`/auditevents`.',
  ),
};
