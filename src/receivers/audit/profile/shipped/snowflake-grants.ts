import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Snowflake GRANTS_TO_USERS and GRANTS_TO_ROLES. */
export const SNOWFLAKE_GRANTS_PROFILE: ProfileDocument = {
  profile: 'snowflake-grants',
  title: 'Snowflake GRANTS_TO_USERS and GRANTS_TO_ROLES',
  recognise: { all: ['/GRANTED_BY', '/GRANTEE_NAME'] },
  time: ['/CREATED_ON', '/p_event_time'],
  kind: { constant: 'admin' },
  agent: { id: '/GRANTED_BY' },
  tenant: ['/ACCOUNT_NAME', '/p_source_label'],
  action: {
    name: { constant: 'GRANT' },
    op: { constant: 'admin' },
  },
  resource: { type: ['/GRANTED_ON', '/GRANTED_TO'], id: ['/NAME', '/ROLE', '/GRANTEE_NAME'] },
  outcome: { status: { constant: 'success' } },
  attrs: { grantee: '/GRANTEE_NAME', granted_to: '/GRANTED_TO', privilege: '/PRIVILEGE' },
  notes: 'The view names no account: select `CURRENT_ACCOUNT() AS ACCOUNT_NAME` beside it.',
  setup: shippedWithVector('snowflake-grants', 'Unload both views of `SNOWFLAKE.ACCOUNT_USAGE`.'),
};
