import { expect, it } from 'vitest';
import { eventOf } from '../testing/entries.ts';
import { EVENT_PARTS, maskOf, partsOf } from './event-part.ts';

it('gives each part a bit of its own', () => {
  const bits = EVENT_PARTS.map((part) => maskOf([part]));
  expect(new Set(bits).size).toBe(EVENT_PARTS.length);
  expect(maskOf(EVENT_PARTS)).toBe(2 ** EVENT_PARTS.length - 1);
  expect(maskOf([])).toBe(0);
});

it('tells what an event has', () => {
  const bare = eventOf({ id: 'e-1' });
  expect(partsOf({ ...bare, token: { jti: 't' } }) & maskOf(['token', 'amount'])).toBe(
    maskOf(['token']),
  );
  const redacted = (type: string) => partsOf({ ...bare, redactions: { email: 1, [type]: 1 } });
  expect(redacted('secret:password') & maskOf(['secrets'])).toBe(maskOf(['secrets']));
  expect(redacted('phone') & maskOf(['secrets'])).toBe(0);
  const claimed = (tenant: string) => ({ ...bare, tenant: { id: 'acme', claimed: tenant } });
  expect(partsOf(claimed('globex')) & maskOf(['claimed_tenant'])).toBe(maskOf(['claimed_tenant']));
  expect(partsOf(claimed('acme')) & maskOf(['claimed_tenant'])).toBe(0);
});
