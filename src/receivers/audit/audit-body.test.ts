import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { runInTurns } from '../steps.ts';
import { auditBodySteps } from './audit-body.ts';
import { AUDIT_FORMATS } from './formats.ts';

const READING = { format: 'native', formats: AUDIT_FORMATS, receivedAt: 1 };
const RECORDS = 4_000;

const event = (index: number): string =>
  JSON.stringify({
    id: `e${index}`,
    time: 1,
    agent: { id: 'a' },
    action: { name: 'get' },
    attrs: { filler: 'x'.repeat(300) },
  });
const events = Array.from({ length: RECORDS }, (_, index) => event(index));

describe('auditBodySteps', () => {
  it.each([
    ['lines', events.join('\n'), 'ndjson'],
    ['an array', `[${events.join(',')}]`, null],
    ['a batch as one line', `\n[${events.join(',')}]\n`, 'ndjson'],
  ] as const)('lets others run in the middle of %s', async (_case, text, shape) => {
    const bytes = Buffer.from(text);
    let turns = 0;
    const batch = await runInTurns(auditBodySteps(bytes, shape, READING), async () => ++turns);
    expect([batch.events.length, batch.rejects]).toEqual([RECORDS, []]);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(bytes.length / LIMITS.ingestSliceChars));
  });

  it('finds a line too broken to parse, however long', async () => {
    const bytes = Buffer.from(`${event(1)}\n[${events.join(',')}\n${event(2)}`);
    const batch = await runInTurns(auditBodySteps(bytes, 'ndjson', READING), async () => {});
    expect(batch.positions).toEqual([1, 3]);
    expect(batch.rejects).toMatchObject([{ position: 2, code: 'malformed' }]);
  });
});
