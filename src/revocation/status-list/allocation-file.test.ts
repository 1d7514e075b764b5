import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { AllocationFile } from './allocation-file.ts';
import { Allocations, nameDigest } from './allocations.ts';

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-lists-'));
  path = join(directory, 'status-lists.jsonl');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const SECRET = new Uint8Array(32).fill(7);
const digest = (id: string) => nameDigest(SECRET, 'token', id);
const wanted = (id: string, expires: number | null = null) => ({
  ...{ tenant: 'acme', names: [digest(id)], expires },
});

describe('AllocationFile', () => {
  it('keeps places and list over a restart, also behind a torn line', async () => {
    const clock = createFakeClock();
    const first = await AllocationFile.open({ path, clock });
    const [a, b] = await first.allocate([wanted('t-1'), wanted('t-2')]);
    const [again] = await first.allocate([wanted('t-1')]);
    expect(again).toEqual(a);
    expect(a?.index).not.toBe(b?.index);
    await first.close();
    await appendFile(path, '{"t":"acme","i":12,"n":["to');

    const second = await AllocationFile.open({ path, clock });
    expect(second.listId).toBe(first.listId);
    expect(await second.allocate([wanted('t-1'), wanted('t-2')])).toEqual([a, b]);
    expect([...second.allocations.placesOf('acme', digest('t-1'))]).toEqual([a?.index]);
    await second.close();
  });

  it('holds no name that anybody could read', async () => {
    const file = await AllocationFile.open({ path, clock: createFakeClock() });
    await file.allocate([wanted('kim@planted.example')]);
    expect(await readFile(path, 'utf8')).not.toContain('planted');
    await file.close();
  });

  it('frees the places of tokens that expired, at once and in the file', async () => {
    const clock = createFakeClock();
    const file = await AllocationFile.open({ path, clock });
    await file.allocate([wanted('t-1', clock.now() + 1_000), wanted('bot')]);
    clock.advance(MINUTE_MS);
    await file.allocate([wanted('t-2')]);
    expect([...file.allocations.placesOf('acme', digest('t-1'))]).toEqual([]);
    expect(file.allocations.size).toBe(2);
    await file.close();
    const next = await AllocationFile.open({ path, clock });
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(3);
    await next.close();
  });

  it('writes the file anew when most of it expired', async () => {
    const clock = createFakeClock();
    const file = await AllocationFile.open({ path, clock });
    const tokens = Array.from({ length: LIMITS.statusListWaiting }, (_, index) =>
      wanted(`t-${index}`, clock.now() + 1_000),
    );
    await file.allocate(tokens);
    await file.allocate([...Array(50)].map((_, index) => wanted(`u-${index}`, clock.now() + 1)));
    clock.advance(MINUTE_MS);
    const [kept] = await file.allocate([wanted('bot')]);
    clock.advance(MINUTE_MS);
    await file.allocate([wanted('bot-2')]);
    await file.allocate([wanted('bot-3')]);
    expect((await readFile(path, 'utf8')).trim().split('\n').length).toBeLessThan(10);
    await file.close();
    const next = await AllocationFile.open({ path, clock });
    expect(await next.allocate([wanted('bot')])).toEqual([kept]);
    await next.close();
  });

  it('gives everybody a place of their own at the same time', async () => {
    const file = await AllocationFile.open({ path, clock: createFakeClock() });
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, index) => file.allocate([wanted(`t-${index}`)])),
    );
    expect(new Set(all.flat().map(({ index }) => index)).size).toBe(200);
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(201);
    await file.close();
  });
});

describe('Allocations', () => {
  it('takes the next free place, around the end', () => {
    const allocations = new Allocations(() => LIMITS.statusListPlaces - 1);
    const places = ['a', 'b', 'c'].map((name) => {
      const drawn = allocations.draw('acme', [name], null);
      allocations.add(drawn);
      return drawn.index;
    });
    expect(places).toEqual([LIMITS.statusListPlaces - 1, 0, 1]);
  });

  it('refuses at the limit of names, of a tenant and of all', () => {
    const allocations = new Allocations();
    const fill = (tenant: string) => {
      const ids = Array.from({ length: LIMITS.statusListNamesPerTenant }, (_, at) => String(at));
      allocations.add({ tenant, index: 0, names: ids, expires: null });
    };
    fill('acme');
    expect(() => allocations.draw('acme', ['one'], null)).toThrow('full');
    expect(allocations.draw('globex', ['one'], null)).toMatchObject({ tenant: 'globex' });
    fill('initech');
    expect(() => allocations.draw('globex', ['one'], null)).toThrow('full');
  });
});
