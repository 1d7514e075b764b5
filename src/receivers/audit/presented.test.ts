import { describe, expect, it } from 'vitest';
import { presentedJwt } from '../presented-jwt.ts';
import { authZenFormat } from './authzen/format.ts';
import { cerbosFormat } from './cerbos/format.ts';
import { finish } from './draft.ts';

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJ0LTEifQ.c2ln';

describe('a token in an audit record', () => {
  it.each([`Bearer ${JWT}`, `DPoP ${JWT}`, `bearer  ${JWT}`, JWT, [JWT]])(
    'is found: %j',
    (value) => {
      expect(presentedJwt(value)).toBe(JWT);
    },
  );

  it.each(['Basic dXNlcjpwYXNz', 'Bearer opaque', '[REMOVED]', `${JWT}.x.y`, 7, null, undefined])(
    'is none: %j',
    (value) => {
      expect(presentedJwt(value)).toBeUndefined();
    },
  );

  it('stands beside the event, with the SPIFFE id of the caller', () => {
    const event = finish(
      {
        format: 'test',
        record: {},
        wanted: { time: '/time', agent: '/agent', action: '/action' },
        id: 'e-1',
        time: 1_795_251_600_000,
        kind: 'tool_call',
        agent: { id: 'spiffe://example.org/agents/bot' },
        action: { name: 'send_email' },
        token: { jwt: `Bearer ${JWT}` },
      },
      { position: 0 } as Parameters<typeof finish>[1],
    );
    expect(event).toMatchObject({
      jwt: JWT,
      agent: { workloadId: 'spiffe://example.org/agents/bot' },
    });
    expect(event).not.toHaveProperty('token');
  });

  it('is found in AuthZEN contexts, and its claims in what Cerbos logs of it', () => {
    const context = { position: 0, receivedAt: 1_795_251_600_000 } as Parameters<typeof finish>[1];
    const asked = {
      ...{ subject: { type: 'user', id: 'alice' }, resource: { type: 'mail', id: 'm-1' } },
      ...{ action: { name: 'send' }, decision: true },
      context: { agent: 'bot', token: { jti: 't-1', jwt: `Bearer ${JWT}` } },
    };
    expect(authZenFormat.map(asked, context)).toMatchObject([{ jwt: JWT, token: { jti: 't-1' } }]);
    const input = {
      ...{ principal: { id: 'bot' }, resource: { kind: 'mail', id: 'm-1' }, actions: ['send'] },
      auxData: { jwt: { jti: 't-1', iss: 'https://as', aud: 'mail', exp: 1_795_255_200 } },
    };
    const logged = { callId: 'c-1', checkResources: { inputs: [input], outputs: [] } };
    const token = { jti: 't-1', iss: 'https://as', aud: ['mail'], exp: 1_795_255_200_000 };
    expect(cerbosFormat.map(logged, context)).toMatchObject([{ token }]);
  });
});
