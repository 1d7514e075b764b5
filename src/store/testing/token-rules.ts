import { expect, it } from 'vitest';
import type { KeyKind } from '../../core/breaker.ts';
import type { Store } from '../../ports/store.ts';
import { batchOf, START_MS, storedEvent, storedTransition } from './rows.ts';

/** Text that would end a literal, a parameter or a statement if anybody pasted it together. */
export const HOSTILE = [
  "x' OR 1=1 --",
  "\\' OR 1=1 --",
  '\\',
  '"; DROP TABLE events; --',
  '{id:String}',
  'tab\there\nand\u0000there',
  '\\N',
  'NULL',
  '',
  'é — 𝕏',
  '\ud800 alone',
];

/** What every store must tell of a token. */
export function tokenRules(store: () => Store): void {
  const ids = async (id: string, tenants: readonly string[] | '*' = '*', limit = 10) =>
    (await store().token(tenants, id, limit)).rows.map(({ event }) => event.id);

  it('finds a token by its name and by its reference, in order of time', async () => {
    const events = [
      storedEvent({ id: 'late', time: START_MS + 9, token: { jti: 'j-1', ref: 'hmac:1' } }),
      storedEvent({ id: 'early', token: { jti: 'j-1', txn: 'x-1' }, trace: { traceId: 't-1' } }),
      storedEvent({ id: 'other', token: { jti: 'j-2', txn: 'x-1' } }),
      storedEvent({ id: 'decision', decision: { verdict: 'allow', id: 'j-1' } }),
      storedEvent({ id: 'nameless', token: { ref: 'hmac:2' } }),
      storedEvent({ id: 'theirs', tenant: { id: 'globex' }, token: { jti: 'j-1', ref: 'hmac:3' } }),
      storedEvent({ id: 'none' }),
    ];
    await store().project(batchOf(1, events));
    await store().project(batchOf(1, events));
    expect(await ids('j-1', ['acme'])).toEqual(['early', 'late']);
    expect(await ids('hmac:1', ['acme'])).toEqual(['early', 'late']);
    expect(await ids('hmac:1')).toEqual(['early', 'late']);
    expect(await ids('hmac:2')).toEqual(['nameless']);
    expect(await ids('j-1', ['globex'])).toEqual(['theirs']);
    expect(await ids('j-1')).toEqual(['early', 'theirs', 'late']);
    expect(await ids('j-1', '*', 1)).toEqual(['early']);
    for (const id of ['x-1', 't-1', '']) expect(await ids(id)).toEqual([]);
    expect(await ids('j-1', [])).toEqual([]);
  });

  it('gives the breaker steps that take a token along, in order of the log', async () => {
    const step = (seq: number, kind: KeyKind, id: string, tenant = 'acme') => ({
      seq,
      transition: storedTransition({ key: { tenant, kind, id }, epoch: seq }),
    });
    const transitions = [
      step(2, 'token', 'j-1'),
      step(3, 'agent', 'invoice-bot'),
      step(4, 'session', 's-1'),
      step(5, 'chain', 't-1'),
      step(6, 'tenant', 'acme'),
      step(7, 'global', 'global', '_system'),
      step(8, 'agent', 'invoice-bot', 'globex'),
      step(9, 'tenant', 'globex', 'globex'),
      step(10, 'token', 'j-2'),
      step(11, 'session', 'j-1'),
      step(12, 'tool', 'invoice-bot'),
      step(13, 'agent', 'invoice-bot'),
    ];
    const event = storedEvent({
      ...{ token: { jti: 'j-1' }, session: { id: 's-1' }, trace: { traceId: 't-1' } },
    });
    const batch = batchOf(1, [event], { transitions });
    await store().project(batch);
    await store().project(batch);
    const found = await store().token(['acme'], 'j-1', 10);
    const wanted = [2, 3, 4, 5, 6, 7, 13];
    expect(found.transitions).toEqual(transitions.filter(({ seq }) => wanted.includes(seq)));
    expect((await store().token(['acme'], 'j-9', 10)).transitions).toEqual([]);
  });

  it('takes any text for the name of a token', async () => {
    const texts = HOSTILE.filter((text) => text !== '');
    const decoy = storedEvent({ id: 'decoy', token: { jti: 'decoy' } });
    const events = texts.map((jti) => storedEvent({ token: { jti }, tenant: { id: jti } }));
    const transitions = texts.map((id, index) => ({
      seq: 100 + index,
      transition: storedTransition({ key: { tenant: id, kind: 'token', id } }),
    }));
    await store().project(batchOf(1, [...events, decoy], { transitions }));
    for (const [index, text] of texts.entries()) {
      const found = await store().token([text], text, 10);
      expect(found.rows.map(({ event }) => event)).toEqual([events[index]]);
      expect(found.transitions).toEqual([transitions[index]]);
      expect(await ids('decoy', [text])).toEqual([]);
    }
  });
}
