import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { RECORDS_PER_STEP, runInTurns } from '../steps.ts';
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

  it.each([
    [
      'an EventList of Kubernetes',
      'auto',
      (items: object[]) => ({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items }),
      (index: number) => ({
        auditID: `a${index}`,
        stage: index === 7 ? 'RequestReceived' : 'ResponseComplete',
        verb: 'get',
        user: { username: 'bot' },
        requestReceivedTimestamp: '2026-11-21T09:00:00.000000Z',
        stageTimestamp: '2026-11-21T09:00:00.100000Z',
      }),
      RECORDS - 1,
    ],
    [
      'a file of CloudTrail',
      'cloudtrail',
      (records: object[]) => ({ Records: records }),
      (index: number) => ({
        eventVersion: '1.11',
        eventID: `c${index}`,
        eventTime: '2026-11-21T09:00:00Z',
        eventSource: 's3.amazonaws.com',
        eventName: 'GetObject',
        userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::1:user/bot' },
      }),
      RECORDS,
    ],
  ] as const)('lets others run in the middle of %s', async (_case, format, list, record, count) => {
    const of = (records: number) =>
      Buffer.from(JSON.stringify(list(Array.from({ length: records }, (_, at) => record(at)))));
    let turns = 0;
    const reading = { ...READING, format };
    const read = (bytes: Buffer) =>
      runInTurns(auditBodySteps(bytes, null, reading), async () => ++turns);
    const batch = await read(of(RECORDS));
    expect([batch.events.length, batch.rejects]).toEqual([count, []]);
    expect(new Set(batch.events.map(({ id }) => id)).size).toBe(count);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(RECORDS / RECORDS_PER_STEP));
    await expect(read(of(LIMITS.recordsPerBody + 1))).rejects.toThrow('at most');
  });

  it('tells of decisions that are beyond what one record may hold', async () => {
    const evaluations = Array.from({ length: LIMITS.listItems + 1 }, (_, index) => ({
      action: { name: `a${index}` },
      resource: { type: 'doc', id: '1' },
    }));
    const batch = { subject: { type: 'agent', id: 'bot' }, evaluations, time: 1 };
    const reading = { ...READING, format: 'authzen' };
    const bytes = Buffer.from(JSON.stringify(batch));
    const read = await runInTurns(auditBodySteps(bytes, null, reading), async () => {});
    expect(read.events).toHaveLength(LIMITS.listItems);
    expect(read.rejects).toMatchObject([{ code: 'too_large', path: 'evaluations' }]);
  });

  it('finds a line too broken to parse, however long', async () => {
    const bytes = Buffer.from(`${event(1)}\n[${events.join(',')}\n${event(2)}`);
    const batch = await runInTurns(auditBodySteps(bytes, 'ndjson', READING), async () => {});
    expect(batch.positions).toEqual([1, 3]);
    expect(batch.rejects).toMatchObject([{ position: 2, code: 'malformed' }]);
  });
});
