import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AccessEvent } from '../../src/core/access-event.ts';
import type { FoldedEntry } from '../../src/core/entry.ts';
import type { GrantSet } from '../../src/core/grant.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { Shard, type ShardOptions } from '../../src/engine/shard.ts';
import { restoreChunk, type SnapshotChunk, snapshot } from '../../src/engine/snapshot.ts';
import type { Redactor } from '../../src/ports/redactor.ts';
import { rotatingPseudonymKeys } from '../../src/redact/pseudonym-keys.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { SubjectStore } from '../../src/redact/subject-store.ts';
import { eventWith, testKeys } from '../../src/redact/testing/events.ts';
import { contentMarksOf } from '../../src/runtime/entries.ts';
import { redactedGrants } from '../../src/runtime/redacted-orders.ts';
import { type DetectorVerdict, defineDetector } from '../../src/sdk.ts';

const START = Date.UTC(2026, 10, 21);
const MAIL = 'bob@example.com';
const PHONE = '+1 415 555 0132';

const CALM: Omit<DetectorVerdict, 'title' | 'dedupKey'> = {
  level: 'low',
  ...{ score: 1, actual: null, typical: null, probability: null },
  ...{ explanation: '', trip: null, dedupMs: 0 },
};

/** Remembers destinations, and says which are new and which resource no grant names. */
const firstSeen = defineDetector<object, { seen: string[] }>({
  ...{ id: 'first_seen', version: 1, status: 'test', title: 'First seen', family: 'novelty' },
  ...{ scope: 'agent', defaultMode: 'enforce', tags: [], config: z.strictObject({}) },
  init: () => ({ seen: [] }),
  judges: () => null,
  observe({ destinations = [], resource }, state, { grant }) {
    const fresh = destinations.filter(({ value }) => !state.seen.includes(value));
    state.seen.push(...fresh.map(({ value }) => value));
    const foreign = resource?.id !== undefined && !grant?.resources?.includes(resource.id);
    return [
      ...fresh.map(({ value }) => ({ ...CALM, title: 'new', dedupKey: value })),
      ...(foreign ? [{ ...CALM, title: 'foreign', dedupKey: 'foreign' }] : []),
    ];
  },
});

const OPTIONS: ShardOptions = {
  registry: { detectors: [firstSeen] },
  initialPosture: 'enforce',
};

const GRANTS: GrantSet = {
  agents: [{ tenant: 'acme', agent: 'invoice-bot', resources: [PHONE] }],
  principals: [],
  resources: [],
  actions: [],
};

function start() {
  const clock = { now: () => START + elapsed };
  let elapsed = 0;
  let seq = 0;
  let shard = new Shard(OPTIONS);
  const keys = testKeys();
  const pseudonymKeys = rotatingPseudonymKeys({ keys, store: new SubjectStore(keys, null), clock });
  const redactor: Redactor = createRedactor({ keys, pseudonymKeys });
  const fold = (entry: object) => {
    const envelope = { seq: ++seq, loggedAt: clock.now(), tenant: 'acme', engineVersion: 1 };
    return shard.apply([{ ...envelope, ...entry } as FoldedEntry]);
  };
  return {
    rotate: () => pseudonymKeys.rotate('acme', DAY_MS),
    pass: (ms: number) => {
      elapsed += ms;
    },
    grant: () => fold({ kind: 'grant', body: redactedGrants(redactor, 'acme', GRANTS) }),
    /** Titles of what was found. */
    send(id: string, members: Partial<AccessEvent> = {}) {
      const body = redactor.redact(
        eventWith({
          ...{ id, time: clock.now(), resource: { id: PHONE } },
          action: { name: 'send', op: 'write', arguments: { to: [MAIL], account: 'AB-99' } },
          ...members,
        }),
      );
      const marks = contentMarksOf(body, JSON.stringify(body));
      const effects = fold({ kind: 'input', body, ...marks });
      const titles = effects.flatMap((e) => (e.kind === 'finding' ? [e.decision.title] : []));
      return { body, titles };
    },
    restart() {
      const chunks = JSON.parse(JSON.stringify([...snapshot(shard)])) as SnapshotChunk[];
      shard = new Shard(OPTIONS);
      for (const chunk of chunks) restoreChunk(shard, chunk);
    },
  };
}

describe('a rotation of pseudonym keys', () => {
  it('makes nothing look new and no grant foreign, in the overlap, after it, restarted', () => {
    const site = start();
    site.grant();
    expect(site.send('1').titles).toEqual(['new', 'new', 'new']);
    expect(site.send('2').titles).toEqual([]);
    const { keyId } = site.rotate();
    const third = site.send('3');
    expect(third.titles).toEqual([]);
    expect(JSON.stringify(third.body)).toContain(`:${keyId}:`);
    expect(Object.values(third.body.tokenAliases ?? {}).join()).toContain(':k-acme:');
    site.restart();
    site.pass(2 * DAY_MS);
    const fourth = site.send('4');
    expect(fourth.titles).toEqual([]);
    expect(fourth.body.tokenAliases).toBeUndefined();
    expect(JSON.stringify(fourth.body)).not.toContain(':k-acme:');
  });

  it('holds over grants that are set again during and after the overlap, and a second one', () => {
    const site = start();
    site.grant();
    site.send('1');
    site.rotate();
    site.grant();
    expect(site.send('2').titles).toEqual([]);
    site.pass(2 * DAY_MS);
    site.grant();
    expect(site.send('3').titles).toEqual([]);
    site.rotate();
    expect(site.send('4').titles).toEqual([]);
    site.pass(2 * DAY_MS);
    expect(site.send('5').titles).toEqual([]);
  });

  it('takes a resent event for the same event', () => {
    const site = start();
    site.grant();
    const time = START;
    site.send('1', { time });
    site.rotate();
    expect(site.send('1', { time }).titles).toEqual([]);
  });

  it('takes an event for the same one that is resent later, or under a third key', () => {
    const site = start();
    site.grant();
    const time = START;
    site.send('before', { time });
    site.rotate();
    expect(site.send('within', { time }).titles).toEqual([]);
    site.pass(2 * DAY_MS);
    expect(site.send('before', { time }).titles).toEqual([]);
    expect(site.send('within', { time }).titles).toEqual([]);
    site.rotate();
    expect(site.send('before', { time }).titles).toEqual([]);
    expect(site.send('within', { time }).titles).toEqual([]);
    site.restart();
    site.pass(2 * DAY_MS);
    expect(site.send('before', { time }).titles).toEqual([]);
    const other = { name: 'send', op: 'write', arguments: { to: ['eve@example.com'] } } as const;
    expect(site.send('before', { time, action: other }).titles.join()).toMatch(/different content/);
  });

  it('leaves identifiers that revocations go by as they are', () => {
    const site = start();
    const agent = { id: `bot-${PHONE}` };
    const before = site.send('1', { agent }).body.agent.id;
    site.rotate();
    expect(site.send('2', { agent }).body.agent.id).toBe(before);
    expect(before).toContain('[phone:');
  });

  it('is refused while the last one overlaps', () => {
    const site = start();
    site.rotate();
    expect(() => site.rotate()).toThrow(/overlaps until/);
  });
});
