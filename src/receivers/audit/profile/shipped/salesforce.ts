import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Salesforce event log files and real-time events. */
export const SALESFORCE_PROFILE: ProfileDocument = {
  profile: 'salesforce',
  title: 'Salesforce event log files and real-time events',
  recognise: { all: ['/EVENT_TYPE', '/ORGANIZATION_ID'] },
  id: ['/EVENT_IDENTIFIER', '/REQUEST_ID'],
  time: ['/TIMESTAMP_DERIVED', '/EVENT_DATE', '/TIMESTAMP', '/p_event_time'],
  kind: {
    at: '/EVENT_TYPE',
    map: {
      'Log*': 'authentication',
      'OAuthToken*': 'token_use',
      'API*': 'data_access',
      'Api*': 'data_access',
      'Report*': 'data_access',
      'BulkApi*': 'data_access',
      URI: 'data_access',
      RestApi: 'data_access',
      'ConnectedApp*': 'token_use',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/USER_ID_DERIVED', '/USER_ID', '/USER_NAME'],
    name: ['/USER_NAME', '/CONNECTED_APP_NAME'],
  },
  principal: { sub: '/DELEGATED_USER_ID' },
  tenant: '/ORGANIZATION_ID',
  session: { id: ['/SESSION_KEY', '/LOGIN_KEY'] },
  trace: { requestId: '/REQUEST_ID' },
  action: { name: ['/EVENT_TYPE'] },
  resource: {
    type: ['/ENTITY_NAME', '/CONNECTED_APP_NAME'],
    id: ['/URI', '/JOB_ID', '/CONNECTED_APP_ID', '/QUERIED_ENTITIES'],
  },
  volume: { records: ['/ROWS_PROCESSED', '/RECORDS_PROCESSED', '/NUMBER_OF_RECORDS'] },
  outcome: {
    status: [
      { at: '/LOGIN_STATUS', map: { LOGIN_NO_ERROR: 'success', '*': 'failure' } },
      {
        at: '/REQUEST_STATUS',
        map: { S: 'success', F: 'failure', U: 'failure', A: 'denied', ...OUTCOME_BY_WORD },
      },
      { at: '/STATUS', map: OUTCOME_BY_WORD },
      { at: '/EVENT_TYPE', map: { '*Failed*': 'failure' } },
    ],
    errorType: { at: '/LOGIN_STATUS', map: { LOGIN_NO_ERROR: '', '*': 'login_error' } },
  },
  latencyMs: '/RUN_TIME',
  clientIp: ['/CLIENT_IP', '/SOURCE_IP'],
  attrs: { user_type: '/USER_TYPE', api_version: '/API_VERSION' },
  setup: shippedWithVector(
    'salesforce',
    'Fetch `EventLogFile` with the REST API and turn the CSV to JSON, or subscribe to ' +
      '`/event/*EventStore` by Pub/Sub API.',
  ),
};
