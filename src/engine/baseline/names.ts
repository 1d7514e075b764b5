import type { AccessEvent } from '../../core/access-event.ts';
import { hashOf } from '../../core/hash.ts';
import type { Names } from './baseline.ts';

const NO_TARGETS: readonly number[] = [];
const RESOURCE = hashOf('resource');

/** The session, and the resource and destinations, of one event; null where it names none. */
export function namesOf({ session, resource, destinations }: AccessEvent): Names | null {
  const id = session?.id ?? session?.conversationId;
  const resourceId = resource?.id;
  if (id === undefined && resourceId === undefined && destinations === undefined) return null;
  let targets = NO_TARGETS;
  if (resourceId !== undefined || destinations !== undefined) {
    const found: number[] = [];
    if (resourceId !== undefined) found.push(hashOf(resourceId, RESOURCE).low);
    for (const { value } of destinations ?? []) found.push(hashOf(value).low);
    targets = found;
  }
  return { session: id === undefined ? null : hashOf(id).low, targets };
}
