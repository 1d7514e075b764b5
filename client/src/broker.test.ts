import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BreakerOpenError, createBreakerClient } from './index.ts';
import { type PlayedFeed, type PlayedOptions, playFeed, until } from './testing/played-feed.ts';

/** What a broker does with the client beside `check`; time and daemon are played. */

const WRITE = { agent: 'bot', op: 'write' } as const;
const EVENT = { id: 'e-1', agent: { id: 'bot' }, action: { name: 'send_email', op: 'write' } };

const feeds: PlayedFeed[] = [];
const closeAll = async (): Promise<void> => {
  for (const { client } of feeds.splice(0)) await client.close();
};
afterEach(closeAll);

async function play(...given: Parameters<typeof playFeed>): Promise<PlayedFeed> {
  const feed = playFeed(...given);
  feeds.push(feed);
  await until(() => feed.client.status().tenant !== null);
  return feed;
}

describe('propose', () => {
  const answering = (body: object): PlayedOptions => ({ answer: () => Response.json(body) });

  it('takes the daemon at its word where that is stricter than what is known', async () => {
    const url = 'https://tripcoil.example/approve/1';
    const said = { allow: false, level: 2, reason: 'first_seen', approval_url: url, judged: true };
    const { client } = await play([], answering(said));
    expect(await client.propose(EVENT)).toMatchObject({
      allow: false,
      level: 2,
      reason: 'first_seen',
      needsApproval: true,
      approvalUrl: url,
      judged: true,
    });
  });

  it('sends the event as proposed, and nothing lifts what is known here', async () => {
    let sent: unknown;
    const { client } = await play([{ id: 'bot', level: 4 }], {
      answer: (body) => {
        sent = body;
        return Response.json({ allow: true, level: 0, reason: 'closed', judged: true });
      },
    });
    expect(await client.propose(EVENT)).toMatchObject({ allow: false, level: 4, judged: true });
    expect(sent).toMatchObject({ ...EVENT, phase: 'proposed' });
  });

  it.each([
    ['a write, not judged', 'write', false],
    ['a read', 'read', true],
  ])('goes by posture when the daemon is late: %s', async (_what, op, allow) => {
    const { client, clock } = await play([], { answer: () => new Promise(() => undefined) });
    const asked = client.propose({ ...EVENT, action: { name: 'x', op } });
    clock.advance(20);
    expect(await asked).toMatchObject({ allow, judged: false });
  });

  it('lets a shadow tenant pass, and tells of a refused event', async () => {
    const { client, errors } = await play([], {
      tenantPosture: 'shadow',
      answer: () => new Response('{}', { status: 400 }),
    });
    expect(await client.propose(EVENT)).toMatchObject({ allow: true, judged: false });
    expect(String(errors[0])).toContain('400');
  });
});

