import { type AccessEvent, type EventKind, TRUST_ORDER } from '../core/access-event.ts';
import type { ContentMarks, InputEntry } from '../core/entry.ts';
import { type Hash, hashOf, hashOfLines } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { EpochMs } from '../core/time.ts';
import { type Added, measuresOf, SIZES } from './baseline/agent-baseline.ts';
import { RecentHashes } from './recent-hashes.ts';

export type Novelty = 'new' | 'duplicate' | 'id_conflict';

/**
 * What a tenant's senders reported, so that nothing counts twice. Ids and actions older than the
 * window (`rememberedGenerations` in limits.ts) are forgotten: their repeats are taken for news.
 */
export interface Reports {
  readonly ids: RecentHashes;
  /** History has ids of its own, so that an import pushes no live id out. */
  readonly historyIds: RecentHashes;
  readonly actions: RecentHashes;
}

export function createReports(): Reports {
  const ids = { figures: 0, perGeneration: LIMITS.rememberedEventIds };
  const actions = { figures: SIZES.length, perGeneration: LIMITS.rememberedActions };
  return {
    ids: new RecentHashes(ids),
    historyIds: new RecentHashes(ids),
    actions: new RecentHashes(actions),
  };
}

/**
 * Whether this report was seen before; remembers it when not. Ids are unique per source. A hash
 * stands for the id, so a duplicate must also agree in 32 bits of its content: ids made to collide
 * are conflicts, which are kept. A proposal is a question: asked again, it is answered again.
 */
export function noveltyOf(reports: Reports, report: Report): Novelty {
  const { body, loggedAt } = report;
  if (body.phase === 'proposed') return 'new';
  const ids = idsOf(reports, body);
  const hash = identityOf(body);
  const tag = tagOf(report);
  const known = ids.find(hash);
  if (known?.tag === tag) return 'duplicate';
  if (!known) {
    ids.put(hash, tag, [], loggedAt);
    return 'new';
  }
  // The other content under this id is remembered too, so that its own repeats are duplicates.
  const other = identityOf(body, contentOf(report));
  if (ids.find(other)?.tag === tag) return 'duplicate';
  ids.put(other, tag, [], loggedAt);
  return 'id_conflict';
}

/** A report as the log has it, its pseudonyms under their first names. */
type Report = Pick<InputEntry, 'body' | 'loggedAt' | keyof ContentMarks>;

/** Whether any report of this id is remembered, so that a repeat of it would be no news. */
export function knowsId(reports: Reports, body: AccessEvent): boolean {
  if (body.phase === 'proposed') return false;
  return idsOf(reports, body).find(identityOf(body)) !== null;
}

/** Whether `noveltyOf` would find a duplicate; remembers nothing. */
export function isRepeat(reports: Reports, report: Omit<Report, 'loggedAt'>): boolean {
  if (!knowsId(reports, report.body)) return false;
  const ids = idsOf(reports, report.body);
  const tag = tagOf(report);
  const content = contentOf(report);
  const { body } = report;
  return [identityOf(body), identityOf(body, content)].some((key) => ids.find(key)?.tag === tag);
}

function idsOf(reports: Reports, { history }: AccessEvent): RecentHashes {
  return history ? reports.historyIds : reports.ids;
}

/** The event's id within its source (see `sourceIdOf`), and with one of its contents. */
function identityOf({ source, id }: AccessEvent, content: readonly string[] = []): Hash {
  return hashOfLines([source.name ?? source.format, source.deliveredBy, id, ...content]);
}

function contentOf({ contentHash, contentTokens = [] }: ContentMarks): readonly string[] {
  return [contentHash, ...contentTokens];
}

function tagOf(report: ContentMarks): number {
  const { contentHash, contentTokens } = report;
  const hash = contentTokens ? hashOfLines(contentOf(report)) : hashOf(contentHash);
  return hash.low >>> 0;
}

/**
 * What one report adds to the measures; null where it tells nothing new. A span and an audit record
 * of one tool call share its call id and trace: the call counts once, and of each size the largest
 * that anybody reported, whoever came first.
 */
export function addedBy(
  { actions }: Reports,
  event: Redacted<AccessEvent>,
  logTime: EpochMs,
): Added | null {
  const sizes = measuresOf(event);
  const hash = actionOf(event);
  if (hash === null) return sizes;
  const trust = TRUST_ORDER.indexOf(event.source.trust);
  const known = actions.find(hash);
  if (!known) {
    const figures = [sizes.records, sizes.bytes, sizes.tokens, sizes.cost];
    actions.put(hash, trust, figures, logTime);
    return sizes;
  }
  const added = { ...sizes, calls: 0 };
  let isNews = false;
  const largest = SIZES.map((measure, index) => {
    const seen = known.figures[index] ?? 0;
    const more = Math.max(0, sizes[measure] - seen);
    added[measure] = more;
    if (more > 0) isNews = true;
    return seen + more;
  });
  if (!isNews && trust <= known.tag) return null;
  actions.put(hash, Math.max(trust, known.tag), largest, logTime);
  return isNews ? added : null;
}

function actionOf(event: AccessEvent): Hash | null {
  const callId = event.action.toolCallId;
  if (callId === undefined) return null;
  const scope = event.trace?.traceId ?? event.session?.id ?? '';
  const part = PARTS.has(event.kind) ? event.kind : 'action';
  return hashOfLines([part, event.agent.id, scope, callId]);
}

/** Steps before a call that name it too: the decision and the approval are not the call. */
const PARTS: ReadonlySet<EventKind> = new Set<EventKind>(['authz_decision', 'approval']);
