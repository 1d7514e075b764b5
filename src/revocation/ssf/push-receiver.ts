import type { BreakerOrder } from '../../core/breaker-order.ts';
import { CAEP_SESSION_REVOKED, RISC_ACCOUNT_DISABLED } from '../../core/revocation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../../ports/revocation-receiver.ts';
import { checkedUrl, createGuardedPost, type Post, type Reach } from '../guarded-post.ts';
import { EnabledAccounts } from './enabled-accounts.ts';
import { eventTypesOf, RISC_ACCOUNT_ENABLED, SSF_VERIFICATION } from './event-types.ts';
import { SET_TYPE, setsOf } from './security-event-token.ts';
import { SetDelivery } from './set-delivery.ts';
import { createSetPush } from './set-push.ts';

export interface SsfPushOptions extends Reach {
  readonly name: string;
  readonly url: string;
  readonly tenants: readonly string[] | '*';
  readonly audience: string;
  readonly issuer: (tenant: string) => string;
  /** Who issued the agents' identities; the transmitter's own issuer when absent. */
  readonly subjectIssuer?: (tenant: string) => string;
  readonly keys: KeyRing;
  /** Event types pushed; those that end and restore an agent's access unless given. */
  readonly events?: readonly string[];
  /** Sent as given; without it no `Authorization` header is sent at all. */
  readonly authorizationHeader?: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Replaces the network, for tests. */
  readonly post?: Post;
}

const REVOKING_EVENTS = [CAEP_SESSION_REVOKED, RISC_ACCOUNT_DISABLED, RISC_ACCOUNT_ENABLED];

/**
 * Pushes signed SETs to one configured receiver (RFC 8935).
 * @throws TripcoilError `config_invalid` for a URL outside the allowed reach.
 */
export function createSsfPushReceiver(options: SsfPushOptions): RevocationReceiver {
  const { name, tenants, clock, metrics, log } = options;
  const url = checkedUrl(options.url, options);
  const post = options.post ?? createGuardedPost(options);
  const push = createSetPush({ ...options, url, post });
  const delivery = new SetDelivery();
  const wanted = new Set(options.events ?? REVOKING_EVENTS);
  const accounts = new EnabledAccounts();
  const wantedOf = (order: BreakerOrder) => (type: string) =>
    wanted.has(type) && accounts.wants(order, type);

  async function deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { tenant } = order.key;
    const subjectIssuer = options.subjectIssuer?.(tenant);
    const address = {
      issuer: options.issuer(tenant),
      audience: options.audience,
      ...(subjectIssuer === undefined ? {} : { subjectIssuer }),
    };
    const sets = setsOf(order, address, clock.now(), wantedOf(order));
    accounts.given(order, sets);
    const outcome = await delivery.deliver(order.jti, sets, async (claims) =>
      push(await options.keys.signJwt(claims, SET_TYPE), signal),
    );
    if (outcome.status === 'acknowledged') accounts.answered(order, sets);
    return outcome;
  }

  return {
    name,
    tenants,
    afterFeeds: true,
    drill: async ({ id, tenant }, signal) => {
      const claims = {
        ...{ iss: options.issuer(tenant), jti: `tc-verification-${id}-${name}` },
        ...{ iat: Math.floor(clock.now() / 1_000), aud: options.audience },
        sub_id: { format: 'opaque', id: name },
        events: { [SSF_VERIFICATION]: { state: id } },
      };
      return push(await options.keys.signJwt(claims, SET_TYPE), signal);
    },
    concerns: (order) => eventTypesOf(order).some(wantedOf(order)),
    deliver: async (order, signal) => {
      const outcome = await deliver(order, signal).catch((): DeliveryOutcome => {
        log.error('revocation could not be signed', { receiver: name });
        return { status: 'retry', detail: 'signing_failed' };
      });
      metrics.count('tripcoil_revocations_total', {
        broker: name,
        transport: 'push',
        result: RESULTS[outcome.status],
      });
      if (outcome.status !== 'acknowledged') {
        log.warn('revocation not acknowledged', { receiver: name, detail: outcome.detail });
      }
      return outcome;
    },
  };
}

const RESULTS = { acknowledged: 'acked', retry: 'failed', rejected: 'rejected' } as const;
