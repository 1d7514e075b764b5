import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { KeyWrap } from './key-wrap.ts';
import { commandWrap, httpWrap, masterFromText } from './master-key.ts';

const SECRET = randomBytes(32);

/** A service in miniature: base64 of what it was given, behind its name. */
const SERVICE = `
let text = '';
process.stdin.on('data', (more) => (text += more));
process.stdin.on('end', () => {
  const { op, data } = JSON.parse(text);
  const mine = 'mine-';
  const answer =
    op === 'wrap' ? mine + data : data.startsWith(mine) ? data.slice(mine.length) : null;
  process.stdout.write(JSON.stringify({ data: answer }));
});`;

function httpOf(answer: (request: { op: string; data: string }) => [number, string]): KeyWrap {
  return httpWrap({
    url: 'https://kms.example/keys',
    authorization: 'Bearer x',
    post: async ({ body, headers }) => {
      expect(headers).toMatchObject({ authorization: 'Bearer x' });
      const [status, text] = answer(JSON.parse(body));
      return { status, text };
    },
  });
}

const mirror = httpOf(({ data }) => [200, JSON.stringify({ data })]);

describe('a hook', () => {
  it('by command wraps and unwraps, for one context alone', async () => {
    const wrap = commandWrap([process.execPath, '-e', SERVICE]);
    const wrapped = await wrap.wrap(SECRET, 'one key');
    expect(await wrap.unwrap(wrapped, 'one key')).toEqual(SECRET);
    expect(await wrap.unwrap(wrapped, 'another')).toBeNull();
    expect(await wrap.unwrap('hook:else', 'one key')).toBeNull();
    expect(await wrap.unwrap(SECRET.toString('base64'), 'one key')).toBeNull();
  });

  it('by HTTP does the same', async () => {
    const wrapped = await mirror.wrap(SECRET, 'one key');
    expect(await mirror.unwrap(wrapped, 'one key')).toEqual(SECRET);
    expect(await mirror.unwrap(wrapped, 'another')).toBeNull();
  });

  it('that fails is an operating error, and says nothing of the key', async () => {
    const failing: readonly KeyWrap[] = [
      commandWrap([process.execPath, '-e', 'process.exit(1)']),
      commandWrap(['/nowhere/at/all']),
      httpOf(() => [503, '']),
      httpOf(() => [200, 'no JSON']),
      httpOf(() => [200, '{"data":7}']),
      httpOf(() => [200, '{"data":null}']),
    ];
    for (const wrap of failing) {
      await expect(wrap.wrap(SECRET, 'c')).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  });
});

describe('a master key as text', () => {
  it('is hex or base64, and nothing else', () => {
    expect(masterFromText(`${SECRET.toString('hex')}\n`, 'x')).toEqual(SECRET);
    expect(masterFromText(SECRET.toString('base64'), 'x')).toEqual(SECRET);
    for (const text of ['', 'short', SECRET.toString('hex').slice(2)]) {
      expect(() => masterFromText(text, '`it`')).toThrow('`it` must hold 32 bytes');
    }
  });
});
