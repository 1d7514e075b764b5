import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { NO_NAMES, namesOfClaims, namesOfToken } from './names.ts';
import { tokenWith } from './testing/gateway.ts';

describe('namesOfClaims', () => {
  it('finds every link of the chain, the session, the token and the chain', () => {
    expect(
      namesOfClaims({
        sub: 'alice',
        client_id: 'app',
        act: { sub: 'invoice-bot', act: { sub: 'planner', client_id: 'app' } },
        sid: 's-1',
        jti: 't-1',
        txn: 'x-1',
        brk: { e: 41, t: 7 },
      }),
    ).toEqual({
      agents: ['invoice-bot', 'planner', 'app', 'alice'],
      sessions: ['s-1'],
      tokens: ['t-1'],
      chains: ['x-1'],
      minted: { agent: 'invoice-bot', epoch: 41 },
    });
  });

  it.each([[{}], [{ sub: 7, act: 'x', brk: -1 }], [{ sub: '', brk: { e: 1.5 } }]])(
    'names nothing in %j',
    (claims) => {
      expect(namesOfClaims(claims)).toEqual(NO_NAMES);
    },
  );

  it('refuses a chain without end and a name beyond the limit', () => {
    let act: object = { sub: 'a' };
    for (let depth = 0; depth <= LIMITS.actorChain; depth += 1) act = { sub: 'a', act };
    expect(() => namesOfClaims({ act })).toThrow('longer than');
    expect(() => namesOfClaims({ jti: 'x'.repeat(LIMITS.identifierChars + 1) })).toThrow();
    expect(() => namesOfToken('x'.repeat(LIMITS.jwtChars + 1))).toThrow();
  });
});

describe('namesOfToken', () => {
  it('reads a JWT, and nothing out of anything else', () => {
    expect(namesOfToken(tokenWith({ sub: 'invoice-bot' })).agents).toEqual(['invoice-bot']);
    for (const text of ['opaque', 'a.b.c', '']) expect(namesOfToken(text)).toEqual(NO_NAMES);
  });
});
