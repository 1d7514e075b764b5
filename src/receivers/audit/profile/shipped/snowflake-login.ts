import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Snowflake LOGIN_HISTORY. */
export const SNOWFLAKE_LOGIN_PROFILE: ProfileDocument = {
  profile: 'snowflake-login',
  title: 'Snowflake LOGIN_HISTORY',
  recognise: { all: ['/EVENT_TYPE', '/IS_SUCCESS', '/USER_NAME'] },
  id: '/EVENT_ID',
  time: ['/EVENT_TIMESTAMP', '/p_event_time'],
  kind: { constant: 'authentication' },
  agent: { id: '/USER_NAME' },
  tenant: ['/ACCOUNT_NAME', '/ORGANIZATION_NAME', '/p_source_label'],
  action: { name: '/EVENT_TYPE' },
  resource: { type: { constant: 'snowflake' }, id: ['/CONNECTION', '/REPORTED_CLIENT_TYPE'] },
  outcome: { status: { at: '/IS_SUCCESS', map: OUTCOME_BY_WORD }, errorType: ['/ERROR_CODE'] },
  clientIp: '/CLIENT_IP',
  attrs: {
    factor: '/FIRST_AUTHENTICATION_FACTOR',
    second_factor: '/SECOND_AUTHENTICATION_FACTOR',
    client: '/REPORTED_CLIENT_TYPE',
  },
  notes: 'The view names no account: select `CURRENT_ACCOUNT() AS ACCOUNT_NAME` beside it.',
  setup: shippedWithVector(
    'snowflake-login',
    'Unload `SELECT *, CURRENT_ACCOUNT() AS ACCOUNT_NAME FROM ' +
      'SNOWFLAKE.ACCOUNT_USAGE.LOGIN_HISTORY`.',
  ),
};
