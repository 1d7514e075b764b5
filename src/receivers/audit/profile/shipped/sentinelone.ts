import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** SentinelOne activities. */
export const SENTINELONE_PROFILE: ProfileDocument = {
  profile: 'sentinelone',
  title: 'SentinelOne activities',
  recognise: { all: ['/activityType', '/accountId', '/primaryDescription'] },
  container: '/data',
  id: ['/id', '/activityUuid'],
  time: ['/createdAt'],
  kind: {
    at: '/activityType',
    map: {
      '27': 'authentication',
      '33': 'authentication',
      '133': 'authentication',
      '67': 'authentication',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/userId', '/data/userid', '/data/userId', '/data/username', '/agentId'],
    name: ['/data/username', '/data/fullname', '/data/computername'],
  },
  tenant: '/accountId',
  action: { name: '/activityType' },
  resource: { type: { constant: 'endpoint' }, id: ['/agentId', '/threatId', '/siteId'] },
  attrs: { site: '/siteName', group: '/groupName' },
  notes:
    'Activity types are numbers. Without a user the endpoint (`agentId`) stands in for the actor.',
  setup: shippedWithVector('sentinelone', 'Poll `GET /web/api/v2.1/activities`.'),
};
