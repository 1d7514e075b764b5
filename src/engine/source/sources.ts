import type { AccessEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { createSource, type SourceState, watermarkOf } from './source.ts';

/** The sources of one tenant. */
export interface SourcesState {
  /** By name, since that is what tells most sources of a tenant apart. */
  readonly byName: Map<string, SourceState[]>;
  /** How many sources each sender has. */
  readonly perSender: Map<string, number>;
  count: number;
  /** Log time before which no source needs a look; null while none does. */
  nextAt: EpochMs | null;
}

export function createSources(): SourcesState {
  return { byName: new Map(), perSender: new Map(), count: 0, nextAt: null };
}

/** Takes a source from a snapshot, or one that was just made. */
export function addSource(sources: SourcesState, source: SourceState): SourceState {
  const known = sources.byName.get(source.name);
  if (known) known.push(source);
  else sources.byName.set(source.name, [source]);
  sources.count += 1;
  sources.perSender.set(source.sender, (sources.perSender.get(source.sender) ?? 0) + 1);
  if (source.checkAt !== null) wake(sources, source.checkAt);
  return source;
}

export function* sourcesOf({ byName }: SourcesState): Generator<SourceState> {
  for (const sources of byName.values()) yield* sources;
}

/**
 * Event time up to which every matching source that is not silent has told what it will; null where
 * none matches. What waits for a source's word waits until this has passed.
 */
export function watermarkOfSources(
  sources: SourcesState,
  matches: (source: SourceState) => boolean,
): EpochMs | null {
  let mark: EpochMs | null = null;
  for (const source of sourcesOf(sources)) {
    if (source.silence !== null || !matches(source)) continue;
    const own = watermarkOf(source);
    if (mark === null || own < mark) mark = own;
  }
  return mark;
}

/** The source of an event, made at its first mention. */
export function sourceOf(sources: SourcesState, event: AccessEvent, logTime: EpochMs): SourceState {
  const { deliveredBy, format, name = '' } = event.source;
  const known = find(sources, name, deliveredBy, format);
  if (known) return known;
  const isFull =
    sources.count >= LIMITS.sourcesPerTenant ||
    (sources.perSender.get(deliveredBy) ?? 0) >= LIMITS.sourcesPerSender;
  if (!isFull) return addSource(sources, createSource(event, format, logTime));
  const rest = find(sources, '', deliveredBy, '*');
  return rest ?? addSource(sources, createSource(event, '*', logTime));
}

/** Makes room for others; the history of a source that left is of no use to anybody. */
export function forgetSource(sources: SourcesState, source: SourceState): void {
  const { name, sender } = source;
  const others = (sources.byName.get(name) ?? []).filter((other) => other !== source);
  if (others.length === 0) sources.byName.delete(name);
  else sources.byName.set(name, others);
  sources.count -= 1;
  const left = (sources.perSender.get(sender) ?? 1) - 1;
  if (left === 0) sources.perSender.delete(sender);
  else sources.perSender.set(sender, left);
}

/** Sees to it that sources are looked at by then. */
export function wake(sources: SourcesState, at: EpochMs): void {
  if (sources.nextAt === null || at < sources.nextAt) sources.nextAt = at;
}

function find(
  { byName }: SourcesState,
  name: string,
  sender: string,
  format: string,
): SourceState | undefined {
  for (const source of byName.get(name) ?? []) {
    if (source.sender === sender && source.format === format) return source;
  }
  return undefined;
}
