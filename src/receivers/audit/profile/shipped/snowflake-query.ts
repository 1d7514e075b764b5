import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Snowflake QUERY_HISTORY. */
export const SNOWFLAKE_QUERY_PROFILE: ProfileDocument = {
  profile: 'snowflake-query',
  title: 'Snowflake QUERY_HISTORY',
  recognise: { all: ['/QUERY_TYPE', '/USER_NAME'], any: ['/EXECUTION_STATUS', '/QUERY_ID'] },
  id: '/QUERY_ID',
  time: ['/START_TIME', '/END_TIME', '/p_event_time'],
  kind: {
    at: '/QUERY_TYPE',
    map: {
      SELECT: 'data_access',
      SHOW: 'data_access',
      DESCRIBE: 'data_access',
      GET_FILES: 'data_access',
      UNLOAD: 'data_access',
      COPY: 'data_access',
      INSERT: 'data_access',
      UPDATE: 'data_access',
      DELETE: 'data_access',
      MERGE: 'data_access',
      '*': 'admin',
    },
  },
  agent: { id: '/USER_NAME' },
  tenant: ['/ACCOUNT_NAME', '/ORGANIZATION_NAME', '/p_source_label'],
  session: { id: '/SESSION_ID' },
  action: {
    name: '/QUERY_TYPE',
    op: {
      at: '/QUERY_TYPE',
      map: {
        SELECT: 'read',
        SHOW: 'list',
        DESCRIBE: 'read',
        GET_FILES: 'read',
        UNLOAD: 'read',
        INSERT: 'write',
        UPDATE: 'write',
        MERGE: 'write',
        COPY: 'write',
        DELETE: 'delete',
        'DROP*': 'delete',
        'TRUNCATE*': 'delete',
        'GRANT*': 'admin',
        'REVOKE*': 'admin',
        'ALTER*': 'admin',
        'CREATE*': 'write',
        CALL: 'execute',
      },
    },
  },
  resource: {
    type: { constant: 'database' },
    id: ['/DATABASE_NAME', '/WAREHOUSE_NAME'],
    server: '/WAREHOUSE_NAME',
  },
  scopes: { granted: '/ROLE_NAME' },
  volume: {
    records: ['/ROWS_PRODUCED', '/ROWS_UNLOADED'],
    bytesOut: ['/BYTES_WRITTEN_TO_RESULT', '/OUTBOUND_DATA_TRANSFER_BYTES'],
  },
  outcome: { status: { at: '/EXECUTION_STATUS', map: OUTCOME_BY_WORD }, errorType: '/ERROR_CODE' },
  latencyMs: '/TOTAL_ELAPSED_TIME',
  attrs: { role: '/ROLE_NAME' },
  notes: 'The text of a query may hold personal values and is not kept.',
  setup: shippedWithVector(
    'snowflake-query',
    'Unload `SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY` with `CURRENT_ACCOUNT() AS ACCOUNT_NAME`.',
  ),
};
