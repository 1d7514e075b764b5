import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { assertionsOf, factsOf } from './claims.ts';

const OPTIONS = { tenantClaim: 'tid', agentClaims: ['act', 'spiffe'] } as const;
const assertions = (claims: Record<string, unknown>, type: string | null = 'at+jwt') =>
  assertionsOf(claims, type, OPTIONS);

/** `act` nested so many times. */
function actors(count: number): object | undefined {
  let act: object | undefined;
  for (let n = count; n > 0; n--) act = { sub: `actor-${n}`, ...(act ? { act } : {}) };
  return act;
}

describe('the claims of a verified token', () => {
  it('name actor and subject (RFC 8693 section 4.1, first example)', () => {
    expect(
      assertions({
        aud: 'https://consumer.example.com',
        iss: 'https://issuer.example.com',
        exp: 1443904177,
        nbf: 1443904077,
        sub: 'user@example.com',
        act: { sub: 'admin@example.com' },
      }),
    ).toEqual({
      agent: 'admin@example.com',
      principal: { sub: 'user@example.com', iss: 'https://issuer.example.com' },
      delegation: [{ sub: 'admin@example.com' }],
    });
  });

  it('name a chain of actors, the current one first (RFC 8693 section 4.1, second example)', () => {
    const chain = {
      sub: 'user@example.com',
      act: {
        sub: 'https://service16.example.com',
        act: { sub: 'https://service77.example.com' },
      },
    };
    expect(assertions(chain)?.delegation).toEqual([
      { sub: 'https://service16.example.com' },
      { sub: 'https://service77.example.com' },
    ]);
  });

  it('say who may act (RFC 8693 section 4.4)', () => {
    const claims = { sub: 'user@example.com', may_act: { sub: 'admin@example.com' } };
    expect(factsOf(claims, null).mayAct).toEqual({ sub: 'admin@example.com' });
    expect(assertions(claims)?.delegation).toBeUndefined();
  });

  it('say nothing where the chain of actors is too long or broken', () => {
    expect(assertions({ act: actors(LIMITS.actorChain) })?.delegation).toHaveLength(
      LIMITS.actorChain,
    );
    expect(assertions({ act: actors(LIMITS.actorChain + 1) })).toBeNull();
    expect(assertions({ act: actors(1_500) })).toBeNull();
    expect(assertions({ act: { sub: 'a', act: { iss: 'nobody' } } })).toBeNull();
    expect(assertions({ act: 'a' })).toBeNull();
  });

  it('say what kind of actor it is (actor profile)', () => {
    const act = { iss: 'https://as.example', sub: 'bot', sub_profile: 'ai_agent' };
    expect(assertions({ sub: 'alice', sub_profile: 'user', act })).toMatchObject({
      principal: { sub: 'alice', type: 'user' },
      delegation: [{ iss: 'https://as.example', sub: 'bot', type: 'agent' }],
    });
  });

  it('hold authorisation details (RFC 9396 section 2.1)', () => {
    const details = [
      {
        type: 'payment_initiation',
        locations: ['https://example.com/payments'],
        instructedAmount: { currency: 'EUR', amount: '123.50' },
        creditorName: 'Merchant A',
      },
      { type: 'account_information', actions: ['list_accounts', 'read_balances'] },
    ];
    expect(assertions({ sub: 'a', authorization_details: details })?.details).toEqual(details);
    const wrong = [{ locations: [] }, 'text', null];
    expect(assertions({ sub: 'a', authorization_details: wrong })?.details).toBeUndefined();
    let deep: unknown = 1;
    for (let n = 0; n < 5_000; n++) deep = { deep };
    const nested = { sub: 'a', authorization_details: [{ type: 't', deep }] };
    expect(assertions(nested)?.details).toBeUndefined();
  });

  it('hold a transaction (draft-ietf-oauth-transaction-tokens)', () => {
    const claims = {
      iat: 1697056200,
      exp: 1697056500,
      aud: 'trust-domain.example',
      txn: '97053963-771d-49cc-a4e3-20aad399c312',
      sub: 'd084sdrt234fsaw34tr23t',
      req_wl: 'apigateway.trust-domain.example',
      rctx: { req_ip: '69.151.72.123', authn: 'urn:ietf:rfc:6749' },
      scope: 'trade.stocks',
      tctx: { action: 'BUY', ticker: 'MSFT', quantity: '100' },
    };
    expect(factsOf(claims, 'txntoken+jwt')).toMatchObject({
      txn: '97053963-771d-49cc-a4e3-20aad399c312',
      requester: 'apigateway.trust-domain.example',
      type: 'txntoken+jwt',
    });
    expect(assertions(claims, 'txntoken+jwt')).toEqual({
      principal: { sub: 'd084sdrt234fsaw34tr23t' },
      scopes: ['trade.stocks'],
      intentScope: 'trade.stocks',
      clientIp: '69.151.72.123',
      details: [{ action: 'BUY', ticker: 'MSFT', quantity: '100', type: 'transaction_context' }],
    });
    const earlier = { sub: 's', txn: 'x', purp: 'trade', azd: { action: 'BUY' } };
    expect(assertions(earlier, 'txn_token')).toMatchObject({
      intentScope: 'trade',
      details: [{ action: 'BUY', type: 'transaction_context' }],
    });
  });

  it.each([
    [{ jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }, 'dpop'],
    [{ 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' }, 'mtls'],
    [{ jwk: { kty: 'EC' } }, 'key'],
    [{}, undefined],
    [null, undefined],
    ['jkt', undefined],
  ])('tell how it is bound to its sender: %j', (cnf, expected) => {
    expect(factsOf({ cnf }, null).senderConstraint).toBe(expected);
  });

  it('tell an agent on its own behalf from one on behalf of a person', () => {
    expect(assertions({ sub: 'bot', client_id: 'bot' })).toEqual({ clientId: 'bot' });
    expect(assertions({ sub: 'alice', azp: 'bot' })).toEqual({
      clientId: 'bot',
      principal: { sub: 'alice' },
    });
    const sub = 'spiffe://example.org/bot';
    expect(assertions({ sub })).toEqual({ agent: sub, workloadId: sub });
    expect(assertions({ sub: 'alice', act: { sub } })).toMatchObject({
      agent: sub,
      workloadId: sub,
      principal: { sub: 'alice' },
    });
    // A workload as the subject of delegation is a principal, not the actor.
    expect(assertions({ sub, act: { sub: 'bot' } })).toMatchObject({
      agent: 'bot',
      principal: { sub, type: 'service' },
    });
  });

  it('name the tenant by the configured claim alone', () => {
    expect(assertions({ sub: 'a', tid: 'acme', tenant: 'globex' })?.tenant).toBe('acme');
    expect(assertions({ sub: 'a', tid: 7 })?.tenant).toBeUndefined();
  });

  it('are left out where they are no identifiers', () => {
    const long = 'x'.repeat(LIMITS.identifierChars + 1);
    const claims = JSON.parse(`{"jti":"${long}","sub":7,"__proto__":{"txn":"x"},"aud":["a",1]}`);
    expect(factsOf(claims, null)).toEqual({ aud: ['a'] });
    expect(assertions({ scope: 'a  b' })?.scopes).toEqual(['a', 'b']);
  });
});
