import { describe, expect, it } from 'vitest';
import { engineBench } from '../../bench/engine.ts';

describe('the engine', () => {
  it('takes as much memory after ten million events as after one million', async () => {
    const { figures } = await engineBench({ quick: false });
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures['memory_mb_at_1m_events']).toBeGreaterThan(0);
    expect(figures['memory_ratio_10m_to_1m']).toBeLessThan(1.1);
    expect(figures['state_bytes_per_agent']).toBeLessThan(16 * 1024);
    expect(figures['state_worst_bytes_per_agent']).toBeLessThan(44 * 1024);
  });
});
