import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD } from './words.ts';

/** AppOmni audit and alert events. */
export const APPOMNI_PROFILE: ProfileDocument = {
  profile: 'appomni',
  title: 'AppOmni audit and alert events',
  recognise: { all: ['/appomni/organization/id', '/event'] },
  id: ['/event/id', '/appomni/event/id'],
  time: ['/timestamp', '/@timestamp', '/event/created'],
  kind: { at: '/event/category/0', map: { authentication: 'authentication', '*': 'admin' } },
  agent: { id: ['/user/id', '/user/name', '/related/user/0', '/user/email'] },
  tenant: '/appomni/organization/id',
  action: { name: ['/event/action', '/rule/name'] },
  resource: {
    type: ['/appomni/service/type', '/related/services/type/0'],
    id: ['/appomni/service/id', '/related/services/id/0'],
  },
  outcome: { status: { at: '/event/outcome', map: OUTCOME_BY_WORD } },
  clientIp: ['/source/ip', '/related/ip/0'],
  attrs: { severity: '/event/severity' },
  notes: 'Background token refreshes name no user.',
  setup: `Settings, Alert destinations, HTTP:

\`\`\`text
URL: https://tripcoil.example.com/v1/audit/appomni
Authorization: Bearer TOKEN
\`\`\``,
};
