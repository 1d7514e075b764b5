import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, shippedWithVector } from './words.ts';

/** Atlassian organisation audit log. */
export const ATLASSIAN_PROFILE: ProfileDocument = {
  profile: 'atlassian',
  title: 'Atlassian organisation audit log',
  recognise: { all: ['/attributes/action', '/attributes/actor'] },
  container: '/data',
  id: '/id',
  time: '/attributes/time',
  kind: { at: '/attributes/action', map: { ...KIND_BY_ACTION, '*': 'admin' } },
  agent: {
    id: ['/attributes/actor/id', '/attributes/actor/email', '/attributes/actor/name'],
    name: ['/attributes/actor/email', '/attributes/actor/name'],
  },
  tenant: ['/attributes/container/0/id', { at: '/links/self', by: '/', take: 6 }],
  action: { name: '/attributes/action' },
  resource: { type: '/attributes/context/0/type', id: ['/attributes/context/0/id'] },
  outcome: { status: { constant: 'success' } },
  clientIp: '/attributes/location/ip',
  setup: shippedWithVector(
    'atlassian',
    'Poll `GET https://api.atlassian.com/admin/v1/orgs/{orgId}/events`.',
  ),
};
