import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Carbon Black Cloud audit log. */
export const CARBONBLACK_AUDIT_PROFILE: ProfileDocument = {
  profile: 'carbonblack-audit',
  title: 'Carbon Black Cloud audit log',
  recognise: { all: ['/eventId', '/loginName', '/orgName'] },
  container: '/notifications',
  id: '/eventId',
  time: '/eventTime',
  kind: {
    at: '/description',
    map: {
      'Logged in*': 'authentication',
      '*login*': 'authentication',
      'Created API*': 'token_issue',
      'Added API*': 'token_issue',
      '*': 'admin',
    },
  },
  agent: { id: '/loginName' },
  tenant: '/orgName',
  action: {
    name: {
      at: '/description',
      map: {
        'Logged in*': 'login',
        '*login*': 'login',
        'Updated*': 'update',
        'Created*': 'create',
        'Deleted*': 'delete',
        'Added*': 'add',
        'Removed*': 'remove',
        '*': 'event',
      },
    },
  },
  resource: { id: { at: '/requestUrl', by: '?', take: 0 } },
  outcome: { status: { at: '/description', map: { '*fail*': 'failure', '*': 'success' } } },
  clientIp: '/clientIp',
  attrs: { description: '/description', flagged: '/flagged' },
  setup: shippedWithVector('carbonblack-audit', 'Poll `GET /integrationServices/v3/auditlogs`.'),
};
