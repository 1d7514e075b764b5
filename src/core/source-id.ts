import type { AccessEvent } from './access-event.ts';

/**
 * Who reported an event: the source by name, or by format where it has none, behind the credential
 * that delivered it. Sources number their records each for itself, so an event id is one only
 * within its source. Equal for all events of one source; not meant to be read or parsed.
 */
export function sourceIdOf({ source }: Pick<AccessEvent, 'source'>): string {
  return `${source.name ?? source.format}\n${source.deliveredBy}`;
}
