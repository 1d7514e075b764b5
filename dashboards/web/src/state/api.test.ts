import { describe, expect, it } from 'vitest';
import { bucketsOf, problemOf } from './api.ts';

describe('answers', () => {
  it('reads an error body and survives what is none', () => {
    const body = { code: 'overloaded', message: 'A queue is full.', request_id: 'r-1' };
    expect(problemOf(429, body)).toMatchObject({
      code: 'overloaded',
      message: 'A queue is full.',
      requestId: 'r-1',
    });
    expect(problemOf(502, '<html>')).toMatchObject({ code: 'http_502', status: 502 });
    expect(problemOf(500, null).message).toBe('The server answered 500.');
  });

  it('reads bucket starts as moments', () => {
    const items = [{ bucket: '1970-01-01T00:00:01.000Z', calls: 2, records: 3 }];
    expect(bucketsOf({ bucket_ms: 1000, items })).toEqual([{ time: 1000, calls: 2, records: 3 }]);
  });
});
