import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { SILENT_LOG } from '../ports/log.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';
import { createFakeClock } from '../revocation/testing/fakes.ts';
import { createDrills } from './drills.ts';
import type { Unplaced } from './entries.ts';

const BY = { actor: 'kim', reason: 'quarterly' };

function site(receivers: readonly Partial<RevocationReceiver>[] = []) {
  const clock = createFakeClock();
  const commands: unknown[] = [];
  const written: Unplaced[] = [];
  const drills = createDrills({
    control: {
      command: async (tenant, command) => {
        commands.push({ tenant, ...command });
        return null;
      },
    },
    append: async (entries) => void written.push(...entries),
    brokersOf: () => ['gateway', 'quiet'],
    receiversOf: () =>
      receivers.map((receiver, n) => ({
        ...{ name: `receiver-${n}`, tenants: '*' },
        deliver: async () => ({ status: 'acknowledged' }),
        ...receiver,
      })),
    ...{ term: () => 7, clock, log: SILENT_LOG },
  });
  const settle = () => new Promise(setImmediate);
  return { clock, commands, written, drills, settle };
}

describe('a drill', () => {
  it('is logged, tells of every point how long it took, and who was silent', async () => {
    const { clock, commands, written, drills, settle } = site([
      { drill: async () => ({ status: 'acknowledged' }) },
      { drill: async () => ({ status: 'rejected', detail: 'no' }) },
      { drill: () => Promise.reject(new Error('broken')) },
      {},
    ]);
    const told: string[] = [];
    drills.onDrill((tenant, id) => told.push(`${tenant} ${id}`));
    const running = drills.run('acme', BY);
    await settle();
    clock.advance(30);
    drills.acknowledge('acme', 'drill-7-1', 'gateway');
    drills.acknowledge('acme', 'drill-7-0', 'quiet');
    drills.acknowledge('other', 'drill-7-1', 'quiet');
    await settle();
    clock.advance(LIMITS.drillTimeoutMs);
    const { points } = await running;
    expect(commands).toEqual([{ tenant: 'acme', type: 'drill', ...BY, drill: 'drill-7-1' }]);
    expect(told).toEqual(['acme drill-7-1']);
    expect(
      points.map(({ point, via, status, latencyMs }) => [point, via, status, latencyMs]),
    ).toEqual([
      ['gateway', 'feed', 'acknowledged', 30],
      ['quiet', 'feed', 'silent', null],
      ['receiver-0', 'receiver', 'acknowledged', 0],
      ['receiver-1', 'receiver', 'refused', null],
      ['receiver-2', 'receiver', 'silent', null],
      ['receiver-3', 'receiver', 'dry_run', null],
    ]);
    expect(written[0]).toEqual({
      ...{ kind: 'delivery', tenant: 'acme' },
      body: {
        ...{ receiver: 'gateway', jti: 'drill-7-1', status: 'drill' },
        detail: 'acknowledged: 30 ms',
      },
    });
    expect(written).toHaveLength(6);
  });

  it('is one at a time of a tenant, and over for a word that comes late', async () => {
    const { clock, drills, settle } = site();
    const first = drills.run('acme', BY);
    await expect(drills.run('acme', BY)).rejects.toMatchObject({ code: 'conflict' });
    await settle();
    clock.advance(LIMITS.drillTimeoutMs);
    const { points } = await first;
    drills.acknowledge('acme', 'drill-7-1', 'gateway');
    expect(points.map(({ status }) => status)).toEqual(['silent', 'silent']);
    const second = drills.run('acme', BY);
    await settle();
    clock.advance(LIMITS.drillTimeoutMs);
    expect((await second).id).toBe('drill-7-2');
  });

  it('tells a receiver that its time is up', async () => {
    let signal: AbortSignal | undefined;
    const { clock, drills, settle } = site([
      {
        drill: (_drill, given) => {
          signal = given;
          return new Promise(() => undefined);
        },
      },
    ]);
    const running = drills.run('acme', BY);
    await settle();
    clock.advance(LIMITS.drillTimeoutMs);
    await running;
    expect(signal?.aborted).toBe(true);
  });
});
