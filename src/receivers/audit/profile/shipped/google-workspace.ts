import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

const CHALLENGES = { '*pass*': 'success', '*fail*': 'failure' };

/** Google Workspace activity reports. */
export const GOOGLE_WORKSPACE_PROFILE: ProfileDocument = {
  profile: 'google-workspace',
  title: 'Google Workspace activity reports',
  recognise: { all: ['/id/applicationName'], any: ['/actor', '/kind', '/type', '/events'] },
  container: '/items',
  each: '/events',
  id: '/id/uniqueQualifier',
  time: ['/id/time', '/p_event_time'],
  kind: [
    {
      at: '/id/applicationName',
      map: {
        login: 'authentication',
        drive: 'data_access',
        gmail: 'data_access',
        chat: 'data_access',
      },
    },
    {
      when: [{ at: '/id/applicationName', is: ['token'] }],
      at: '/name',
      map: { authorize: 'token_issue', '*': 'token_use' },
    },
    {
      when: [{ at: '/id/applicationName', is: ['token'] }],
      at: '/@item/name',
      map: { authorize: 'token_issue', '*': 'token_use' },
    },
    { constant: 'admin' },
  ],
  agent: {
    id: ['/actor/profileId', '/actor/email', '/actor/key'],
    name: ['/actor/email', '/actor/key'],
  },
  tenant: ['/id/customerId', '/ownerDomain', { at: '/actor/email', by: '@', take: -1 }],
  action: { name: ['/@item/name', '/name', '/@item/type', '/type', '/id/applicationName'] },
  resource: {
    type: ['/parameters/doc_type', '/@item/type', '/type', '/id/applicationName'],
    id: [
      ...[
        '/parameters/doc_id',
        '/parameters/app_name',
        '/parameters/calendar_id',
        '/parameters/USER_EMAIL',
      ],
      ...['/parameters/device_id', '/parameters/APPLICATION_NAME', '/parameters/SETTING_NAME'],
      {
        find: {
          in: '/@item/parameters',
          key: '/name',
          is: ['doc_id', 'app_name', 'USER_EMAIL', 'SETTING_NAME'],
          value: '/value',
        },
      },
    ],
    server: '/id/applicationName',
  },
  outcome: {
    status: [
      { at: '/parameters/login_challenge_status', map: CHALLENGES },
      {
        find: {
          in: '/@item/parameters',
          key: '/name',
          is: ['login_challenge_status'],
          value: '/value',
        },
        map: CHALLENGES,
      },
      {
        at: '/name',
        map: {
          '*fail*': 'failure',
          '*_blocked*': 'denied',
          'account_disabled*': 'denied',
          '*': 'success',
        },
      },
      {
        at: '/@item/name',
        map: {
          '*fail*': 'failure',
          '*_blocked*': 'denied',
          'account_disabled*': 'denied',
          '*': 'success',
        },
      },
    ],
  },
  clientIp: '/ipAddress',
  attrs: {
    caller_type: '/actor/callerType',
    visibility: '/parameters/visibility',
    login_type: '/parameters/login_type',
  },
  notes: 'Rules and some alerts have no event name; the application then names the ' + 'action.',
  setup: shippedWithVector(
    'google-workspace',
    'Poll `GET /admin/reports/v1/activity/users/all/applications/{application}`.',
  ),
};
