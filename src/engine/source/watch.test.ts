import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../core/access-event.ts';
import type { FoldedEntry } from '../../core/entry.ts';
import type { Finding } from '../../core/finding.ts';
import { LIMITS } from '../../core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { restore, snapshot } from '../snapshot.ts';
import { EntryWriter, START } from '../testing/entries.ts';
import { sourcesOf, watermarkOfSources } from './sources.ts';

const GRACE = LIMITS.sourceGapGraceMs;

function newShard(): Shard {
  return new Shard({ registry: { detectors: [] }, initialPosture: 'enforce' });
}

/** A log under way: events of one source, and the ticks that something waits for. */
class Running {
  readonly shard: Shard;
  readonly findings: Finding[] = [];
  readonly #write = new EntryWriter();
  #count = 0;

  constructor(shard = newShard()) {
    this.shard = shard;
  }

  send(at: number, given: { seq?: number; time?: number; name?: string; tenant?: string } = {}) {
    this.ticksUpTo(at);
    this.#count += 1;
    const { seq, time = at, name = 'gateway', tenant = 'acme' } = given;
    const source: AccessEvent['source'] = {
      ...{ format: 'native', deliveredBy: 'broker', trust: 'broker', name },
      ...(seq === undefined ? {} : { seq }),
    };
    const event = { id: `evt-${this.#count}`, time, source, tenant: { id: tenant } };
    this.#apply(this.#write.input(event, at));
  }

  ticksUpTo(at: number): void {
    for (;;) {
      const due = this.shard.nextTimerAt();
      if (due === null || due > at) return;
      this.#apply(this.#write.tick(Math.max(due, this.shard.logTime)));
    }
  }

  told(detector: string): readonly Finding[] {
    return this.findings.filter((finding) => finding.detector === detector);
  }

  #apply(entry: FoldedEntry): void {
    for (const effect of this.shard.apply([entry])) {
      expect(effect.kind).toBe('finding');
      if (effect.kind === 'finding') this.findings.push(effect.decision);
    }
  }
}

/** A source that sent every minute for `days`; the time of its last event. */
function steady(running: Running, days: number): number {
  let at = START;
  for (; at < START + days * DAY_MS; at += MINUTE_MS) running.send(at);
  return at - MINUTE_MS;
}

describe('source_gap', () => {
  it('tells of a number that stayed away, once, with what is missing', () => {
    const running = new Running();
    for (const [at, seq] of [1, 2, 5, 6].entries()) running.send(START + at * SECOND_MS, { seq });
    running.ticksUpTo(START + GRACE + SECOND_MS);
    expect(running.findings).toEqual([]);
    running.ticksUpTo(START + DAY_MS);
    expect(running.findings).toHaveLength(1);
    expect(running.findings[0]).toMatchObject({
      ...{ detector: 'source_gap', level: 'medium', actual: 2, typical: 0, agent: '' },
      subject: { kind: 'source', id: 'gateway (native, broker)' },
      evidence: { events: ['evt-3'], facts: { missing: '3 to 4' } },
      decision: { tripped: false, why: 'alert_only' },
    });
  });

  it('is closed by the events that come late after all', () => {
    const running = new Running();
    for (const seq of [1, 4]) running.send(START + seq, { seq });
    running.ticksUpTo(START + HOUR_MS);
    for (const seq of [2, 3]) running.send(START + HOUR_MS, { seq, time: START + seq });
    const [found, closed] = running.told('source_gap');
    expect(closed).toMatchObject({ level: 'informational', actual: 0 });
    expect(closed?.evidence.facts['closes']).toBe(found?.id);
    // An hour late they fill the sequence, and nothing else is judged by them.
    expect(running.findings.map(({ detector }) => detector).sort()).toEqual([
      'clock_skew',
      'source_gap',
      'source_gap',
    ]);
  });

  it('gathers what is lost all the time into a finding an hour', () => {
    const running = new Running();
    for (let at = 0; at < 4 * 60; at += 1) {
      running.send(START + at * MINUTE_MS, { seq: at * 2 });
    }
    running.ticksUpTo(START + DAY_MS);
    const missing = running.told('source_gap').map(({ actual }) => actual ?? 0);
    expect(missing.length).toBeLessThanOrEqual(5);
    expect(missing.reduce((sum, count) => sum + count, 0)).toBe(4 * 60 - 1);
  });

  it('can be switched off', () => {
    const running = new Running();
    running.shard.tenant('acme').config = { detectors: {}, sources: { mode: 'off' } };
    for (const seq of [1, 4]) running.send(START + seq, { seq });
    expect(running.shard.nextTimerAt()).toBeNull();
  });

  it('never follows from reordering within the grace, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: GRACE - SECOND_MS }), { minLength: 2, maxLength: 200 }),
        (delays) => {
          const running = new Running();
          const sent = delays.map((delay, seq) => ({ seq, time: START + seq * SECOND_MS, delay }));
          sent.sort((a, b) => a.time + a.delay - (b.time + b.delay) || a.seq - b.seq);
          for (const { seq, time, delay } of sent) running.send(time + delay, { seq, time });
          running.ticksUpTo(START + 2 * DAY_MS);
          expect(running.findings).toEqual([]);
        },
      ),
    );
  });

  it('follows from every loss, sooner or later, and counts it whole', () => {
    const lossy = fc.array(fc.boolean(), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(lossy, fc.integer({ min: 1, max: 120 }), (losses, everySeconds) => {
        const running = new Running();
        running.send(START, { seq: 0 });
        losses.forEach((isLost, at) => {
          const time = START + (at + 1) * everySeconds * SECOND_MS;
          if (!isLost) running.send(time, { seq: at + 1 });
        });
        const end = START + (losses.length + 1) * everySeconds * SECOND_MS;
        running.send(end, { seq: losses.length + 1 });
        running.ticksUpTo(end + 2 * DAY_MS);
        const told = running.told('source_gap').reduce((sum, { actual }) => sum + (actual ?? 0), 0);
        expect(told).toBe(losses.filter((isLost) => isLost).length);
      }),
    );
  });
});