describe('guard', () => {
  it('returns what the work returns', async () => {
    const { client } = await play();
    expect(await client.guard(WRITE, () => 'done')).toBe('done');
    await expect(client.guard(WRITE, () => Promise.reject(new Error('own')))).rejects.toThrow(
      'own',
    );
  });

  it('starts nothing under an open breaker', async () => {
    const { client } = await play([{ id: 'bot', level: 4 }]);
    let started = false;
    const refused = client.guard(WRITE, () => {
      started = true;
    });
    await expect(refused).rejects.toThrow(BreakerOpenError);
    expect(started).toBe(false);
  });

  it('aborts work under way when a breaker opens over it, and leaves others alone', async () => {
    const feed = await play();
    const { client } = feed;
    let signal: AbortSignal | undefined;
    const stopped = client.guard(WRITE, (given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    let finish = (_done: string): void => undefined;
    const other = client.guard({ agent: 'other', op: 'write' }, () => {
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    });
    feed.tell({ id: 'bot', level: 4 });
    await expect(stopped).rejects.toMatchObject({ problem: { status: 403, level: 4 } });
    expect(signal?.aborted).toBe(true);
    finish('done');
    expect(await other).toBe('done');
  });

  it('lets a read go on that the new level allows', async () => {
    const feed = await play();
    const watched = feed.client.watch({ agent: 'bot', op: 'read' });
    feed.tell({ id: 'bot', level: 3 });
    await until(() => feed.client.status().open === 1);
    expect(watched.signal.aborted).toBe(false);
    feed.tell({ id: 'bot', level: 4, epoch: 2 });
    await until(() => watched.signal.aborted);
  });
});

describe('admit', () => {
  it('answers 429 once the pace of probation is used up, and again later', async () => {
    const probation = { phase: 'probation', level: 1, step: 50, rate_per_min: 12 };
    const { client, clock } = await play([{ id: 'bot', ...probation }]);
    expect([client.admit(WRITE), client.admit(WRITE)]).toEqual([null, null]);
    expect(client.admit(WRITE)).toMatchObject({ status: 429, retry_after: 5, level: 1 });
    clock.advance(2_000);
    expect(client.admit(WRITE)).toMatchObject({ status: 429, retry_after: 3 });
    clock.advance(1_000);
    expect(client.admit({ ...WRITE, agent: 'other' })).toBeNull();
  });

  it('throttles level 1 by its own rate where the daemon names none', async () => {
    const { client } = await play([{ id: 'bot', level: 1 }], { throttlePerMinute: 6 });
    expect(client.admit(WRITE)).toBeNull();
    expect(client.admit(WRITE)).toMatchObject({
      type: 'https://tripcoil.dev/problems/throttled',
      retry_after: 10,
    });
  });

  it('lets what is exempt pass, and reads of the first step of probation', async () => {
    const exempt = { id: 'bot', phase: 'exempt', level: 0, until: null, by: 'kim' };
    const first = { id: 'new', phase: 'probation', level: 3, step: 25, rate_per_min: 60 };
    const { client, acknowledged } = await play([exempt, first]);
    expect(client.admit(WRITE)).toBeNull();
    expect(client.admit({ agent: 'new', op: 'read' })).toBeNull();
    expect(client.admit({ agent: 'new', op: 'write' })).toMatchObject({ status: 403, level: 3 });
    await until(() => acknowledged.length > 0);
  });

  it('names the way to an approval', async () => {
    const { client } = await play([{ id: 'bot', level: 2 }]);
    expect(client.admit(WRITE, 'https://a.example/1')).toMatchObject({
      type: 'https://tripcoil.dev/problems/approval-required',
      approval_url: 'https://a.example/1',
    });
  });
});

describe('silence, by class of action', () => {
  it('denies exports when stale, writes within ten seconds, and never known reads', async () => {
    const { client, clock } = await play();
    const asExport = { ...WRITE, op: 'read', class: 'export' } as const;
    expect(client.check(asExport).allow).toBe(true);
    clock.advance(3_001);
    expect(client.check(asExport)).toMatchObject({ allow: false, reason: 'feed_stale' });
    expect(client.check(WRITE).allow).toBe(true);
    clock.advance(6_999);
    expect(client.check(WRITE).allow).toBe(true);
    clock.advance(1);
    expect(client.check(WRITE)).toMatchObject({ allow: false, reason: 'feed_lost' });
    expect(client.check({ ...WRITE, op: 'read' }).allow).toBe(true);
    expect(client.check({ ...WRITE, class: 'read' }).allow).toBe(false);
  });
});

describe('tokens of a revoked agent', () => {
  it('stay revoked after the agent is back', async () => {
    const feed = await play([{ id: 'bot', level: 5, epoch: 42 }]);
    const { client } = feed;
    feed.tell({ id: 'bot', phase: 'closed', level: 0, epoch: 43 });
    await until(() => client.status().open === 0);
    expect(client.check({ ...WRITE, brk: { e: 41 } })).toMatchObject({
      allow: false,
      reason: 'token_revoked',
    });
    expect(client.check({ ...WRITE, brk: { e: 43 } }).allow).toBe(true);
    expect(client.check(WRITE).allow).toBe(true);
  });
});

describe('an erasure', () => {
  const named = { id: 'kim@example.com', level: 4, epoch: 7 };
  const pseudonym = { id: 'tok_1', level: 4, epoch: 7, unresolvable: true };
  const question = { agent: 'kim@example.com', op: 'read' };

  it('takes the name away, not the trip, until it is closed', async () => {
    const feed = await play([named]);
    const { client } = feed;
    feed.resync([pseudonym]);
    await until(() => client.status().seq === 1);
    expect(client.status().open).toBe(1);
    expect(client.check(question)).toMatchObject({ allow: false, level: 4 });
    feed.tell({ ...pseudonym, phase: 'probation', level: 1, epoch: 8 });
    await until(() => client.check(question).level === 1);
    feed.tell({ ...pseudonym, phase: 'closed', level: 0, epoch: 9 });
    await until(() => client.status().open === 0);
    expect(client.check(question).allow).toBe(true);
  });

  it('is no reason to hold what was closed meanwhile', async () => {
    const feed = await play([named, { id: 'other', level: 1 }]);
    feed.resync([pseudonym]);
    await until(() => feed.client.status().seq === 1);
    expect(feed.client.check({ agent: 'other', op: 'read' }).level).toBe(0);
  });
});

describe('the persisted file', () => {
  const directories: string[] = [];
  afterEach(async () => {
    // This runs before what was asked for above: nobody may be writing any more.
    await closeAll();
    for (const path of directories.splice(0)) await rm(path, { recursive: true });
  });

  async function written(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'breakers-'));
    directories.push(directory);
    const persist = join(directory, 'breakers.json');
    const feed = await play([{ id: 'bot', level: 5, epoch: 42 }], { persist });
    await feed.client.close();
    return persist;
  }

  const away: PlayedOptions = { fetch: () => Promise.reject(new TypeError('down')) };

  it('keeps trips, revoked tokens and erased names', async () => {
    const persist = await written();
    const erased = await play([{ id: 'kim', level: 4, epoch: 7 }], { persist: `${persist}.2` });
    erased.resync([{ id: 'tok_1', level: 4, epoch: 7, unresolvable: true }]);
    await until(() => erased.client.status().seq === 1);
    await erased.client.close();
    const again = await play([], { ...away, persist: `${persist}.2` });
    expect(again.client.check({ agent: 'kim', op: 'read' }).allow).toBe(false);
    const { client } = await play([], { ...away, persist });
    expect(client.check({ agent: 'bot', op: 'read' })).toMatchObject({ allow: false, level: 5 });
    expect(JSON.parse(await readFile(persist, 'utf8'))).toMatchObject({
      revoked_before: [{ agent: 'bot', epoch: 42 }],
    });
  });

  it.each([
    ['a far position', { term: 9_000_000, seq: 9_000_000, breakers: [] }],
    ['a shadow posture', { posture: 'shadow' }],
    [
      'a far epoch at a low level',
      {
        breakers: [
          {
            key: { tenant: 'acme', kind: 'agent', id: 'bot' },
            phase: 'open',
            level: 1,
            term: 9_000_000,
            epoch: 9_000_000,
          },
        ],
      },
    ],
  ])('cannot lift a trip that the daemon holds by claiming %s', async (_what, changes) => {
    const persist = await written();
    const file = JSON.parse(await readFile(persist, 'utf8'));
    await writeFile(persist, JSON.stringify({ ...file, ...changes }));
    const lost = await play([], { ...away, persist });
    expect(String(lost.errors[0])).toContain('seal');
    expect(lost.client.check({ agent: 'else', op: 'write' }).allow).toBe(false);
    const { client } = await play([{ id: 'bot', level: 5, epoch: 42 }], { persist });
    await until(() => client.status().state === 'fresh');
    expect(client.check({ agent: 'bot', op: 'read' })).toMatchObject({ allow: false, level: 5 });
  });
});

describe('signatures', () => {
  it('say whose feed it is, so that the client must know', () => {
    const keys = { url: 'https://tripcoil.example', token: 't', verify: { keys: [] } };
    expect(() => createBreakerClient(keys)).toThrow(/tenant/);
  });
});
