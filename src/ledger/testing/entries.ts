import { hash } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { SequencedEntry, UnsequencedEntry } from '../../ports/ledger.ts';

/** An entry whose body names it, padded to about `bytes` with what no compressor shortens much. */
export function testEntry(name: string, bytes = 0): UnsequencedEntry {
  const length = Math.max(0, bytes - name.length);
  const padding = hash('shake256', name, { outputEncoding: 'base64url', outputLength: length });
  return {
    loggedAt: 1_795_000_000_000,
    kind: 'input',
    tenant: 'acme',
    engineVersion: 1,
    body: JSON.stringify({ name, padding: padding.slice(0, length) }),
  };
}

export function nameOf(entry: UnsequencedEntry): string {
  return JSON.parse(entry.body).name;
}

export async function readAll(
  batches: AsyncIterable<readonly SequencedEntry[]>,
): Promise<SequencedEntry[]> {
  const entries: SequencedEntry[] = [];
  for await (const batch of batches) entries.push(...batch);
  return entries;
}

/** Stands still; nothing in the ledger waits for time. */
export const STILL_CLOCK: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  sleep: () => Promise.resolve(),
};
