import type { ProfileDocument } from '../schema.ts';
import { OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Microsoft 365 unified audit log. */
export const MICROSOFT365_PROFILE: ProfileDocument = {
  profile: 'microsoft365',
  title: 'Microsoft 365 unified audit log',
  recognise: { all: ['/Operation', '/Workload', '/OrganizationId'] },
  id: '/Id',
  time: '/CreationTime',
  kind: {
    at: '/Operation',
    map: {
      'UserLog*': 'authentication',
      MailboxLogin: 'authentication',
      'File*': 'data_access',
      MailItemsAccessed: 'data_access',
      'Search*': 'data_access',
      '*Consent to application*': 'approval',
      '*': 'admin',
    },
  },
  agent: { id: ['/UserId', '/UserKey', '/Actor/0/ID'], name: '/UserId' },
  tenant: '/OrganizationId',
  session: { id: ['/AppAccessContext/AADSessionId', '/SessionId'] },
  trace: { requestId: ['/AppAccessContext/CorrelationId', '/InterSystemsId'] },
  action: { name: '/Operation', arguments: '/Parameters' },
  resource: { type: ['/ItemType', '/Workload'], id: '/ObjectId', server: '/Workload' },
  outcome: {
    status: [
      { at: '/Operation', map: { UserLoginFailed: 'failure' } },
      { at: '/ResultStatus', map: OUTCOME_BY_WORD },
      { when: ['/LogonError'], constant: 'failure' },
    ],
    errorType: '/LogonError',
  },
  clientIp: ['/ClientIP', '/ActorIpAddress'],
  attrs: { record_type: '/RecordType', user_type: '/UserType', application: '/ApplicationId' },
  setup: shippedWithVector(
    'microsoft365',
    'Subscribe with the Office 365 Management Activity API and fetch the content ' + 'blobs.',
  ),
};
