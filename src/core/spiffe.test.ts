import { describe, expect, it } from 'vitest';
import { parseSpiffeId, spiffeIdIn } from './spiffe.ts';

describe('a SPIFFE id', () => {
  it.each([
    ['spiffe://example.org/ns/prod/sa/bot', 'example.org', '/ns/prod/sa/bot'],
    ['spiffe://example.org', 'example.org', ''],
    ['spiffe://a_b-c.1/X.y_z-0', 'a_b-c.1', '/X.y_z-0'],
  ])('%s is read', (text, trustDomain, path) => {
    expect(parseSpiffeId(text)).toEqual({ trustDomain, path });
  });

  it.each([
    ...['https://example.org/a', 'SPIFFE://example.org/a', 'spiffe://', 'spiffe:///a'],
    ...['spiffe://Example.org/a', 'spiffe://example.org:8443/a', 'spiffe://u@example.org/a'],
    ...['spiffe://example.org/', 'spiffe://example.org/a/', 'spiffe://example.org//a'],
    ...['spiffe://example.org/.', 'spiffe://example.org/../a', 'spiffe://example.org/%61'],
    ...['spiffe://example.org/a?b', 'spiffe://example.org/a#b', 'spiffe://example.org/ä'],
    `spiffe://example.org/${'a'.repeat(2_048)}`,
  ])('%.60s is none', (text) => {
    expect(parseSpiffeId(text)).toBeNull();
  });

  it('is found among the names of a certificate', () => {
    const header = 'By=spiffe://a.org/x;Hash=1;URI=spiffe://a.org/y,DNS=z';
    expect(spiffeIdIn(header)).toBe('spiffe://a.org/x');
    expect(spiffeIdIn('URI:spiffe://a.org/y, DNS:z')).toBe('spiffe://a.org/y');
    expect(spiffeIdIn('spiffe://A.org/y')).toBeNull();
    expect(spiffeIdIn('invoice-bot')).toBeNull();
  });
});
