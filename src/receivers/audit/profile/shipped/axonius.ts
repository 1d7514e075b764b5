import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Axonius activity log. */
export const AXONIUS_PROFILE: ProfileDocument = {
  profile: 'axonius',
  title: 'Axonius activity log',
  recognise: { all: [{ at: '/source', is: ['axonius'] }, '/event/action'] },
  time: '/time',
  kind: { at: '/event/action', map: { '*Login*': 'authentication', '*': 'admin' } },
  agent: { id: ['/event/user', '/event/params/user_name'] },
  tenant: { at: '/event/user', by: '@', take: -1 },
  action: { name: '/event/action', arguments: '/event/params' },
  resource: { type: '/event/category' },
  outcome: { status: { at: '/event/params/status', map: OUTCOME_BY_WORD } },
  clientIp: '/event/params/ip',
  notes: 'The record names no tenant; the domain of the user stands in for it.',
  setup: shippedWithVector('axonius', 'Settings, Syslog or HTTPS logging, JSON.'),
};
