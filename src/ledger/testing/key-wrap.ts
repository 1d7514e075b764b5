import type { KeyWrap } from '../key-wrap.ts';

/** Hides nothing: names its master beside the secret. */
export function testWrap(master: number): KeyWrap {
  return {
    wrap: async (secret, context) =>
      `${master}:${context}:${Buffer.from(secret).toString('base64')}`,
    unwrap: async (wrapped, context) => {
      const mine = `${master}:${context}:`;
      if (!wrapped.startsWith(mine)) return null;
      return Buffer.from(wrapped.slice(mine.length), 'base64');
    },
  };
}
