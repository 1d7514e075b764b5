import type { ProfileDocument } from '../schema.ts';
import { shippedWithVector } from './words.ts';

/** MongoDB Atlas organisation and project events. */
export const MONGODB_ATLAS_PROFILE: ProfileDocument = {
  profile: 'mongodb-atlas',
  title: 'MongoDB Atlas organisation and project events',
  recognise: { all: ['/eventTypeName'], any: ['/orgId', '/groupId', '/isGlobalAdmin'] },
  container: '/results',
  id: '/id',
  time: '/created',
  kind: {
    at: '/eventTypeName',
    map: {
      '*LOGIN*': 'authentication',
      API_KEY_CREATED: 'token_issue',
      'SERVICE_ACCOUNT_*SECRET*': 'token_issue',
      '*JOIN*REQUEST*APPROVED': 'approval',
      '*': 'admin',
    },
  },
  agent: {
    id: ['/apiKeyId', '/publicKey', '/userId', '/username'],
    name: ['/username', '/publicKey'],
  },
  tenant: ['/orgId', '/groupId'],
  action: { name: '/eventTypeName' },
  resource: {
    id: [
      '/targetUsername',
      '/targetPublicKey',
      '/whitelistEntry',
      '/clusterName',
      '/alertConfigId',
      '/groupId',
    ],
  },
  outcome: { status: { constant: 'success' } },
  clientIp: '/remoteAddress',
  setup: shippedWithVector('mongodb-atlas', 'Poll `GET /api/atlas/v2/orgs/{orgId}/events`.'),
};
