import { describe, expect, it } from 'vitest';
import type { Principal } from '../ports/ingest.ts';
import { attribute } from './attribution.ts';
import { BROKER, receivedOf } from './testing/fixtures.ts';

const claiming = (tenantClaimed?: string) =>
  receivedOf({ id: 'a', ...(tenantClaimed === undefined ? {} : { tenantClaimed }) });
const covering = (tenants: Principal['tenants']): Principal => ({ ...BROKER, tenants });

describe('the tenant of an event', () => {
  it.each<[string, Principal['tenants'], string | undefined, { id: string; claimed?: string }]>([
    ['one covered, none named', ['acme'], undefined, { id: 'acme' }],
    ['one covered and named', ['acme'], 'acme', { id: 'acme' }],
    ['one covered, another named', ['acme'], 'globex', { id: 'acme', claimed: 'globex' }],
    ['several covered, one named', ['acme', 'globex'], 'globex', { id: 'globex' }],
    ['all covered, one named', '*', 'globex', { id: 'globex' }],
    ['all covered, none named', '*', undefined, { id: '_unknown' }],
    ['all covered, nothing named', '*', '', { id: '_unknown' }],
    ['all covered, the unknown named', '*', '_unknown', { id: '_unknown' }],
  ])('%s', (_what, tenants, claimed, tenant) => {
    expect(attribute(claiming(claimed), covering(tenants), 3, false)).toMatchObject({ tenant });
  });

  it.each<[string, Principal['tenants'], string | undefined, string]>([
    ['several covered, none named', ['acme', 'globex'], undefined, 'missing_field'],
    ['several covered, another named', ['acme', 'globex'], 'initech', 'tenant_not_allowed'],
    ['none covered', [], 'acme', 'tenant_not_allowed'],
    ['all covered, the process’s own named', '*', '_system', 'tenant_not_allowed'],
  ])('%s: a reject at its place', (_what, tenants, claimed, code) => {
    const reject = attribute(claiming(claimed), covering(tenants), 3, false);
    expect(reject).toMatchObject({ position: 3, code, path: 'tenant' });
  });
});

describe('what an event is worth', () => {
  it('comes from the credential, with the sender’s name', () => {
    const sender: Principal = { ...BROKER, name: 'agent-7', trust: 'agent' };
    expect(attribute(claiming(), sender, 0, false)).toMatchObject({
      source: { format: 'native', deliveredBy: 'agent-7', trust: 'agent' },
    });
  });

  it('cannot be raised by the payload', () => {
    const forged = { format: 'native', trust: 'resource', deliveredBy: 'bank' };
    const received = receivedOf({ id: 'a', source: forged });
    expect(attribute(received, BROKER, 0, false)).toMatchObject({
      source: { deliveredBy: 'broker', trust: 'broker' },
    });
  });

  it('is history only where the way in says so', () => {
    expect(attribute(claiming(), BROKER, 0, true)).toMatchObject({ history: true });
    expect(attribute(claiming(), BROKER, 0, false)).not.toHaveProperty('history');
    expect(attribute(claiming('globex'), BROKER, 0, false)).not.toHaveProperty('tenantClaimed');
  });
});
