import { describe, expect, it } from 'vitest';
import type { AccessEvent } from './access-event.ts';
import { contentOf } from './resent.ts';

const EVENT: AccessEvent = {
  v: 1,
  id: 'e-1',
  time: 1,
  kind: 'tool_call',
  phase: 'executed',
  source: { format: 'native', deliveredBy: 'broker', trust: 'broker' },
  tenant: { id: 'acme' },
  agent: { id: 'bot' },
  action: { name: 'send', op: 'write' },
  outcome: { status: 'success' },
  attrs: {},
};

describe('what a resent event has in common with the first', () => {
  it('is all of it where no token was read', () => {
    expect(contentOf(EVENT)).toBe(EVENT);
    const unread = { ...EVENT, token: { jti: 't-1' } };
    expect(contentOf(unread)).toBe(unread);
  });

  it('is what the sender said, and not what the token did', () => {
    const away: AccessEvent = {
      ...EVENT,
      intent: { text: 'send it' },
      token: { jti: 't-1', verified: false, failure: 'jwks_unavailable', ref: 'r', saidRef: 's' },
    };
    const back: AccessEvent = {
      ...EVENT,
      agent: { id: 'spiffe://example.org/bot' },
      principal: { sub: 'alice' },
      delegation: [{ sub: 'bot' }],
      scopes: { granted: ['mail.send'] },
      intent: { text: 'send it', scope: 'billing' },
      clientIp: '192.0.2.1',
      redactions: { person: 1 },
      token: { jti: 't-1', verified: true, ref: 'r', saidRef: 's', asserts: ['agent'] },
    };
    expect(contentOf(back)).toEqual(contentOf(away));
  });

  it('differs with anything else', () => {
    const read: AccessEvent = { ...EVENT, token: { ref: 'r', saidRef: 's' } };
    const others: readonly AccessEvent[] = [
      { ...read, token: { ref: 'r', saidRef: 'other' } },
      { ...read, action: { name: 'delete', op: 'delete' } },
      { ...read, outcome: { status: 'denied' } },
      { ...read, intent: { text: 'something else' } },
      { ...read, attrs: { more: 1 } },
    ];
    for (const other of others) expect(contentOf(other)).not.toEqual(contentOf(read));
  });
});
