import type { ProfileDocument } from '../schema.ts';

/** Push Security activity and entity events. */
export const PUSH_PROFILE: ProfileDocument = {
  profile: 'push',
  title: 'Push Security activity and entity events',
  recognise: {
    all: ['/object', '/new', '/id'],
    any: ['/new/employee', '/new/employeeId', '/new/email'],
  },
  id: '/id',
  time: '/timestamp',
  kind: { at: '/object', map: { LOGIN: 'authentication', '*': 'admin' } },
  agent: {
    id: ['/new/employee/id', '/new/employeeId', '/new/id', '/new/email'],
    name: ['/new/employee/email', '/new/email'],
  },
  tenant: [
    { at: '/new/employee/email', by: '@', take: -1 },
    { at: '/new/email', by: '@', take: -1 },
  ],
  action: { name: [{ join: ['/object', '/type'], by: ' ' }] },
  resource: { type: ['/new/appType', '/object'], id: ['/new/appId', '/new/accountId', '/new/id'] },
  outcome: {
    status: { at: '/new/action', map: { BLOCK: 'denied', BLOCKED: 'denied', '*': 'success' } },
  },
  clientIp: '/new/sourceIpAddress',
  attrs: { browser: '/new/browser', action: '/new/action' },
  notes: 'The record names no tenant; the domain of the employee stands in for it.',
  setup: `Settings, Webhooks, with every category:

\`\`\`text
URL: https://tripcoil.example.com/v1/audit/push
\`\`\`

Push signs its webhooks and sets no header of your own, so a proxy checks \`X-Signature\` and adds
\`Authorization: Bearer TOKEN\`.`,
};
