import { describe, expect, it } from 'vitest';
import type { ReceivedEvent, Trust } from '../core/access-event.ts';
import type { TokenReading } from '../core/token-reading.ts';
import type { Principal } from '../ports/ingest.ts';
import { attribute } from './attribution.ts';
import type { PresentedToken } from './presented-token.ts';

const RECEIVED: ReceivedEvent = {
  v: 1,
  id: 'e-1',
  time: 1,
  kind: 'tool_call',
  phase: 'executed',
  source: { format: 'native' },
  agent: { id: 'invoice-bot' },
  action: { name: 'send_email', op: 'write' },
  outcome: { status: 'success' },
  attrs: {},
  jwt: 'eyJ.secret.token',
};

const READING: TokenReading = {
  facts: { verified: true, jti: 't-1', iss: 'https://as.example', sub: 'alice' },
  assertions: {
    tenant: 'acme',
    agent: 'bot-7',
    workloadId: 'spiffe://example.org/bot-7',
    clientId: 'client-7',
    principal: { sub: 'alice' },
    delegation: [{ sub: 'bot-7' }, { sub: 'planner' }],
    scopes: ['mail.read', 'mail.send'],
    details: [{ type: 'mail' }],
    intentScope: 'billing',
    clientIp: '192.0.2.7',
  },
  tenants: ['acme', 'globex'],
};

const sender = (trust: Trust, ...tenants: string[]): Principal => ({
  name: 'broker-1',
  roles: ['ingest'],
  tenants,
  trust,
});

function settled(
  more: Partial<ReceivedEvent> = {},
  reading: Partial<TokenReading> = {},
  who = sender('broker', 'acme', 'globex'),
) {
  const token: PresentedToken = {
    reading: { ...READING, ...reading },
    reference: (tenant) => `hmac-sha256:${tenant}`,
    referenceWith: (tenant, text) => `${tenant} ${text.length}`,
  };
  const event = attribute({ ...RECEIVED, ...more }, who, 0, false, token);
  if ('code' in event) throw new Error(event.message);
  return event;
}

describe('an event with a verified token', () => {
  it('takes from it who acted for whom, with which scopes', () => {
    expect(settled()).toMatchObject({
      tenant: { id: 'acme' },
      agent: {
        id: 'bot-7',
        name: 'invoice-bot',
        workloadId: 'spiffe://example.org/bot-7',
        clientId: 'client-7',
      },
      principal: { sub: 'alice' },
      delegation: [{ sub: 'bot-7' }, { sub: 'planner' }],
      scopes: { granted: ['mail.read', 'mail.send'], details: [{ type: 'mail' }] },
      intent: { scope: 'billing' },
      clientIp: '192.0.2.7',
      token: {
        verified: true,
        jti: 't-1',
        ref: 'hmac-sha256:acme',
        asserts: ['tenant', 'token', 'agent', 'principal', 'delegation', 'scopes'],
      },
    });
  });

  it('never keeps the token itself, verified or not, read or not', () => {
    expect(JSON.stringify(settled())).not.toContain('secret');
    const unread = attribute(RECEIVED, sender('agent', 'acme'), 0, false);
    expect(JSON.stringify(unread)).not.toContain('secret');
  });

  it('has its own word overruled, and that is told', () => {
    const event = settled({
      principal: { sub: 'mallory' },
      delegation: [{ sub: 'root' }],
      scopes: { granted: ['mail.send', 'admin'], required: ['mail.send'] },
      token: { jti: 't-2' },
      tenantClaimed: 'globex',
    });
    expect(event.tenant).toEqual({ id: 'acme' });
    expect(event.principal).toEqual({ sub: 'alice' });
    expect(event.scopes).toMatchObject({
      granted: ['mail.read', 'mail.send'],
      required: ['mail.send'],
    });
    expect(event.token).toMatchObject({
      jti: 't-1',
      contradicts: ['tenant', 'token', 'agent', 'principal', 'delegation', 'scopes'],
    });
  });

  it('keeps what the resource itself says', () => {
    const event = settled(
      { principal: { sub: 'carol' }, tenantClaimed: 'globex' },
      {},
      sender('resource', 'acme', 'globex'),
    );
    expect(event.tenant).toEqual({ id: 'globex' });
    expect(event.principal).toEqual({ sub: 'carol' });
    expect(event.agent.id).toBe('invoice-bot');
    expect(event.token).toMatchObject({
      asserts: ['token', 'delegation', 'scopes'],
      contradicts: ['tenant', 'agent', 'principal'],
    });
  });

  it('never leaves the tenant of its credential; the other is a claim', () => {
    const event = settled({}, { assertions: { tenant: 'globex' } }, sender('broker', 'acme'));
    expect(event.tenant).toEqual({ id: 'acme', claimed: 'globex' });
    const refused = attribute(RECEIVED, sender('broker', 'x', 'y'), 3, false, {
      reading: READING,
      reference: () => '',
      referenceWith: () => '',
    });
    expect(refused).toMatchObject({ code: 'tenant_not_allowed', position: 3 });
  });

  it('is not believed for a tenant that its issuer may not speak for', () => {
    const event = settled({}, { tenants: ['globex'] });
    expect(event.agent).toEqual({ id: 'invoice-bot' });
    expect(event.principal).toBeUndefined();
    expect(event.token).toMatchObject({ verified: false, failure: 'unknown_issuer' });
  });

  it('says the same name as the token without a contradiction', () => {
    const event = settled({ agent: { id: 'bot-7' }, scopes: { granted: ['mail.send'] } });
    expect(event.agent.name).toBeUndefined();
    expect(event.token?.contradicts).toBeUndefined();
  });
});

describe('an event with a token that is not believed', () => {
  it('keeps its own word, and takes the claims of the token for claims', () => {
    const facts = { verified: false, failure: 'expired', jti: 't-1', sub: 'alice' } as const;
    const reading = { facts, assertions: {}, tenants: [] };
    const event = settled({ tenantClaimed: 'acme', token: { sub: 'bob' } }, reading);
    expect(event.agent).toEqual({ id: 'invoice-bot' });
    expect(event.principal).toBeUndefined();
    expect(event.token).toEqual({
      verified: false,
      failure: 'expired',
      jti: 't-1',
      sub: 'bob',
      ref: 'hmac-sha256:acme',
      saidRef: expect.stringMatching(/^acme \d+$/),
    });
  });
});
