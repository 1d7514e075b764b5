import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD } from './words.ts';

/** Zscaler ZIA admin audit log. */
export const ZSCALER_PROFILE: ProfileDocument = {
  profile: 'zscaler',
  title: 'Zscaler ZIA admin audit log',
  recognise: { all: ['/event/adminid', '/event/action'] },
  id: '/event/recordid',
  time: ['/event/time', '/event/timestamp'],
  kind: {
    at: '/event/action',
    map: { 'SIGN_IN*': 'authentication', SIGN_OUT: 'authentication', '*': 'admin' },
  },
  agent: { id: '/event/adminid' },
  tenant: { at: '/event/adminid', by: '@', take: -1 },
  action: { name: [{ join: ['/event/action', '/event/category'], by: ' ' }] },
  resource: {
    type: ['/event/subcategory', '/event/category'],
    id: ['/event/resource', '/event/postaction/id', '/event/postaction/name'],
  },
  outcome: {
    status: { at: '/event/result', map: OUTCOME_BY_WORD },
    errorType: { at: '/event/errorcode', map: { None: '', '*': 'error' } },
  },
  clientIp: '/event/clientip',
  attrs: { interface: '/event/interface' },
  notes: 'The tenant is the domain of the administrator, as Zscaler names it.',
  setup: `Administration, Nanolog Streaming Service, Cloud NSS Feeds, Add Cloud NSS Feed:

\`\`\`text
SIEM Type: Other
API URL: https://tripcoil.example.com/v1/audit/zscaler
Key 1: Authorization
Value 1: Bearer TOKEN
Log Type: Admin Audit Logs
Feed Output Type: JSON
\`\`\``,
};
