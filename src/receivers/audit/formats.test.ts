import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_KINDS, OPERATIONS, OUTCOMES } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { REJECT_CODES } from '../../core/reject.ts';
import { isReject, type Mapped } from './format.ts';
import { AUDIT_FORMATS, detectAuditFormat, parseAuditValue } from './formats.ts';
import { fixtureRecords } from './testing/fixtures.ts';

const FORMATS = [...AUDIT_FORMATS.values()];
const FIXTURES = fixtureRecords();
const AT = '2026-11-21T09:00:00.000Z';

function expectWellFormed(mapped: readonly Mapped[]): void {
  for (const each of mapped) {
    if (isReject(each)) {
      expect(REJECT_CODES).toContain(each.code);
      expect(each.position).toBe(7);
      continue;
    }
    for (const name of [each.id, each.agent.id, each.action.name]) {
      expect(name).not.toBe('');
      expect(name.length).toBeLessThanOrEqual(LIMITS.identifierChars);
    }
    expect(Number.isFinite(each.time)).toBe(true);
    expect(EVENT_KINDS).toContain(each.kind);
    expect(OPERATIONS).toContain(each.action.op);
    expect(OUTCOMES).toContain(each.outcome.status);
    // A native event states both itself; a verdict that nobody gave is not made up for it.
    if (each.source.format === 'native') continue;
    if (each.outcome.status === 'denied') expect(each.decision?.verdict).toBeDefined();
  }
}

/** A fixture with one of its values, at any depth, replaced by another. */
function mutated(record: unknown, path: readonly number[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined || typeof record !== 'object' || record === null) return by;
  const keys = Object.keys(record);
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) return by;
  const copy: Record<string, unknown> = Array.isArray(record)
    ? (record.slice() as unknown as Record<string, unknown>)
    : { ...record };
  copy[key] = mutated(copy[key], rest, by);
  return copy;
}

/** The way to each value within a record, as `mutated` takes it. */
function pathsOf(value: unknown): readonly (readonly number[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member, index) => [
    [index],
    ...pathsOf(member).map((path) => [index, ...path]),
  ]);
}

describe('any JSON through every mapper', () => {
  it('becomes well-formed events or rejects', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...FORMATS), (value, format) => {
        expect(typeof format.recognises(value)).toBe('boolean');
        expectWellFormed(format.map(value, { position: 7 }));
        expectWellFormed(format.map(value, { position: 7, receivedAt: 1_000 }));
      }),
      { numRuns: 5_000 },
    );
  }, 60_000);

  it.each([
    ['the same every time', { seed: 20_261_121, numRuns: 10_000 }],
    ['a few at random, whose seed a failure prints', { numRuns: 500 }],
  ])(
    'becomes well-formed events or rejects where it nearly is a record: %s',
    (_which, runs) => {
      fc.assert(
        fc.property(
          fc.constantFrom(...FIXTURES),
          fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
          fc.oneof(
            fc.jsonValue({ maxDepth: 3 }),
            fc.constantFrom(
              '',
              ' ',
              '-',
              'x'.repeat(5_000),
              -1,
              1e300,
              '__proto__',
              {},
              [],
              [null],
            ),
          ),
          ({ name, record }, path, by) => {
            const value = mutated(record, path, by);
            expectWellFormed(parseAuditValue(value, name, 7));
            expectWellFormed(parseAuditValue(value, 'auto', 7, 1_000));
          },
        ),
        runs,
      );
    },
    60_000,
  );

  it('keeps a native event that was denied and tells of no decision, in an envelope too', () => {
    const outcome = { status: 'denied' };
    const data = { id: 'n', time: 1, agent: { id: 'a' }, action: { name: 'x' }, outcome };
    const envelope = { specversion: '1.0', id: 'c', source: '/s', type: 't', time: AT, data };
    for (const value of [data, envelope]) {
      const mapped = parseAuditValue(value, 'auto', 7);
      expectWellFormed(mapped);
      expect(mapped).toMatchObject([{ source: { format: 'native' }, outcome }]);
      expect(mapped[0]).not.toHaveProperty('decision');
    }
  });

  it('with values that have no text, anywhere, becomes well-formed events or rejects', () => {
    const textless: readonly object[] = [
      { toString: 1, valueOf: 2 },
      [{ toString: 1 }],
      { toJSON: 1 },
    ];
    for (const { name, record } of FIXTURES) {
      for (const path of pathsOf(record)) {
        for (const by of textless) {
          const value = mutated(record, path, by);
          expectWellFormed(parseAuditValue(value, name, 7));
          expectWellFormed(parseAuditValue(value, 'auto', 7, 1_000));
        }
      }
    }
  }, 60_000);

  it('with __proto__ as a key changes no prototype', () => {
    for (const { name, record } of FIXTURES) {
      const text = JSON.stringify(record).replace('{', '{"__proto__":{"polluted":1},');
      parseAuditValue(JSON.parse(text), name, 7);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('parseAuditValue', () => {
  it('refuses what is too deep, no object or of no known format', () => {
    let deep: unknown = {};
    for (let level = 0; level <= LIMITS.recordDepth; level++) deep = { deep };
    expect(parseAuditValue(deep, 'auto', 7)).toMatchObject([{ code: 'too_deep' }]);
    expect(parseAuditValue(5, 'okta', 7)).toMatchObject([{ code: 'wrong_type' }]);
    expect(parseAuditValue({ hello: 1 }, 'auto', 7)).toMatchObject([{ code: 'unknown_format' }]);
    expect(parseAuditValue({}, 'nonsense', 7)).toMatchObject([{ code: 'unknown_format' }]);
  });

  it('stamps a record that states no time with its receipt, and says so', () => {
    const record = { operator: 'kim', category_type: 'User', action: 'Add' };
    expect(parseAuditValue(record, 'zoom', 7)).toMatchObject([
      { code: 'missing_field', path: '/time' },
    ]);
    const [event] = parseAuditValue(record, 'zoom', 7, 1_000);
    expect(event).toMatchObject({ time: 1_000, attrs: { time_source: 'received' } });
    expect(parseAuditValue(record, 'zoom', 7, 2_000)[0]).toMatchObject({
      id: (event as { id: string }).id,
    });
  });

  it('takes an array item by item', () => {
    const records = FIXTURES.filter(({ name }) => name === 'okta').map(({ record }) => record);
    expect(parseAuditValue(records, 'auto', 7)).toHaveLength(records.length);
  });

  it('keeps no member that is a secret by its name', () => {
    const record = {
      ...{ eventVersion: '1.11', eventSource: 'iam.amazonaws.com', eventName: 'UpdateUser' },
      userIdentity: { arn: 'a' },
      requestParameters: { password: 'hunter2', nested: [{ clientSecret: 'shh', id: 'kept' }] },
    };
    const text = JSON.stringify(parseAuditValue(record, 'cloudtrail', 7, 1_000));
    expect(text).not.toMatch(/hunter2|shh/);
    expect(text).toContain('kept');
  });
});

describe('each format', () => {
  it('has a page', () => {
    const pages = new Set(readdirSync(`${import.meta.dirname}/../../../docs/formats`));
    expect(FORMATS.map(({ name }) => `${name}.md`).filter((page) => !pages.has(page))).toEqual([]);
  });

  it('recognises its own container', () => {
    const record = FIXTURES.find(({ name }) => name === 'okta')?.record;
    expect(detectAuditFormat({ data: { events: [record] } })?.name).toBe('okta');
  });
});
