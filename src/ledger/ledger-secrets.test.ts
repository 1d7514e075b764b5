import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../ports/log.ts';
import { masterKeyWrap, openLedgerSecrets } from './ledger-secrets.ts';
import { originOf, readOrigin } from './log-origin.ts';
import { SimulatedFiles } from './testing/simulated-files.ts';

const log = SILENT_LOG;

describe('the secrets of a ledger', () => {
  it('are made once and read again', async () => {
    const files = new SimulatedFiles(() => 0);
    const first = await openLedgerSecrets({ files, directory: '/keys', log });
    const again = await openLedgerSecrets({ files, directory: '/keys', log });
    const wrapped = await first.wrap.wrap(Buffer.from('a secret'), 'one');
    expect(Buffer.from((await again.wrap.unwrap(wrapped, 'one')) ?? [])).toEqual(
      Buffer.from('a secret'),
    );
    expect(again.signingKey.equals(first.signingKey)).toBe(true);
  });

  it('open nothing in another context, under another master, or altered', async () => {
    const wrap = masterKeyWrap(randomBytes(32));
    const wrapped = await wrap.wrap(randomBytes(32), 'one');
    expect(await wrap.unwrap(wrapped, 'two')).toBeNull();
    expect(await masterKeyWrap(randomBytes(32)).unwrap(wrapped, 'one')).toBeNull();
    expect(await wrap.unwrap(`A${wrapped.slice(1)}`, 'one')).toBeNull();
    expect(await wrap.unwrap('AAAA', 'one')).toBeNull();
  });

  it('are refused, never replaced, when they are something else', async () => {
    expect(() => masterKeyWrap(randomBytes(16))).toThrow('32 bytes');
    const files = new SimulatedFiles(() => 0);
    await files.replace('/keys/ledger-signing-key.pem', Buffer.from('no key'));
    await expect(openLedgerSecrets({ files, directory: '/keys', log })).rejects.toMatchObject({
      code: 'config_invalid',
    });
  });
});

describe('the origin of the logs', () => {
  it('is chosen once, and warned of when another is wanted later', async () => {
    const files = new SimulatedFiles(() => 0);
    const warned: string[] = [];
    const read = (wanted: string | null) =>
      readOrigin({
        ...{ files, wanted, directory: '/logs' },
        log: { ...log, warn: (message: string) => warned.push(message) },
      });
    expect(await read('https://tripcoil.example/')).toBe('tripcoil.example');
    expect(await read('https://tripcoil.example')).toBe('tripcoil.example');
    expect(warned).toEqual([]);
    expect(await read('https://other.example')).toBe('tripcoil.example');
    expect(warned).toHaveLength(1);
    expect(originOf('tripcoil.example', 'a b+c')).toBe('tripcoil.example/t/a%20b%2Bc/log');
  });

  it('is drawn when none is wanted or it could not stand in a note', async () => {
    for (const wanted of [null, 'two words']) {
      const files = new SimulatedFiles(() => 0);
      const origin = await readOrigin({ files, directory: '/logs', wanted, log });
      expect(origin).toMatch(/^tripcoil\.local\/[0-9a-f]{16}$/);
      expect(await readOrigin({ files, directory: '/logs', wanted: null, log })).toBe(origin);
    }
  });
});
