import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Dropbox team events. */
export const DROPBOX_PROFILE: ProfileDocument = {
  profile: 'dropbox',
  title: 'Dropbox team events',
  recognise: { all: ['/event_type', '/actor', '/involve_non_team_member'] },
  container: '/events',
  time: ['/timestamp', '/p_event_time'],
  kind: [
    {
      at: '/event_type/_tag',
      map: {
        'sign_in*': 'authentication',
        '*login*': 'authentication',
        logout: 'authentication',
        'app_link*': 'token_issue',
        'file_*': 'data_access',
        'shared_*': 'data_access',
      },
    },
    {
      at: '/event_type/.tag',
      map: {
        'sign_in*': 'authentication',
        '*login*': 'authentication',
        logout: 'authentication',
        'app_link*': 'token_issue',
        'file_*': 'data_access',
        'shared_*': 'data_access',
      },
    },
    { constant: 'admin' },
  ],
  agent: {
    id: [
      '/actor/user/account_id',
      '/actor/admin/account_id',
      '/actor/app/app_id',
      '/actor/user/email',
      '/actor/admin/email',
      '/actor/reseller/reseller_id',
    ],
    name: ['/actor/user/email', '/actor/admin/email', '/actor/app/display_name'],
  },
  tenant: [
    '/team_id',
    '/context/team_id',
    { at: '/actor/user/email', by: '@', take: -1 },
    { at: '/actor/admin/email', by: '@', take: -1 },
  ],
  session: {
    id: [
      '/origin/access_method/end_user/session_id',
      '/origin/access_method/sign_in_as/session_id',
    ],
  },
  action: { name: ['/event_type/_tag', '/event_type/.tag'] },
  resource: {
    type: ['/assets/0/.tag', '/assets/0/_tag'],
    id: ['/assets/0/file_id', '/assets/0/path/contextual', '/assets/0/display_name'],
  },
  outcome: {
    status: [
      { at: '/event_type/_tag', map: { '*fail*': 'failure', '*': 'success' } },
      { at: '/event_type/.tag', map: { '*fail*': 'failure', '*': 'success' } },
    ],
  },
  clientIp: '/origin/geo_location/ip_address',
  attrs: { outside_team: '/involve_non_team_member' },
  notes: 'The record names no team; the domain of the actor stands in for it.',
  setup: shippedWithVector(
    'dropbox',
    'Poll `POST https://api.dropboxapi.com/2/team_log/get_events`.',
  ),
};
