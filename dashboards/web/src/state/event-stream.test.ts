import { describe, expect, it } from 'vitest';
import { backoffMs, followStream, type StreamOptions } from './event-stream.ts';

/** Answers in turn; the sleeping between attempts is where a test stops or goes on. */
function rig(answers: readonly (() => Response)[], own: Partial<StreamOptions> = {}) {
  const asked: { lastId: string | null; authorization: string | null }[] = [];
  const log: string[] = [];
  const slept: number[] = [];
  const stop = new AbortController();
  let turn = 0;
  const done = followStream(
    {
      url: 'v1/stream',
      onOpen: () => log.push('open'),
      onBytes: () => log.push('bytes'),
      onEvent: (event) => log.push(`${event.event}:${event.data}`),
      onLost: () => log.push('lost'),
      random: () => 0,
      fetch: async (_, request) => {
        const headers = new Headers(request?.headers);
        asked.push({
          lastId: headers.get('last-event-id'),
          authorization: headers.get('authorization'),
        });
        const answer = answers[turn];
        turn += 1;
        if (answer === undefined) throw new Error('refused');
        return answer();
      },
      sleep: async (ms) => {
        slept.push(ms);
        if (turn >= answers.length) stop.abort();
      },
      ...own,
    },
    stop.signal,
  );
  return { asked, log, slept, done };
}

const closed = (text: string) => () => new Response(text);
const refused = () => new Response('', { status: 503 });

describe('following the stream', () => {
  it('hands over events and says when the line is lost', async () => {
    const { log, done } = rig([closed('event: finding\ndata: 1\n\n')]);
    await done;
    expect(log).toEqual(['open', 'bytes', 'finding:1', 'lost']);
  });

  it('resumes after the last event and keeps trying a refusal', async () => {
    const { asked, log, done } = rig([
      closed('id: 41\ndata: x\n\n'),
      refused,
      closed(': beat\n\n'),
    ]);
    await done;
    expect(asked.map((one) => one.lastId)).toEqual([null, '41', '41']);
    expect(log.filter((line) => line === 'lost')).toHaveLength(3);
  });

  it('waits longer while refused and starts afresh once it has heard something', async () => {
    const { slept, done } = rig([refused, refused, refused, closed(': beat\n\n')]);
    await done;
    expect(slept).toEqual([250, 500, 1000, 250]);
  });

  it('sends the token in force at each attempt', async () => {
    let token = 'old';
    const { asked, done } = rig([refused, refused], {
      headers: () => {
        const sent = { authorization: `Bearer ${token}` };
        token = 'new';
        return sent;
      },
    });
    await done;
    expect(asked.map((one) => one.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('takes silence for loss', async () => {
    const { log, done } = rig([refused], {
      silenceMs: 5,
      fetch: async (_, request) => {
        const body = new ReadableStream({
          start(controller) {
            request?.signal?.addEventListener('abort', () => controller.error(new Error('cut')));
          },
        });
        return new Response(body);
      },
      sleep: async () => {
        log.push('asleep');
        throw new Error('enough');
      },
    });
    const settled = await Promise.race([done, untilAsleep(log)]);
    expect(settled).toBe('asleep');
    expect(log.slice(0, 2)).toEqual(['open', 'lost']);
  });
});

async function untilAsleep(log: readonly string[]): Promise<string> {
  while (!log.includes('asleep')) await new Promise((resolve) => setImmediate(resolve));
  return 'asleep';
}

describe('the delay between attempts', () => {
  it('is bounded however long the server stays away', () => {
    expect(backoffMs(0, 0)).toBe(250);
    expect(backoffMs(0, 1)).toBe(500);
    expect(backoffMs(50, 1)).toBe(15_000);
  });
});
