import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Endpoint telemetry: what a process did under which user of which host. */
export const CROWDSTRIKE_FDR_PROFILE: ProfileDocument = {
  profile: 'crowdstrike-fdr',
  title: 'CrowdStrike Falcon Data Replicator',
  recognise: {
    all: ['/aid', '/cid'],
    any: ['/fdr_event_type', '/event_simpleName', '/event/event_simpleName'],
    none: ['/metadata/eventType'],
  },
  id: ['/id', '/event/id'],
  time: ['/timestamp', '/event/timestamp', '/p_event_time'],
  kind: {
    at: '/fdr_event_type',
    map: {
      'UserLogon*': 'authentication',
      ProcessRollup2: 'tool_call',
      '*SessionStart*': 'authentication',
      '*': 'data_access',
    },
  },
  agent: {
    id: [
      '/event/UserSid',
      '/event/UserPrincipal',
      '/event/UserName',
      '/event/UID',
      '/UserSid',
      '/aid',
    ],
    name: ['/event/UserName', '/event/UserPrincipal'],
  },
  tenant: '/cid',
  action: {
    name: ['/fdr_event_type', '/event_simpleName', '/event/event_simpleName'],
    op: { at: '/fdr_event_type', map: { ProcessRollup2: 'execute', DnsRequest: 'read' } },
  },
  resource: {
    type: { constant: 'host' },
    id: '/aid',
    server: ['/event/ComputerName', '/event/Hostname', '/event/HostnameField'],
  },
  clientIp: ['/aip', '/event/aip'],
  attrs: {
    image: '/event/ImageFileName',
    domain: '/event/DomainName',
    platform: '/event_platform',
  },
  notes:
    'Without a user the sensor (`aid`) of the acting host stands in for the actor. Command ' +
    'lines may hold secrets and are not kept.',
  setup: shippedWithVector('crowdstrike-fdr', "Read the FDR bucket with Vector's `aws_s3` source."),
};
