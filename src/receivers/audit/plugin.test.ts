import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Fixture } from '../testing/receiver-fixture.ts';
import { createFixture } from '../testing/receiver-fixture.ts';

const MIB = 1024 * 1024;
const AUTH = { authorization: 'Bearer good' };
const event = (id: string) => ({ id, time: 1, agent: { id: 'a' }, action: { name: 'get_x' } });

let fixture: Fixture;

beforeEach(async () => {
  fixture = await createFixture(MIB);
});
afterEach(() => fixture.app.close());

const post = (headers: object, payload: Buffer | string) =>
  fixture.app.inject({ method: 'POST', url: '/v1/events', headers: { ...headers }, payload });

describe('POST /v1/events', () => {
  it('takes one object, an array and lines, with and without a type, gzipped or not', async () => {
    const lines = `${JSON.stringify(event('3'))}\n${JSON.stringify(event('4'))}`;
    const answers = [
      await post({ ...AUTH, 'content-type': 'application/json' }, JSON.stringify(event('1'))),
      await post(AUTH, Buffer.from(JSON.stringify([event('2')]))),
      await post({ ...AUTH, 'content-type': 'application/x-ndjson' }, lines),
      await post({ ...AUTH, 'content-encoding': 'gzip' }, gzipSync(lines)),
    ];
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 200]);
    expect(answers.map((answer) => answer.json<{ accepted: number }>().accepted)).toEqual([
      1, 1, 2, 2,
    ]);
    expect(fixture.batches[0]?.sender.name).toBe('broker');
  });

  it('lands the good records and reports the bad ones, a bounded number of them', async () => {
    const bad = Array.from({ length: LIMITS.rejectsReported + 5 }, () => ({ id: 'x' }));
    const answer = await post(AUTH, JSON.stringify([event('1'), ...bad]));
    const body = answer.json<{ rejected: object[] }>();
    expect(answer.statusCode).toBe(200);
    expect(body).toMatchObject({ accepted: 1, rejected_count: LIMITS.rejectsReported + 5 });
    expect(body.rejected).toHaveLength(LIMITS.rejectsReported);
    expect(body.rejected[0]).toEqual({
      index: 1,
      code: 'missing_field',
      path: 'time',
      message: 'time is required',
    });
    expect(fixture.counts.get('tripcoil_ingest_rejects_total native missing_field')).toBe(25);
  });

  it('reports lines by number', async () => {
    const answer = await post(AUTH, `${JSON.stringify(event('1'))}\n{"id":\n`);
    expect(answer.json<{ rejected: object[] }>().rejected).toMatchObject([{ line: 2 }]);
  });

  it.each([
    [401, {}, '{}'],
    [403, { authorization: 'Bearer viewer' }, '{}'],
    [415, { ...AUTH, 'content-type': 'image/png' }, '{}'],
    [415, { ...AUTH, 'content-encoding': 'zstd' }, '{}'],
    [400, AUTH, 'not json at all'],
    [413, AUTH, 'x'.repeat(MIB + 1)],
  ])('refuses with %i', async (status, headers, payload) => {
    const answer = await post(headers, payload);
    expect(answer.statusCode).toBe(status);
    expect(Object.keys(answer.json())).toEqual(['code', 'message']);
    expect(fixture.batches).toHaveLength(0);
  });

  it('asks to come back when the queue is full or the disk away', async () => {
    fixture.overloaded = true;
    const full = await post(AUTH, JSON.stringify(event('1')));
    expect([full.statusCode, full.headers['retry-after']]).toEqual([429, '1']);
    fixture.overloaded = false;
    fixture.failure = new TripcoilError('storage_unavailable', 'disk', { retryable: true });
    expect((await post(AUTH, JSON.stringify(event('1')))).statusCode).toBe(503);
  });

  it('is not there for other methods', async () => {
    const answer = await fixture.app.inject({ method: 'GET', url: '/v1/events' });
    expect(answer.statusCode).toBe(405);
  });
});
