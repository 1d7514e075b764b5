import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_STATUS, shippedWithVector } from './words.ts';

/** Amazon S3 server access log, parsed to JSON. */
export const S3_ACCESS_PROFILE: ProfileDocument = {
  profile: 's3-access',
  title: 'Amazon S3 server access log, parsed to JSON',
  recognise: {
    all: ['/bucket'],
    any: ['/requester', '/bucketowner', '/requesturi', '/operation'],
    none: ['/eventSource', '/protoPayload'],
  },
  id: '/requestid',
  time: ['/time', '/p_event_time'],
  kind: { constant: 'data_access' },
  agent: { id: '/requester' },
  tenant: ['/bucketowner'],
  trace: { requestId: '/requestid' },
  action: {
    name: '/operation',
    op: {
      at: '/operation',
      map: {
        '*.GET.*': 'read',
        '*.HEAD.*': 'read',
        '*.PUT.*': 'write',
        '*.POST.*': 'write',
        '*.COPY*': 'write',
        '*.DELETE.*': 'delete',
      },
    },
  },
  resource: {
    type: { constant: 's3' },
    id: [{ join: ['/bucket', '/key'], by: '/' }],
    server: '/hostheader',
  },
  volume: { bytesOut: ['/bytessent', '/objectsize'] },
  outcome: { status: { at: '/httpstatus', map: OUTCOME_BY_STATUS }, errorType: '/errorcode' },
  latencyMs: '/totaltime',
  clientIp: '/remoteip',
  attrs: { user_agent: '/useragent', tls: '/tlsversion' },
  notes: 'Anonymous requests have the requester `-` and name no actor.',
  setup: shippedWithVector('s3-access', 'Parse the log with VRL `parse_regex` to these names.'),
};
