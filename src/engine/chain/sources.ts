import type { AccessEvent, EventKind } from '../../core/access-event.ts';
import type { ChainClock, SourceHeard } from '../../core/chain-links.ts';
import { LIMITS } from '../../core/limits.ts';
import { sourceIdOf } from '../../core/source-id.ts';
import type { EpochMs } from '../../core/time.ts';

export interface SourceTimes {
  firstTime: EpochMs;
  watermark: EpochMs;
  /** Log time of its last record. */
  lastLogged: EpochMs;
}

/** Who told of decisions, tokens and executions, per tenant, and how far each has told. */
export interface SourcesHeard {
  readonly decisions: Map<string, SourceTimes>;
  readonly tokens: Map<string, SourceTimes>;
  readonly executions: Map<string, SourceTimes>;
}

export function createSources(): SourcesHeard {
  return { decisions: new Map(), tokens: new Map(), executions: new Map() };
}

type Told = keyof SourcesHeard;

const TOLD: { readonly [Kind in EventKind]?: Told } = {
  authz_decision: 'decisions',
  token_issue: 'tokens',
  token_use: 'tokens',
  tool_call: 'executions',
  data_access: 'executions',
};

/** All executions are one source: what nobody executed, no source of executions told. */
const ANY = '';

export function hear(sources: SourcesHeard, event: AccessEvent, loggedAt: EpochMs): void {
  const told = TOLD[event.kind];
  if (told === undefined) return;
  // An agent's word about its own permission makes nobody a source of decisions.
  if (told !== 'executions' && event.source.trust === 'agent') return;
  const id = told === 'executions' ? ANY : sourceIdOf(event);
  const times = sources[told].get(id);
  if (times === undefined) {
    sources[told].set(id, { firstTime: event.time, watermark: event.time, lastLogged: loggedAt });
    if (sources[told].size > LIMITS.chainSources) forgetQuietest(sources[told]);
    return;
  }
  if (event.time < times.firstTime) times.firstTime = event.time;
  if (event.time > times.watermark) times.watermark = event.time;
  times.lastLogged = loggedAt;
}

function forgetQuietest(sources: Map<string, SourceTimes>): void {
  let quietest: string | null = null;
  let at = Number.POSITIVE_INFINITY;
  for (const [id, { lastLogged }] of sources) {
    if (lastLogged >= at) continue;
    quietest = id;
    at = lastLogged;
  }
  if (quietest !== null) sources.delete(quietest);
}

/** What may be called missing by now. */
export function chainClock(
  sources: SourcesHeard,
  logTime: EpochMs,
  graceMs: number = LIMITS.decisionGraceMs,
): ChainClock {
  return {
    logTime,
    graceMs,
    decisions: heardOf(sources.decisions, logTime),
    tokens: heardOf(sources.tokens, logTime),
    executions: heardOf(sources.executions, logTime),
  };
}

/**
 * A record may be with any source that still sends, so the slowest of those says how far all have
 * told. A source silent for `latenessMs` holds up nobody; with none left, the furthest counts.
 */
function heardOf(sources: ReadonlyMap<string, SourceTimes>, logTime: EpochMs): SourceHeard | null {
  if (sources.size === 0) return null;
  const all = [...sources.values()];
  const sending = all.filter(({ lastLogged }) => lastLogged >= logTime - LIMITS.latenessMs);
  const firstTime = Math.min(...all.map((times) => times.firstTime));
  const watermark =
    sending.length > 0
      ? Math.min(...sending.map((times) => times.watermark))
      : Math.max(...all.map((times) => times.watermark));
  return { firstTime, watermark };
}
