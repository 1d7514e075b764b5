import type { SqlParameters } from './sql-executor.ts';

/** What the parent asks of the engine's process. */
export type ChdbRequest =
  | { readonly id: number; readonly op: 'exec'; readonly sql: string; parameters: SqlParameters }
  | { readonly id: number; readonly op: 'insert'; readonly table: string; readonly lines: string }
  | { readonly id: number; readonly op: 'close' };

/**
 * What it answers. `failed` carries the engine's error number and name only: its messages quote
 * the data.
 */
export type ChdbReply =
  | { readonly type: 'ready' }
  | { readonly type: 'unavailable'; readonly reason: string }
  | { readonly type: 'done'; readonly id: number; readonly lines: string }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string };
