import type { ProfileDocument } from '../schema.ts';

/** DocuSign Connect events. */
export const DOCUSIGN_PROFILE: ProfileDocument = {
  profile: 'docusign',
  title: 'DocuSign Connect events',
  recognise: { all: ['/event', '/configurationId', '/data/accountId'] },
  id: { join: ['/data/envelopeId', '/data/recipientId', '/event', '/generatedDateTime'], by: ':' },
  time: '/generatedDateTime',
  kind: {
    at: '/event',
    map: {
      '*completed': 'approval',
      '*declined': 'approval',
      '*auth*': 'authentication',
      '*': 'data_access',
    },
  },
  agent: {
    id: ['/data/userId', '/data/email', '/data/senderEmail', '/data/envelopeSummary/sender/userId'],
    name: ['/data/email', '/data/name'],
  },
  tenant: '/data/accountId',
  action: { name: '/event' },
  resource: { type: { constant: 'envelope' }, id: '/data/envelopeId' },
  approval: {
    status: { at: '/event', map: { '*completed': 'approved', '*declined': 'denied' } },
    id: '/data/envelopeId',
    approver: { when: [{ at: '/event', is: ['*completed', '*declined'] }], at: '/data/userId' },
  },
  outcome: {
    status: {
      at: '/event',
      map: { '*declined': 'denied', '*fail*': 'failure', '*voided': 'cancelled', '*': 'success' },
    },
  },
  setup: `\`\`\`sh
curl https://na1.docusign.net/restapi/v2.1/accounts/$ACCOUNT_ID/connect \\
  -H "Authorization: Bearer $DOCUSIGN_TOKEN" -H 'content-type: application/json' -d '{
  "name": "tripcoil", "configurationType": "custom", "allowEnvelopePublish": "true",
  "allUsers": "true", "deliveryMode": "SIM", "eventData": { "version": "restv2.1" },
  "urlToPublishTo": "https://tripcoil.example.com/v1/audit/docusign",
  "events": ["envelope-sent", "envelope-delivered", "envelope-completed", "envelope-declined",
    "envelope-voided"] }'
\`\`\`

Connect sets no header of your own, so a proxy adds \`Authorization: Bearer TOKEN\`.`,
};
