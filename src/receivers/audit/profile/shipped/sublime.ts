import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, shippedWithVector } from './words.ts';

/** Sublime Security audit log. */
export const SUBLIME_PROFILE: ProfileDocument = {
  profile: 'sublime',
  title: 'Sublime Security audit log',
  recognise: { all: ['/created_by/id', '/type', '/data/request'] },
  id: '/id',
  time: '/created_at',
  kind: { at: '/type', map: { ...KIND_BY_ACTION, '*': 'admin' } },
  agent: { id: '/created_by/id', name: '/created_by/email_address' },
  tenant: { at: '/created_by/email_address', by: '@', take: -1 },
  trace: { requestId: '/data/request/id' },
  action: { name: '/type' },
  resource: { id: '/data/request/path' },
  outcome: { status: { constant: 'success' } },
  clientIp: '/data/request/ip',
  attrs: {
    user_agent: '/data/request/user_agent',
    authentication: '/data/request/authentication_method',
  },
  notes: 'The record names no organisation; the domain of the actor stands in for it.',
  setup: shippedWithVector('sublime', 'Manage, Export audit logs, to a bucket.'),
};
