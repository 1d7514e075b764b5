import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Box enterprise events. */
export const BOX_PROFILE: ProfileDocument = {
  profile: 'box',
  title: 'Box enterprise events',
  recognise: { all: ['/event_type', { at: '/type', is: ['event'] }] },
  container: '/entries',
  id: '/event_id',
  time: ['/created_at', '/p_event_time'],
  kind: {
    at: '/event_type',
    map: {
      '*LOGIN*': 'authentication',
      DEVICE_TRUST_CHECK_FAILED: 'authentication',
      APPLICATION_CREATED: 'token_issue',
      DOWNLOAD: 'data_access',
      UPLOAD: 'data_access',
      PREVIEW: 'data_access',
      DELETE: 'data_access',
      'ITEM_*': 'data_access',
      '*SHARE*': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/created_by/id', '/created_by/login'],
    name: ['/created_by/login', '/created_by/name'],
  },
  tenant: ['/enterprise_id', '/created_by/enterprise/id', '/source/enterprise/id'],
  session: { id: '/session_id' },
  action: { name: '/event_type' },
  resource: {
    type: ['/source/type', '/source/item_type'],
    id: ['/source/id', '/source/item_id', '/source/folder_id', '/source/file_id'],
  },
  outcome: {
    status: {
      at: '/event_type',
      map: { FAILED_LOGIN: 'failure', '*FAILED*': 'denied', '*DENIED*': 'denied', '*': 'success' },
    },
  },
  clientIp: '/ip_address',
  notes: 'Events name the enterprise only where the stream is asked for it.',
  setup: shippedWithVector(
    'box',
    'Poll `GET https://api.box.com/2.0/events?stream_type=admin_logs_streaming`.',
  ),
};
