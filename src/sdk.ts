/** All that a detector may import: the contract, the vocabulary, and the readings of a baseline. */
export type {
  AccessEvent,
  Destination,
  EventKind,
  JsonValue,
  Operation,
  Volume,
} from './core/access-event.ts';
export { onlyReads } from './core/access-event.ts';
export type { BreakerLevel } from './core/breaker.ts';
export { UNKNOWN_TENANT } from './core/entry.ts';
export type { FindingLevel } from './core/finding.ts';
export type { ActionFact, AgentGrant, PrincipalGrant, ResourceFact } from './core/grant.ts';
export { type Hash, hashOf } from './core/hash.ts';
export type { Redacted } from './core/redacted.ts';
export { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './core/time.ts';
export type { AgentBaseline, Comparison, Measure } from './engine/baseline/agent-baseline.ts';
export { MEASURES, measuresOf } from './engine/baseline/agent-baseline.ts';
export type { BurstMemory } from './engine/baseline/burst-memory.ts';
export { createBurstMemory, endBurst, sightBurst } from './engine/baseline/burst-memory.ts';
export type { DayComparison } from './engine/baseline/day-anchor.ts';
export {
  createRunningQuantile,
  followQuantile,
  type RunningQuantile,
} from './engine/baseline/running-quantile.ts';
export {
  countShare,
  createShareWatch,
  readShare,
  type ShareReading,
  type ShareWatch,
} from './engine/baseline/share-watch.ts';
export {
  createValueWatch,
  type ValueReading,
  type ValueWatch,
  watchValue,
} from './engine/baseline/value-watch.ts';
export type {
  DetectorContext,
  DetectorDefinition,
  DetectorVerdict,
  NotJudged,
  QuietContext,
  UndecidedAction,
} from './engine/detect/detector.ts';
export { defineDetector } from './engine/detect/detector.ts';
export {
  addDistinct,
  clearDistinct,
  createDistinctCount,
  type DistinctCount,
  distinctOf,
} from './engine/detect/distinct-count.ts';
export type { EventPart } from './engine/detect/event-part.ts';
export { amount, minutesText, NO_FIGURES, oneDecimal, rounded } from './engine/detect/figures.ts';
export { fingerprintOf } from './engine/detect/fingerprint.ts';
export { matchesAnyGlob, matchesGlob } from './engine/detect/glob.ts';
export { moveLast } from './engine/detect/latest-last.ts';
export { createLeakyBucket, type LeakyBucket, pour } from './engine/detect/leaky-bucket.ts';
export { sizeOfSome, sizePerMeasure } from './engine/detect/measure-options.ts';
export { measureAmount, measureNoun, measureText } from './engine/detect/measure-words.ts';
export { NO_STATE, NO_VERDICTS } from './engine/detect/no-state.ts';
export { ACCESS_KINDS, wasDone, wentThrough } from './engine/detect/outcome.ts';
export {
  createRecentTable,
  hashNumber,
  keepRecent,
  type RecentTable,
  recallRecent,
  type TableOwner,
} from './engine/detect/recent-table.ts';
export { isAmongResources } from './engine/detect/resource-match.ts';
export { hasLabelOf, SENSITIVE_LABELS } from './engine/detect/sensitivity.ts';
export { isBeyond, type ShareLimits, shareInWords } from './engine/detect/share-words.ts';
export { limitsOf, type TokenLimits } from './engine/detect/token-limits.ts';
export { hasVerbOf, QUIET_VERBS, shownName } from './engine/detect/tool-name.ts';
export { windowInWords } from './engine/detect/window-words.ts';
export type { AgentPractice } from './engine/practice/agent-practice.ts';
