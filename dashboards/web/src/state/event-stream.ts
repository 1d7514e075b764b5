import { createSseParser, type StreamEvent } from './sse-parser.ts';

export interface StreamOptions {
  readonly url: string;
  /** Asked for at every attempt, so that a token given meanwhile is sent. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly onOpen: () => void;
  /** Any byte, heartbeats included: the proof that the line is alive. */
  readonly onBytes: () => void;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onLost: () => void;
  /** Silence longer than this is a dead line. */
  readonly silenceMs?: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
const SILENCE_MS = 20_000;

/** Delay before the next attempt: doubling, capped, jittered so that pages do not come in step. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/**
 * Keeps one event stream open until the signal aborts: resumes by Last-Event-ID, treats silence
 * as loss, retries for ever. Reads with fetch, since EventSource hides heartbeats and sends no
 * token.
 */
export async function followStream(options: StreamOptions, stop: AbortSignal): Promise<void> {
  const sleep = options.sleep ?? sleepMs;
  const random = options.random ?? Math.random;
  let lastId = '';
  let attempt = 0;
  while (!stop.aborted) {
    try {
      await readOnce(options, stop, lastId, (id) => {
        lastId = id;
        attempt = 0;
      });
    } catch {
      // Every fault is answered the same way: say so, wait, try again.
    }
    if (stop.aborted) return;
    options.onLost();
    await sleep(backoffMs(attempt, random()), stop).catch(() => undefined);
    attempt += 1;
  }
}

async function readOnce(
  options: StreamOptions,
  stop: AbortSignal,
  lastId: string,
  onAlive: (lastId: string) => void,
): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([stop, silence.signal]);
  const limit = options.silenceMs ?? SILENCE_MS;
  let timer = setTimeout(() => silence.abort(), limit);
  try {
    const headers: Record<string, string> = {
      ...options.headers?.(),
      accept: 'text/event-stream',
    };
    if (lastId !== '') headers['last-event-id'] = lastId;
    const ask = options.fetch ?? fetch;
    const response = await ask(options.url, { headers, signal, cache: 'no-store' });
    if (!response.ok || response.body === null) throw new Error(`stream ${response.status}`);
    options.onOpen();
    const parser = createSseParser(lastId);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), limit);
      options.onBytes();
      for (const event of parser.push(value)) options.onEvent(event);
      onAlive(parser.lastId);
    }
  } finally {
    clearTimeout(timer);
  }
}

function sleepMs(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
