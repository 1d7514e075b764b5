import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** CrowdStrike event streams (audit). */
export const CROWDSTRIKE_EVENTS_PROFILE: ProfileDocument = {
  profile: 'crowdstrike-events',
  title: 'CrowdStrike event streams (audit)',
  recognise: {
    all: ['/metadata/eventType', '/event'],
    any: ['/event/OperationName', '/event/UserId', '/event/UserName'],
  },
  id: {
    join: ['/metadata/customerIDString', '/metadata/offset'],
    by: ':',
    when: ['/metadata/offset'],
  },
  time: ['/event/UTCTimestamp', '/metadata/eventCreationTime', '/p_event_time'],
  kind: {
    at: '/event/OperationName',
    map: {
      '*Auth*': 'authentication',
      '*login*': 'authentication',
      CreateAPIClient: 'token_issue',
      '*': 'admin',
    },
  },
  agent: { id: ['/event/UserId', '/event/UserName', '/event/UserPrincipal'] },
  tenant: ['/metadata/customerIDString', '/event/CustomerIdString'],
  session: { id: '/event/SessionId' },
  action: { name: ['/event/OperationName', '/metadata/eventType'] },
  resource: {
    type: '/event/ServiceName',
    id: ['/event/AgentIdString', '/event/HostnameField'],
    server: '/event/ServiceName',
  },
  outcome: { status: { at: '/event/Success', map: OUTCOME_BY_WORD } },
  clientIp: ['/event/UserIp', '/event/LocalIP'],
  notes: 'Detections name a process, not an actor, unless a user was logged on.',
  setup: shippedWithVector(
    'crowdstrike-events',
    'Read the event stream (`/sensors/entities/datafeed/v2`) with the Falcon SIEM connector ' +
      'as JSON.',
  ),
};
