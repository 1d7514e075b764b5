import type { Finding } from '../core/finding.ts';
import type { Log } from '../ports/log.ts';
import type { Partition } from './partition.ts';

const WARNINGS: ReadonlyMap<string, string> = new Map([
  ['clock_skew', 'events too far from now are recorded but not judged'],
  ['agent_flood', 'a tenant has more agents than are kept'],
  ['finding_flood', 'an agent causes more findings an hour than are told'],
  ['name_flood', 'an agent uses more names never seen before than are told apart'],
  ['tenant_flood', 'more tenants than are kept; the rest count as unknown'],
]);

const ERRORS: ReadonlyMap<string, string> = new Map([
  ['detector_failed', 'a detector failed'],
  ['entry_failed', 'the engine failed on an event and went on'],
]);

/** Facts that name no subject of an event: who sent it, what kind of fault, which code failed. */
const LOGGED = ['sender', 'kind', 'detector', 'error'] as const;

/** Tells the operator's log what the engine tells of itself, once an hour per tenant and thing. */
export function warnOfEngine(partition: Partition, log: Log): void {
  partition.onCommitted(({ effects }) => {
    for (const effect of effects) {
      if (effect.kind !== 'finding') continue;
      const { detector } = effect.decision;
      const warning = WARNINGS.get(detector);
      const error = ERRORS.get(detector);
      if (warning !== undefined) log.warn(warning, fieldsOf(effect.decision));
      else if (error !== undefined) log.error(error, fieldsOf(effect.decision));
    }
  });
}

function fieldsOf({ tenant, evidence }: Finding): Readonly<Record<string, string>> {
  const fields: Record<string, string> = { tenant };
  for (const name of LOGGED) {
    const fact = evidence.facts[name];
    if (fact !== undefined) fields[name] = fact;
  }
  return fields;
}