describe('source_silence', () => {
  it('tells that a steady source stopped, and that it is back', () => {
    const running = new Running();
    const last = steady(running, 2);
    running.ticksUpTo(last + 3 * HOUR_MS);
    expect(running.findings).toHaveLength(1);
    const [silence] = running.told('source_silence');
    expect(silence).toMatchObject({ level: 'medium', typical: 60, agent: '' });
    expect(silence?.time).toBeGreaterThanOrEqual(last + LIMITS.sourceSilenceFloorMs);
    expect(silence?.time).toBeLessThan(last + LIMITS.sourceSilenceFloorMs + 2 * MINUTE_MS);
    running.send(last + 3 * HOUR_MS);
    const [, back] = running.told('source_silence');
    expect(back).toMatchObject({ level: 'informational', actual: 10_800 });
    expect(back?.evidence.facts['closes']).toBe(silence?.id);
  });

  it('keeps quiet about a source that is young, rare or ceased for good', () => {
    const running = new Running();
    const last = steady(running, 0.5);
    for (let at = last; at < last + 9 * DAY_MS; at += HOUR_MS) running.send(at, { name: 'rare' });
    running.ticksUpTo(last + 40 * DAY_MS);
    expect(running.findings).toEqual([]);
    expect(running.shard.nextTimerAt()).toBeNull();
  });

  it('lets no other tenant, and no other source, stand in for it', () => {
    const running = new Running();
    const last = steady(running, 2);
    for (let at = last; at < last + 2 * HOUR_MS; at += MINUTE_MS) {
      running.send(at, { tenant: 'globex' });
      running.send(at, { name: 'other' });
    }
    running.ticksUpTo(last + 2 * HOUR_MS);
    expect(running.findings.map(({ tenant }) => tenant)).toEqual(['acme']);
  });
});

describe('sources of a tenant', () => {
  it('go on from a snapshot as if nothing had happened', () => {
    const running = new Running();
    const last = steady(running, 1.5);
    for (const seq of [1, 4]) running.send(last + seq, { seq, name: 'pdp' });
    const chunks = structuredClone([...snapshot(running.shard)]);
    const copy = newShard();
    restore(copy, chunks);
    expect([...snapshot(copy)]).toEqual(chunks);
    const write = new EntryWriter();
    for (let due = running.shard.nextTimerAt(), left = 50; due !== null && left > 0; left -= 1) {
      const tick = write.tick(Math.max(due, running.shard.logTime));
      expect(copy.apply([tick])).toEqual(running.shard.apply([tick]));
      expect(copy.nextTimerAt()).toBe(running.shard.nextTimerAt());
      due = running.shard.nextTimerAt();
    }
  });

  it('stay within their bound; the rest of a sender counts as one', () => {
    const running = new Running();
    for (let count = 0; count < LIMITS.sourcesPerSender + 50; count += 1) {
      running.send(START, { name: `s${count}` });
    }
    const known = [...sourcesOf(running.shard.tenant('acme').sources)];
    expect(known).toHaveLength(LIMITS.sourcesPerSender + 1);
    expect(known.at(-1)).toMatchObject({ format: '*', name: '', events: 50 });
  });

  it('have a watermark that waits for what may still come, and for the slowest', () => {
    const running = new Running();
    for (const seq of [1, 2, 5]) running.send(START + seq, { seq });
    const { sources } = running.shard.tenant('acme');
    const ofBroker = () => watermarkOfSources(sources, ({ sender }) => sender === 'broker');
    expect(ofBroker()).toBe(START + 2);
    running.ticksUpTo(START + DAY_MS);
    expect(ofBroker()).toBe(START + 5);
    running.send(START + DAY_MS, { name: 'other', time: START + 3 });
    expect(ofBroker()).toBe(START + 3);
    expect(watermarkOfSources(sources, () => false)).toBeNull();
  });
});
