import type { AccessEvent } from '../core/access-event.ts';
import type { ContentMarks } from '../core/entry.ts';
import type { Redacted } from '../core/redacted.ts';
import { isRepeat, knowsId } from './idempotency.ts';
import type { TenantState } from './tenant-state.ts';
import { learnAliases, renamed, type TokenAliases } from './token-aliases.ts';

/**
 * Whether the tenant remembers this very report, so that to fold it once more would change nothing.
 * Its content is asked for only where its id is known. Changes no state.
 */
export function isRepeatOf(
  { reports, aliases }: Pick<TenantState, 'reports' | 'aliases'>,
  event: Redacted<AccessEvent>,
  marks: () => ContentMarks,
): boolean {
  // What the fold would learn of the event before it looks at it.
  const told: TokenAliases = new Map();
  if (event.tokenAliases !== undefined) learnAliases(told, event);
  const underFirst = <T>(value: T): T => renamed(aliases, renamed(told, value)) as T;
  const { id, source } = event;
  const isRenamed = aliases.size > 0 || told.size > 0;
  const body = isRenamed ? { ...event, ...underFirst({ id, source }) } : event;
  return knowsId(reports, body) && isRepeat(reports, { ...underFirst(marks()), body });
}
