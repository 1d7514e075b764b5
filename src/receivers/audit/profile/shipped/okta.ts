import type { ProfileDocument } from '../schema.ts';
import { KIND_BY_ACTION, OUTCOME_BY_WORD, shippedWithVector } from './words.ts';

/** Okta System Log. */
export const OKTA_PROFILE: ProfileDocument = {
  profile: 'okta',
  title: 'Okta System Log',
  recognise: {
    all: ['/eventType'],
    any: ['/legacyEventType', '/published', '/outcome/result', '/displayMessage'],
    none: ['/eventSource', '/eventVersion'],
  },
  container: '/data/events',
  id: '/uuid',
  time: ['/published', '/p_event_time'],
  kind: {
    at: '/eventType',
    map: {
      'user.authentication.*': 'authentication',
      'user.session.*': 'authentication',
      'policy.evaluate_sign_on': 'authz_decision',
      'app.access_request.*': 'approval',
      'system.api_token.create': 'token_issue',
      'app.oauth2.*token.grant*': 'token_issue',
      'app.oauth2.token*': 'token_use',
      'application.user_membership.show_password': 'data_access',
      ...KIND_BY_ACTION,
      '*': 'admin',
    },
  },
  agent: {
    id: ['/actor/id', '/actor/alternateId'],
    name: ['/actor/alternateId', '/actor/displayName'],
  },
  tenant: ['/securityContext/orgId', '/debugContext/debugData/organizationId', '/org/id'],
  session: {
    id: ['/authenticationContext/externalSessionId', '/authenticationContext/rootSessionId'],
  },
  trace: { traceId: '/transaction/id', requestId: '/debugContext/debugData/requestId' },
  action: { name: '/eventType' },
  resource: { type: '/target/0/type', id: ['/target/0/id', '/target/0/alternateId'] },
  decision: {
    verdict: {
      at: '/outcome/result',
      map: { DENY: 'deny', ALLOW: 'allow', CHALLENGE: 'challenge', 'RATE_LIMIT*': 'deny' },
    },
    reason: '/outcome/reason',
  },
  outcome: {
    status: {
      at: '/outcome/result',
      map: { ...OUTCOME_BY_WORD, SKIPPED: 'cancelled', UNANSWERED: 'timeout' },
    },
    errorType: {
      when: [{ at: '/outcome/result', is: ['FAILURE', 'DENY'] }],
      at: '/outcome/reason',
    },
  },
  clientIp: ['/client/ipAddress', '/request/ipChain/0/ip'],
  attrs: {
    actor_type: '/actor/type',
    message: '/displayMessage',
    severity: '/severity',
    user_agent: '/client/userAgent/rawUserAgent',
  },
  notes: 'The record names no organisation unless an event hook or a collector adds it.',
  setup: shippedWithVector(
    'okta',
    'Poll `GET https://ORG.okta.com/api/v1/logs`, or register an Event Hook whose payload holds\n' +
      'the same records under `data.events`.',
  ),
};
