import { HASH_BYTES } from './tree-hash.ts';

/** A tree head: what a log of this origin is at this size (C2SP tlog-checkpoint). */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

const TEXT = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/;

/** Null for a text that is no checkpoint; extension lines are passed over. */
export function parseCheckpointText(text: string): TreeHead | null {
  const [, origin, size, base64 = ''] = TEXT.exec(text) ?? [];
  const root = Buffer.from(base64, 'base64');
  if (origin === undefined || root.length !== HASH_BYTES) return null;
  if (!Number.isSafeInteger(Number(size)) || root.toString('base64') !== base64) return null;
  return { origin, size: Number(size), root };
}
