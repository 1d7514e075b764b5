import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Snyk group and organisation audit log. */
export const SNYK_PROFILE: ProfileDocument = {
  profile: 'snyk',
  title: 'Snyk group and organisation audit log',
  recognise: { all: [{ at: '/event', is: ['*.*'] }, '/created'], any: ['/groupId', '/orgId'] },
  time: '/created',
  kind: {
    at: '/event',
    map: {
      '*service_account.create': 'token_issue',
      'api.access': 'data_access',
      'user.logged_in': 'authentication',
      '*': 'admin',
    },
  },
  agent: { id: '/userId' },
  tenant: ['/groupId', '/orgId'],
  action: { name: '/event', arguments: '/content' },
  resource: {
    type: { at: '/event', by: '.', take: 1 },
    id: ['/projectId', '/content/serviceAccountPublicId', '/orgId'],
  },
  outcome: { status: { constant: 'success' } },
  notes: 'Events of a service account or of Snyk itself have no `userId` and name no actor.',
  setup: shippedWithVector('snyk', 'Poll `GET /rest/groups/{id}/audit_logs/search`.'),
};
