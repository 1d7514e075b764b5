import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** Windows security event log as JSON. */
export const WINDOWS_PROFILE: ProfileDocument = {
  profile: 'windows',
  title: 'Windows security event log as JSON',
  recognise: { all: ['/EventID', '/ProviderName', '/Computer'] },
  id: { join: ['/Computer', '/EventRecordID'], by: ':' },
  time: ['/TimeCreated', '/p_event_time'],
  kind: {
    at: '/EventID',
    map: {
      '4624': 'authentication',
      '4625': 'authentication',
      '4634': 'authentication',
      '4647': 'authentication',
      '4648': 'authentication',
      '4771': 'authentication',
      '4776': 'authentication',
      '4688': 'tool_call',
      '4663': 'data_access',
      '476*': 'token_issue',
      '*': 'admin',
    },
  },
  agent: {
    id: [
      '/ExtraEventData/SubjectUserSid',
      '/UserID',
      '/ExtraEventData/SubjectUserName',
      '/ExtraEventData/TargetUserName',
    ],
    name: ['/ExtraEventData/SubjectUserName', '/ExtraEventData/TargetUserName'],
  },
  tenant: ['/ExtraEventData/SubjectDomainName', '/ExtraEventData/TargetDomainName'],
  session: { id: ['/ExtraEventData/SubjectLogonId', '/ExtraEventData/TargetLogonId'] },
  action: {
    name: ['/MessageTitle', '/EventID'],
    op: { at: '/EventID', map: { '4688': 'execute' } },
  },
  resource: {
    type: { constant: 'host' },
    id: ['/ExtraEventData/NewProcessName', '/ExtraEventData/ObjectName', '/Computer'],
    server: '/Computer',
  },
  outcome: {
    status: [
      {
        when: [{ at: '/EventID', is: ['4768', '4769', '4776'] }],
        at: '/ExtraEventData/Status',
        map: { '0x0': 'success', '*': 'failure' },
      },
      {
        at: '/EventID',
        map: { '4625': 'failure', '4771': 'failure', '4776': 'unknown', '*': 'success' },
      },
    ],
  },
  clientIp: '/ExtraEventData/IpAddress',
  attrs: { event_id: '/EventID', channel: '/Channel' },
  notes: 'Command lines may hold secrets and are not kept.',
  setup: shippedWithVector('windows', "Collect with Fluent Bit's `winevtlog` input."),
};
