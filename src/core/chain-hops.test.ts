import { describe, expect, it } from 'vitest';
import type { AccessEvent } from './access-event.ts';
import { hopsOf } from './chain-hops.ts';

const at = (seq: number, agent: string, more: Partial<AccessEvent> = {}) => ({
  seq,
  event: { agent: { id: agent }, ...more } as AccessEvent,
});
const agent = (sub: string) => ({ sub, type: 'agent' });
const told = (rows: Parameters<typeof hopsOf>[0]) =>
  hopsOf(rows).map(({ seq, from, to, by }) => `${seq} ${from} ${to} ${by}`);

describe('hops of a chain', () => {
  it('are every change of agent where nothing is declared', () => {
    const rows = [at(1, 'planner'), at(2, 'worker'), at(3, 'worker'), at(4, 'planner')];
    expect(told(rows)).toEqual(['2 planner worker order', '4 worker planner order']);
  });

  it('are what is declared, each once, and no way home', () => {
    const delegation = [agent('agent:planner'), agent('root'), { sub: 'alice', type: 'user' }];
    const rows = [
      at(1, 'planner'),
      at(2, 'worker', { delegation }),
      at(3, 'planner'),
      at(4, 'worker', { delegation }),
    ];
    expect(told(rows)).toEqual(['2 planner worker delegation', '2 root planner delegation']);
  });

  it('follow parent spans within a trace, and links across traces', () => {
    const rows = [
      at(1, 'planner', { trace: { traceId: 't-1', spanId: 'a' } }),
      at(2, 'worker', { trace: { traceId: 't-1', spanId: 'b', parentSpanId: 'a' } }),
      at(3, 'stranger', { trace: { traceId: 't-2', parentSpanId: 'a' } }),
      at(4, 'mailer', {
        trace: { traceId: 't-3', links: [{ traceId: 't-1', spanId: 'b' }, { traceId: 't-9' }] },
      }),
    ];
    expect(told(rows)).toEqual([
      '2 planner worker span',
      '3 worker stranger order',
      '4 worker mailer link',
    ]);
  });
});
