import type { ProfileDocument } from '../schema.ts';

/** Notion audit log. */
export const NOTION_PROFILE: ProfileDocument = {
  profile: 'notion',
  title: 'Notion audit log',
  recognise: { all: ['/event/type', '/event/actor', '/event/workspace_id'] },
  id: '/event/id',
  time: ['/event/timestamp', '/p_event_time'],
  kind: {
    at: '/event/type',
    map: {
      'user.login': 'authentication',
      'user.logout': 'authentication',
      '*token_generated': 'token_issue',
      'page.viewed': 'data_access',
      '*exported': 'data_access',
      'page.*': 'data_access',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/event/actor/id', '/event/actor/person/email'],
    name: '/event/actor/person/email',
  },
  tenant: '/event/workspace_id',
  action: { name: '/event/type', arguments: '/event/details' },
  resource: {
    id: ['/event/details/target/page_id', '/event/details/page_name', '/event/details/target/id'],
    type: '/event/details/target/type',
  },
  outcome: { status: { constant: 'success' } },
  clientIp: '/event/ip_address',
  attrs: { platform: '/event/platform', actor_type: '/event/actor/type' },
  setup: `Settings, Security, Audit log, connect a SIEM by webhook:

\`\`\`text
URL: https://tripcoil.example.com/v1/audit/notion
Authorization: Bearer TOKEN
\`\`\``,
};
