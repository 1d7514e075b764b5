import type { ProfileDocument } from '../schema.ts';

/** OneLogin events. */
export const ONELOGIN_PROFILE: ProfileDocument = {
  profile: 'onelogin',
  title: 'OneLogin events',
  recognise: { all: ['/event_type_id'], any: ['/actor_user_id', '/user_id', '/account_id'] },
  id: ['/uuid', '/id'],
  time: ['/event_timestamp', '/created_at', '/p_event_time'],
  kind: {
    at: '/event_type_id',
    map: {
      '5': 'authentication',
      '6': 'authentication',
      '8': 'authentication',
      '9': 'authentication',
      '90': 'authentication',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor_user_id', '/user_id', '/actor_user_name', '/user_name'],
    name: ['/actor_user_name', '/user_name'],
  },
  tenant: '/account_id',
  action: {
    name: [
      '/event_type_name',
      {
        at: '/event_type_id',
        map: {
          '5': 'user_logged_in',
          '6': 'user_failed_login',
          '8': 'user_logged_in_to_app',
          '9': 'user_failed_app_login',
          '11': 'user_changed_password',
          '13': 'user_created',
          '16': 'user_deleted',
          '17': 'user_updated',
          '24': 'auth_factor_removed',
          '90': 'high_risk_login',
          '172': 'user_privilege_granted',
          '211': 'privilege_granted',
          '240': 'user_authorised_by_risk',
          '531': 'user_locked',
          '551': 'user_unlocked',
          '553': 'user_assumed',
        },
      },
      { constant: 'event' },
    ],
  },
  resource: { type: { constant: 'user' }, id: ['/user_id', '/app_id'], server: '/app_name' },
  outcome: {
    status: {
      at: '/event_type_id',
      map: { '6': 'failure', '9': 'failure', '531': 'denied', '*': 'success' },
    },
  },
  clientIp: '/ipaddr',
  attrs: { event_type_id: '/event_type_id', app: '/app_name', risk_score: '/risk_score' },
  notes:
    'Event types are numbers; the common ones are named, others are `event` with the number ' +
    'in `attrs`.',
  setup: `Administration, Developers, Webhooks, New Webhook, Event Webhook for Log Management:

\`\`\`text
Listener URL: https://tripcoil.example.com/v1/audit/onelogin
Format: SIEM (NDJSON)
Custom Headers: Authorization: Bearer TOKEN
\`\`\`

The format JSON Array is read too.`,
};
