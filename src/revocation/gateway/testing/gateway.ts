import { UnsecuredJWT } from 'jose';
import { SILENT_METRICS } from '../../../ports/metrics.ts';
import type { TokenVerifier } from '../../../ports/token-verifier.ts';
import { createFakeClock, createFakeView } from '../../testing/fakes.ts';
import type { GatewayDependencies } from '../judge.ts';
import { RevokedEpochs } from '../revoked-epochs.ts';
import type { GatewaySettings } from '../settings.ts';

export const SETTINGS: GatewaySettings = {
  headers: {
    tenant: 'x-tripcoil-tenant',
    agent: 'x-tripcoil-agent',
    session: 'x-tripcoil-session',
    jti: 'x-tripcoil-jti',
    tool: 'x-tripcoil-tool',
    method: 'x-original-method',
    token: 'x-forwarded-authorization',
  },
  tokens: 'read',
  unidentified: 'deny',
  throttlePerMinute: null,
};

/** What a gateway needs, in memory; no issuer is believed. */
export function gatewayDependencies(settings: Partial<GatewaySettings> = {}) {
  const verifier: Pick<TokenVerifier, 'verify'> = {
    verify: async () => ({
      facts: { verified: false, failure: 'unknown_issuer' },
      assertions: {},
      tenants: [],
    }),
  };
  const view = createFakeView();
  const clock = createFakeClock();
  const merged = { ...SETTINGS, ...settings };
  const revoked = new RevokedEpochs(view);
  return {
    view,
    revoked,
    clock,
    verifier,
    settings: merged,
    metrics: SILENT_METRICS,
  } satisfies GatewayDependencies;
}

/** A token that nobody signed, which is as good as any to a gateway that only reads. */
export function tokenWith(claims: Readonly<Record<string, unknown>>): string {
  return new UnsecuredJWT({ ...claims }).encode();
}
