import type { AccessEvent } from '../../core/access-event.ts';
import { matchesAnyGlob } from './glob.ts';

/**
 * Whether the event's resource is among the globs. They are written over `type:id`; the id alone,
 * `type/id`, `server:id` and `server:type/id` are understood too. An unnamed resource is.
 */
export function isAmongResources({ resource }: AccessEvent, globs: readonly string[]): boolean {
  const { type, id, server } = resource ?? {};
  if (id === undefined) return true;
  const texts = [id];
  if (type !== undefined) texts.push(`${type}:${id}`, `${type}/${id}`);
  if (server !== undefined) texts.push(`${server}:${id}`);
  if (server !== undefined && type !== undefined) texts.push(`${server}:${type}/${id}`);
  return texts.some((text) => matchesAnyGlob(globs, text));
}
