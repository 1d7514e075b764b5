import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { langfuseRequest } from './langfuse-export.ts';
import { readInput } from './read-input.ts';

const TRACE = { id: '4bf92f3577b34da6a3ce929d0e0e4736', sessionId: 's-1', userId: 'alice' };

function observation(id: string, metadata: unknown, more: object = {}): object {
  return {
    id,
    traceId: TRACE.id,
    parentObservationId: null,
    type: 'TOOL',
    name: 'search',
    startTime: '2026-11-21T09:00:00.000Z',
    endTime: '2026-11-21T09:00:01.000Z',
    metadata,
    ...more,
  };
}

const ATTRIBUTES = {
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.tool.name': 'search',
  'gen_ai.agent.id': 'bot',
};
const TEXT = observation('00f067aa0ba902b7', JSON.stringify({ attributes: ATTRIBUTES }));
const OBJECT = observation('00f067aa0ba902b8', { attributes: ATTRIBUTES });
const OWN = observation('00f067aa0ba902b9', {
  scope: { name: 'langfuse-sdk' },
  resourceAttributes: { 'service.name': 'shop' },
});
const STRUCTURE = observation('00f067aa0ba902ba', {}, { type: 'SPAN', name: 'root' });

describe('an export of Langfuse', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tripcoil-langfuse-'));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const read = async (content: unknown, format = 'auto', indent?: number) => {
    const file = join(directory, 'export.json');
    await writeFile(file, JSON.stringify(content, null, indent));
    return readInput([file], format, 'acme');
  };

  it('is recognised in each of its forms, on one line or many', async () => {
    const observations = [TEXT, OBJECT, OWN, STRUCTURE];
    for (const form of [
      { trace: TRACE, observations },
      { ...TRACE, observations },
      { data: observations, meta: { page: 1 } },
      observations,
    ]) {
      for (const [format, indent] of [['auto'], ['langfuse', 2]] as const) {
        const { events, rejects, ignored } = await read(form, format, indent);
        expect(rejects).toEqual([]);
        expect(events.map(({ event }) => [event.agent.id, event.action.name])).toEqual([
          ['bot', 'search'],
          ['bot', 'search'],
          ['shop', 'search'],
        ]);
        expect([...ignored]).toEqual([['langfuse', 1]]);
      }
    }
  });

  it('gives the session and user of the trace to spans that name none', async () => {
    const named = { attributes: { ...ATTRIBUTES, 'session.id': 's-2' } };
    const observations = [TEXT, observation('00f067aa0ba902bb', named)];
    const { events } = await read({ trace: TRACE, observations });
    expect(events.map(({ event }) => [event.session?.id, event.principal?.sub])).toEqual([
      ['s-1', 'alice'],
      ['s-2', 'alice'],
    ]);
  });

  it('costs no more than the observation that is broken', async () => {
    const broken = observation('00f067aa0ba902bc', '{', { startTime: 'soon' });
    const { events } = await read([TEXT, broken]);
    expect(events).toHaveLength(1);
  });

  it('is nothing else', async () => {
    for (const other of [null, 'x', [], [1], { observations: [] }, { data: [{ id: 'a' }] }]) {
      expect(langfuseRequest(other)).toBeNull();
    }
    const { rejects } = await read({ id: 'a' }, 'langfuse');
    expect(rejects.map(({ reject }) => reject.code)).toEqual(['unknown_format']);
  });
});
