import { kindOfLocalId } from '../core/chain.ts';
import { LIMITS } from '../core/limits.ts';
import type { Control } from '../ports/control.ts';
import type { EngineView } from '../ports/engine-view.ts';

/** An id as it may be recorded, and in which of the visible tenants. */
export interface RecordedId {
  readonly tenants: readonly string[] | '*';
  readonly id: string;
}

/**
 * An id as brokers write it, as given first: where it is personal, each tenant has recorded it
 * under a pseudonym of its own. Tenants beyond `LIMITS.tenantsTranslatedFor` must be named.
 */
export function recordedIds(
  { view, control }: { readonly view: EngineView; readonly control: Pick<Control, 'recordedKey'> },
  visible: readonly string[] | '*',
  id: string,
): readonly RecordedId[] {
  const kind = kindOfLocalId(id);
  const prefix = kind === null ? '' : `${kind}:`;
  const name = id.slice(prefix.length);
  const tenants = visible === '*' ? view.tenants().map(({ tenant }) => tenant) : visible;
  const found: RecordedId[] = [{ tenants: visible, id }];
  if (name === '') return found;
  for (const tenant of tenants.slice(0, LIMITS.tenantsTranslatedFor)) {
    const recorded = control.recordedKey({ tenant, kind: 'session', id: name }).id;
    if (recorded !== name) found.push({ tenants: [tenant], id: prefix + recorded });
  }
  return found;
}
