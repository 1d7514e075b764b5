import { number, object } from 'zod';
import type { AccessEvent } from '../../core/access-event.ts';
import {
  type CommandEntry,
  type DetectorSetAside,
  ENGINE_VERSION,
  type FoldedEntry,
  type InputEntry,
  SYSTEM_TENANT,
  type TenantConfig,
} from '../../core/entry.ts';
import type { GrantSet } from '../../core/grant.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { EpochMs } from '../../core/time.ts';
import { defineDetector } from '../detect/detector.ts';

export const START: EpochMs = Date.UTC(2026, 10, 16, 9);

/** Writes a log by hand: sequence numbers rise by themselves, log time is given. */
export class EntryWriter {
  #seq = 0;

  input(
    event: Partial<AccessEvent> & { readonly id: string },
    loggedAt: EpochMs = START,
  ): InputEntry {
    const body = eventOf(event);
    const contentHash = JSON.stringify(body);
    return {
      ...this.#envelope(loggedAt),
      kind: 'input',
      tenant: body.tenant.id,
      body,
      contentHash,
    };
  }

  grant(tenant: string, agents: GrantSet['agents'], loggedAt: EpochMs = START): FoldedEntry {
    const body = { agents, principals: [], resources: [], actions: [] };
    return { ...this.#envelope(loggedAt), kind: 'grant', tenant, body };
  }

  config(tenant: string, body: TenantConfig, loggedAt: EpochMs = START): FoldedEntry {
    return { ...this.#envelope(loggedAt), kind: 'config', tenant, body };
  }

  setAside(tenant: string, body: DetectorSetAside, loggedAt: EpochMs = START): FoldedEntry {
    return { ...this.#envelope(loggedAt), kind: 'config', tenant, body };
  }

  command(tenant: string, body: CommandEntry['body'], loggedAt: EpochMs = START): CommandEntry {
    return { ...this.#envelope(loggedAt), kind: 'command', tenant, body };
  }

  tick(loggedAt: EpochMs): FoldedEntry {
    return { ...this.#envelope(loggedAt), kind: 'tick', tenant: SYSTEM_TENANT, body: {} };
  }

  term(term: number): FoldedEntry {
    const body = { type: 'term', term, software: 'test' } as const;
    return { ...this.#envelope(START), kind: 'config', tenant: SYSTEM_TENANT, body };
  }

  #envelope(loggedAt: EpochMs) {
    this.#seq += 1;
    return { seq: this.#seq, loggedAt, engineVersion: ENGINE_VERSION };
  }
}

/** A successful read by `bot` of `acme`, delivered by a broker; overrides win. */
export function eventOf(
  overrides: Partial<AccessEvent> & { readonly id: string },
): Redacted<AccessEvent> {
  const event: AccessEvent = {
    v: 1,
    time: START,
    kind: 'tool_call',
    phase: 'executed',
    source: { format: 'native', deliveredBy: 'broker', trust: 'broker' },
    tenant: { id: 'acme' },
    agent: { id: 'bot' },
    action: { name: 'read_thing', op: 'read' },
    outcome: { status: 'success' },
    attrs: {},
    ...overrides,
  };
  return event as Redacted<AccessEvent>;
}

/**
 * A detector that obeys the event: `attrs.trip` names the level to ask for, `attrs.score` the
 * score. It lets the engine be tested without any statistics.
 */
export const OBEDIENT = defineDetector({
  id: 'obedient',
  version: 1,
  status: 'test',
  title: 'Does as the event says',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: [],
  config: object({ dedupMs: number().default(0) }),
  init: () => ({ seen: 0 }),
  judges: (event) =>
    Object.hasOwn(event.attrs, 'blind') ? { field: 'attrs.blind', cure: 'leave it out' } : null,
  observe: (event, state, { config }) => {
    state.seen += 1;
    const level = event.attrs['trip'];
    if (typeof level !== 'number') return [];
    const key = event.attrs['key'] === 'session' ? 'session' : 'agent';
    return [
      {
        level: 'critical',
        score: Number(event.attrs['score'] ?? 90),
        actual: level,
        typical: 0,
        probability: null,
        title: `asked for level ${level}`,
        explanation: 'The event asked for it.',
        trip: { key, level: level as 1 | 2 | 3 | 4 | 5 },
        agreement: 'cap',
        dedupKey: 'obedient',
        dedupMs: config.dedupMs,
      },
    ];
  },
});
