import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { settled } from './testing/fake-clock.ts';
import { Turns } from './turns.ts';

const SLICE_MS = LIMITS.ingestSliceMs;

/** A thread whose time passes only by what is computed, and a log of who computed when. */
function start(onPass: (turns: Turns) => void = () => {}) {
  let nowMs = 0;
  let passes = 0;
  const clock = { now: () => 0, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const turns: Turns = new Turns(clock, {
    next: async () => {
      onPass(turns);
      await settled();
      passes += 1;
    },
    settled,
  });
  const computed: { readonly tenant: string; readonly atMs: number; readonly pass: number }[] = [];
  /** A request as receivers work on it: small steps, a turn asked for after each. */
  const request = async (tenant: string, ms: number, stepMs = 0.5): Promise<number> => {
    const askedMs = nowMs;
    await turns.begin(tenant);
    for (let left = ms; left > 0; left -= stepMs) {
      computed.push({ tenant, atMs: nowMs, pass: passes });
      nowMs += Math.min(left, stepMs);
      if (left > stepMs) await turns.next(tenant);
    }
    return nowMs - askedMs;
  };
  const compute = (tenant: string, ms: number): void => {
    computed.push({ tenant, atMs: nowMs, pass: passes });
    nowMs += ms;
  };
  return { turns, computed, request, compute, passes: () => passes, now: () => nowMs };
}

describe('turns', () => {
  it('lets who comes alone begin at once', async () => {
    const { request, passes } = start();
    await request('acme', SLICE_MS / 2);
    expect(passes()).toBe(0);
  });

  it('never delay a small request by more than one slice of the tenant that floods', async () => {
    let request: (tenant: string, ms: number) => Promise<number> = async () => 0;
    const waits: Promise<number>[] = [];
    let passes = 0;
    const started = start(() => {
      passes += 1;
      if (passes % 7 === 3 && waits.length < 40) waits.push(request('quiet', SLICE_MS / 4));
    });
    ({ request } = started);
    const flood = Array.from({ length: 200 }, () => request('flood', 5 * SLICE_MS));
    await Promise.all(flood);
    const longest = Math.max(...(await Promise.all(waits)));
    expect(waits).toHaveLength(40);
    // One slice, which ends with a step of half a millisecond, and its own work.
    expect(longest).toBeLessThanOrEqual(SLICE_MS + 0.5 + SLICE_MS / 4);
  });

  it('share the thread equally between tenants that both have much to do', async () => {
    const { request, computed } = start();
    const flood = Array.from({ length: 50 }, () => request('flood', 2 * SLICE_MS));
    const other = request('other', 20 * SLICE_MS);
    await other;
    const endMs = computed.findLast(({ tenant }) => tenant === 'other')?.atMs ?? 0;
    expect(endMs).toBeLessThanOrEqual(41 * SLICE_MS);
    await Promise.all(flood);
  });

  it('let the loop run after each slice, and give its rest to whoever needs little', async () => {
    const { request, computed } = start();
    await Promise.all(Array.from({ length: 40 }, (_, i) => request(`t${i}`, SLICE_MS / 4)));
    const perPass = new Map<number, number>();
    for (const { pass } of computed) perPass.set(pass, (perPass.get(pass) ?? 0) + 1);
    expect(Math.max(...perPass.values())).toBe(4);
    expect(perPass.size).toBe(11);
  });

  it('finish what was begun before they begin more of the same tenant', async () => {
    const { request } = start();
    const ends: number[] = [];
    const requests = Array.from({ length: 30 }, (_, index) =>
      request('acme', 2 * SLICE_MS).then(() => ends.push(index)),
    );
    await Promise.all(requests);
    expect(ends.indexOf(0)).toBeLessThan(3);
    expect(ends.indexOf(29)).toBeGreaterThan(25);
  });

  it('put the writer of the partition before every tenant', async () => {
    const { turns, request, compute, computed } = start();
    const flood = Array.from({ length: 20 }, () => request('flood', SLICE_MS));
    const folded = turns.ahead().then(() => compute('writer', 2 * SLICE_MS));
    await Promise.all([...flood, folded]);
    const first = computed.findIndex(({ pass }) => pass > 0);
    expect(computed[first]?.tenant).toBe('writer');
    const ofPass = computed.filter(({ pass }) => pass === computed[first]?.pass);
    expect(ofPass).toHaveLength(1);
  });

  it('give the loop more passes while requests arrive, for no longer than a slice', async () => {
    let arriving = 0;
    const quick = start((turns) => {
      if (arriving > 0) turns.arrived();
      arriving -= 1;
    });
    arriving = 10;
    const flood = [quick.request('a', SLICE_MS / 4), quick.request('a', SLICE_MS)];
    await Promise.all(flood);
    expect(quick.computed.at(-1)?.pass).toBeGreaterThanOrEqual(10);
    const endless = start((turns) => {
      turns.arrived();
      endless.compute('sockets', SLICE_MS / 4);
    });
    await Promise.all([endless.request('a', SLICE_MS), endless.request('a', SLICE_MS)]);
    expect(endless.computed.filter(({ tenant }) => tenant === 'a').length).toBe(8);
  });
});
