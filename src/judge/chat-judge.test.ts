import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { TextPost } from '../ports/text-fetch.ts';
import { type ChatJudgeOptions, createChatJudge } from './chat-judge.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: {
    readonly model: string;
    readonly temperature: number;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
}

const completion = (content: string) => JSON.stringify({ choices: [{ message: { content } }] });
const GOOD = completion('{"score":35,"rationale":"No approval is on record."}');

/** A server that answers in turn; the last answer is repeated. Null: it never answers. */
async function endpoint(...answers: readonly (readonly [number, string] | null)[]) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      const { authorization } = request.headers;
      asked.push({ path: request.url ?? '', authorization, body: JSON.parse(text) });
      if (answer) response.writeHead(answer[0]).end(answer[1]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}

/** What the guarded post does, without the guard. */
const post: TextPost = async ({ url, headers, body, signal }) => {
  const answer = await fetch(url, { method: 'POST', headers, body, signal });
  return { status: answer.status, text: await answer.text() };
};

function judging(url: string, more: Partial<ChatJudgeOptions> = {}) {
  const counts: Record<string, number> = {};
  const slept: number[] = [];
  let now = 0;
  const judge = createChatJudge({
    ...{ url, model: 'small', apiKey: 'key-1', timeoutMs: 20_000, perMinute: 10, retries: 1 },
    post,
    clock: {
      ...{ now: () => now, monotonicMs: () => now },
      sleep: async (ms) => void slept.push(ms),
    },
    metrics: {
      count: (_name, labels = {}) => {
        const result = String(labels['result']);
        counts[result] = (counts[result] ?? 0) + 1;
      },
      ...{ gauge: () => {}, observe: () => {} },
    },
    ...more,
  });
  const ask = (brief = '{"steps":[]}', signal = new AbortController().signal) =>
    judge.judge(brief, signal);
  return { ask, counts, slept, later: (ms: number) => (now += ms) };
}

describe('a judge behind an OpenAI-compatible endpoint', () => {
  it('is given the brief as material, and answers with model and prompt hash', async () => {
    const { url, asked } = await endpoint([200, GOOD]);
    const { ask, counts } = judging(`${url}/`);
    const fact = await ask('{"a":1}');
    expect(fact).toEqual({
      ...{ model: 'small', score: 35, rationale: 'No approval is on record.' },
      promptHash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(asked).toMatchObject([
      {
        ...{ path: '/v1/chat/completions', authorization: 'Bearer key-1' },
        body: {
          model: 'small',
          temperature: 0,
          messages: [{ role: 'system' }, { content: '{"a":1}' }],
        },
      },
    ]);
    expect((await ask('{"a":2}'))?.promptHash).not.toBe(fact?.promptHash);
    expect((await ask('{"a":1}'))?.promptHash).toBe(fact?.promptHash);
    expect(counts).toEqual({ answered: 3 });
  });

  it.each([
    ['no JSON', 'oops'],
    ['no choices', '{}'],
    ['prose', completion('It looks fine to me.')],
    ['a score beyond the scale', completion('{"score":101,"rationale":"x"}')],
    ['a score that is text', completion('{"score":"90","rationale":"x"}')],
    ['no rationale', completion('{"score":90}')],
  ])('that answers %s has not answered', async (_what, text) => {
    const { url } = await endpoint([200, text]);
    const { ask, counts } = judging(url);
    expect(await ask()).toBeNull();
    expect(counts).toEqual({ unreadable: 1 });
  });

  it('is asked again when it is busy, and not when it refuses', async () => {
    const busy = await endpoint([429, ''], [503, ''], [200, GOOD]);
    const one = judging(busy.url, { retries: 2 });
    expect(await one.ask()).toMatchObject({ score: 35 });
    expect([busy.asked.length, one.slept]).toEqual([3, [500, 1_000]]);
    const down = await endpoint([500, '']);
    const two = judging(down.url);
    expect([await two.ask(), down.asked.length, two.counts]).toEqual([null, 2, { failed: 1 }]);
    const strict = await endpoint([401, '']);
    expect([await judging(strict.url).ask(), strict.asked.length]).toEqual([null, 1]);
  });

  it('that does not answer in time, or before the process stops, has not answered', async () => {
    const { url } = await endpoint(null);
    const slow = judging(url, { timeoutMs: 1, retries: 0 });
    expect([await slow.ask(), slow.counts]).toEqual([null, { failed: 1 }]);
    const stopped = judging(url, { retries: 5 });
    expect(await stopped.ask('{}', AbortSignal.abort())).toBeNull();
  });

  it('is asked no more often than its budget, retries included', async () => {
    const { url, asked } = await endpoint([500, ''], [200, GOOD]);
    const { ask, counts, later } = judging(url, { perMinute: 3, retries: 1 });
    expect(await ask()).toMatchObject({ score: 35 });
    expect(await ask()).toMatchObject({ score: 35 });
    expect(await ask()).toBeNull();
    expect([asked.length, counts]).toEqual([3, { answered: 2, over_budget: 1 }]);
    later(MINUTE_MS);
    expect(await ask()).toMatchObject({ score: 35 });
  });

  it('may talk, but not without end', async () => {
    const rationale = 'x'.repeat(5_000);
    const { url } = await endpoint([200, completion(JSON.stringify({ score: 1, rationale }))]);
    const fact = await judging(url).ask();
    expect(fact?.rationale).toHaveLength(LIMITS.judgeRationaleChars);
  });
});
