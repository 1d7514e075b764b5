import { execFile } from 'node:child_process';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { TextPost } from '../ports/text-fetch.ts';
import type { KeyWrap } from './key-wrap.ts';

/** What a hook is asked, as one line of JSON; `data` is base64. */
interface HookRequest {
  readonly op: 'wrap' | 'unwrap';
  /** To be authenticated with the key, where the service can. */
  readonly context: string;
  readonly data: string;
}

type Ask = (request: HookRequest) => Promise<string>;

/** Begins what a hook wrapped, so that keys under another kind of master are told apart. */
const MARK = 'hook:';
const SECRET_BYTES = 32;

/**
 * A master key that lives in a service which is asked to wrap and unwrap, and never gives it away.
 * The answer is `{"data": base64}`, or `{"data": null}` for what it did not wrap. The context is
 * also put before the secret, since not every service authenticates one.
 */
function hookWrap(ask: Ask): KeyWrap {
  return {
    async wrap(secret, context) {
      const data = Buffer.concat([Buffer.from(`${context}\0`), secret]).toString('base64');
      const wrapped = dataOf(await ask({ op: 'wrap', context, data }));
      if (wrapped === null || wrapped === '') throw refused('wrapped nothing');
      return `${MARK}${wrapped}`;
    },
    async unwrap(wrapped, context) {
      if (!wrapped.startsWith(MARK)) return null;
      const data = wrapped.slice(MARK.length);
      const bytes = Buffer.from(dataOf(await ask({ op: 'unwrap', context, data })) ?? '', 'base64');
      const head = Buffer.from(`${context}\0`);
      if (bytes.length !== head.length + SECRET_BYTES) return null;
      return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : null;
    },
  };
}

/** Runs a program for each request: the line on its standard input, the answer on its output. */
export function commandWrap(command: readonly string[]): KeyWrap {
  const [program = '', ...words] = command;
  return hookWrap(
    (request) =>
      new Promise((resolve, reject) => {
        const limits = { timeout: LIMITS.keyHookTimeoutMs, maxBuffer: LIMITS.keyHookAnswerBytes };
        const child = execFile(program, words, limits, (error, stdout) => {
          if (error === null) resolve(stdout);
          else reject(refused('failed'));
        });
        // One that ends without reading has failed, which the call back tells.
        child.stdin?.on('error', () => undefined);
        child.stdin?.end(`${JSON.stringify(request)}\n`);
      }),
  );
}

/** Posts each request to a URL. */
export function httpWrap(options: {
  readonly url: string;
  readonly authorization: string | null;
  readonly post: TextPost;
}): KeyWrap {
  const { url, authorization, post } = options;
  const headers = {
    'content-type': 'application/json',
    ...(authorization === null ? {} : { authorization }),
  };
  return hookWrap(async (request) => {
    const signal = AbortSignal.timeout(LIMITS.keyHookTimeoutMs);
    const answerBytes = LIMITS.keyHookAnswerBytes;
    const body = JSON.stringify(request);
    const answer = await post({ url: new URL(url), headers, body, signal, answerBytes }).catch(
      () => {
        throw refused('gave no answer');
      },
    );
    if (answer.status === 200) return answer.text;
    throw refused(`answered ${answer.status}`);
  });
}

/**
 * 32 bytes as 64 hex digits or in base64.
 * @throws TripcoilError `config_invalid`, which does not repeat it.
 */
export function masterFromText(text: string, place: string): Buffer {
  const trimmed = text.trim();
  const isHex = /^[0-9a-f]{64}$/i.test(trimmed);
  const bytes = Buffer.from(trimmed, isHex ? 'hex' : 'base64');
  if (bytes.length === SECRET_BYTES) return bytes;
  const message = `${place} must hold 32 bytes, as 64 hex digits or in base64.`;
  throw new TripcoilError('config_invalid', message);
}

function dataOf(text: string): string | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw refused('did not answer with JSON');
  }
  const data: unknown = typeof answer === 'object' && answer ? Reflect.get(answer, 'data') : null;
  if (data === null || typeof data === 'string') return data;
  throw refused('did not answer with `data`');
}

function refused(what: string): TripcoilError {
  return new TripcoilError('storage_unavailable', `The hook of the master key ${what}.`, {
    retryable: true,
  });
}
