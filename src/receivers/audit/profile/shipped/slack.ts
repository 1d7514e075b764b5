import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Slack audit logs. */
export const SLACK_PROFILE: ProfileDocument = {
  profile: 'slack',
  title: 'Slack audit logs',
  recognise: { all: ['/action', '/actor/type', '/context'], none: ['/eventType'] },
  container: '/entries',
  id: '/id',
  time: ['/date_create', '/p_event_time'],
  kind: {
    at: '/action',
    map: {
      'user_log*': 'authentication',
      'user_session*': 'authentication',
      'app_approved*': 'approval',
      app_installed: 'token_issue',
      'app_token*': 'token_issue',
      'bot_token*': 'token_issue',
      'file_downloaded*': 'data_access',
      'file_uploaded*': 'data_access',
      'file_shared*': 'data_access',
      'user_channel_*': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor/user/id', '/actor/app/id', '/actor/workflow/id', '/actor/id'],
    name: ['/actor/user/email', '/actor/user/name', '/actor/app/name'],
  },
  tenant: ['/context/location/id', '/actor/user/team', '/context/location/domain'],
  session: { id: '/context/session_id' },
  action: { name: '/action' },
  resource: {
    type: '/entity/type',
    id: [
      ...['/entity/user/id', '/entity/workspace/id', '/entity/enterprise/id', '/entity/channel/id'],
      ...['/entity/file/id', '/entity/app/id', '/entity/workflow/id', '/entity/usergroup/id'],
    ],
  },
  scopes: { granted: ['/details/new_scopes', '/entity/app/scopes', '/details/scopes'] },
  outcome: {
    status: {
      at: '/action',
      map: {
        '*_failed': 'failure',
        '*restricted': 'denied',
        '*_blocked': 'denied',
        '*': 'success',
      },
    },
  },
  clientIp: '/context/ip_address',
  attrs: { reason: '/details/reason', user_agent: '/context/ua' },
  setup: shippedWithVector('slack', 'Poll `GET https://api.slack.com/audit/v1/logs`.'),
};
