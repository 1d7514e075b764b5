import { createHmac, hkdfSync, randomUUID, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { Snapshot } from './messages.ts';
import { persistedBody, persistedOf } from './read-messages.ts';

export interface Persisted {
  readonly snapshot: Snapshot;
  /** Written by a client with this token, and not changed since. */
  readonly isGenuine: boolean;
}

/** The last known breakers on disk, so that a restart can delay a trip but never lift one. */
export interface PersistedSnapshot {
  /** Null when there is none, or none that can be read whole. */
  load(): Promise<Persisted | null>;
  /** Writes soon; calls while a write is under way are merged into one more. */
  save(take: () => Snapshot | null): void;
  /** Resolves once nothing is being written. */
  settled(): Promise<void>;
}

export function createPersistedSnapshot(
  path: string,
  token: string,
  onError: (error: unknown) => void,
): PersistedSnapshot {
  const key = Buffer.from(hkdfSync('sha256', token, '', 'tripcoil persisted breakers 1', 32));
  const macOf = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  let writing: Promise<void> | null = null;
  let wanted: (() => Snapshot | null) | null = null;

  async function writeWanted(): Promise<void> {
    while (wanted) {
      const snapshot = wanted();
      wanted = null;
      if (snapshot === null) continue;
      const body = persistedBody(snapshot);
      const mac = macOf(JSON.stringify(body)).toString('hex');
      await replaceFile(path, JSON.stringify({ ...body, mac })).catch(onError);
    }
  }

  return {
    load: async () => {
      try {
        const { mac, ...body } = JSON.parse(await readFile(path, 'utf8'));
        const snapshot = persistedOf(body);
        const [told, expected] = [Buffer.from(String(mac), 'hex'), macOf(JSON.stringify(body))];
        const isGenuine = told.length === expected.length && timingSafeEqual(told, expected);
        if (!isGenuine) onError(new Error('the persisted breakers bear no seal of this token'));
        return { snapshot, isGenuine };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(error);
        return null;
      }
    },
    save: (take) => {
      wanted = take;
      writing ??= writeWanted().finally(() => {
        writing = null;
      });
    },
    settled: async () => {
      while (writing) await writing;
    },
  };
}

/** Written aside, flushed, renamed: a crash leaves the old file or the new one, never half. */
async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
