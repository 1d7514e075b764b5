import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Proofpoint TAP message events. */
export const PROOFPOINT_PROFILE: ProfileDocument = {
  profile: 'proofpoint',
  title: 'Proofpoint TAP message events',
  recognise: { all: ['/messageID', '/messageTime', '/sender'] },
  id: ['/GUID', '/messageID'],
  time: '/messageTime',
  kind: { constant: 'data_access' },
  agent: { id: ['/sender', '/fromAddress/0', '/headerFrom'] },
  tenant: [
    { at: '/recipient/0', by: '@', take: -1 },
    { at: '/toAddresses/0', by: '@', take: -1 },
  ],
  action: { name: { constant: 'send_message' }, op: { constant: 'write' } },
  resource: { type: { constant: 'mailbox' }, id: ['/recipient/0', '/toAddresses/0'] },
  outcome: {
    status: [{ when: ['/quarantineFolder'], constant: 'denied' }, { constant: 'success' }],
  },
  decision: {
    verdict: [{ when: ['/quarantineFolder'], constant: 'deny' }],
    policyId: '/quarantineRule',
  },
  clientIp: '/senderIP',
  attrs: {
    quarantine: '/quarantineFolder',
    spam_score: '/spamScore',
    phish_score: '/phishScore',
    threat: '/threatsInfoMap/0/threatType',
  },
  notes:
    'The actor is the sender of the message; the tenant is the domain of its first ' + 'recipient.',
  setup: shippedWithVector(
    'proofpoint',
    'Poll `GET https://tap-api-v2.proofpoint.com/v2/siem/all?format=json`.',
  ),
};
