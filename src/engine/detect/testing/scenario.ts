import type { AccessEvent, Operation, OutcomeStatus, Trust } from '../../../core/access-event.ts';
import type { Redacted } from '../../../core/redacted.ts';
import { type EpochMs, MINUTE_MS } from '../../../core/time.ts';

/** Monday, 5 January 2026, 00:00 UTC: minute 0 of every scenario. */
export const SCENARIO_START: EpochMs = Date.UTC(2026, 0, 5);

type Change = { -readonly [Key in keyof AccessEvent]?: AccessEvent[Key] };

/**
 * Builds events in words: `scenario('acme').agent('bot').at(90).reads(20)` is one successful read
 * of 20 records, 90 minutes in. Each step returns a new builder; ids count up per scenario.
 */
export function scenario(tenant: string): { agent(id: string): EventBuilder } {
  const ids = { next: 1 };
  return { agent: (id) => new EventBuilder(ids, tenant, id, SCENARIO_START, {}) };
}

export class EventBuilder {
  readonly #ids: { next: number };
  readonly #tenant: string;
  readonly #agent: string;
  readonly #time: EpochMs;
  readonly #change: Change;

  constructor(ids: { next: number }, tenant: string, agent: string, time: EpochMs, change: Change) {
    this.#ids = ids;
    this.#tenant = tenant;
    this.#agent = agent;
    this.#time = time;
    this.#change = change;
  }

  /** Minutes since the start, fractions allowed. */
  at(minute: number): EventBuilder {
    const time = SCENARIO_START + Math.round(minute * MINUTE_MS);
    return new EventBuilder(this.#ids, this.#tenant, this.#agent, time, this.#change);
  }

  /** Any other member of the event, for all that follow. */
  having(change: Change): EventBuilder {
    const merged = { ...this.#change, ...change };
    return new EventBuilder(this.#ids, this.#tenant, this.#agent, this.#time, merged);
  }

  session(id: string): EventBuilder {
    return this.having({ session: { id } });
  }

  trust(trust: Trust): EventBuilder {
    return this.having({ source: { ...SOURCE, trust } });
  }

  outcome(status: OutcomeStatus): EventBuilder {
    return this.having({ outcome: { status } });
  }

  on(type: string, id: string, owner?: string): EventBuilder {
    return this.having({
      resource: { type, id, ...(owner === undefined ? {} : { tenant: owner }) },
    });
  }

  scopes(granted: readonly string[] | undefined, required?: readonly string[]): EventBuilder {
    return this.having({
      scopes: { ...(granted ? { granted } : {}), ...(required ? { required } : {}) },
    });
  }

  calls(tool: string, op: Operation = 'read'): Redacted<AccessEvent> {
    return this.#event(tool, op, {});
  }

  reads(records: number, tool = 'search_records'): Redacted<AccessEvent> {
    return this.#event(tool, 'read', { volume: { records } });
  }

  writes(tool = 'update_record'): Redacted<AccessEvent> {
    return this.#event(tool, 'write', {});
  }

  /** A write that moves money. */
  pays(value: number, currency = 'EUR', tool = 'pay'): Redacted<AccessEvent> {
    return this.#event(tool, 'write', {
      action: { name: tool, op: 'write', amount: { value, currency } },
    });
  }

  #event(tool: string, op: Operation, change: Change): Redacted<AccessEvent> {
    const id = `evt-${this.#ids.next}`;
    this.#ids.next += 1;
    const event: AccessEvent = {
      v: 1,
      id,
      time: this.#time,
      kind: 'tool_call',
      phase: 'executed',
      source: SOURCE,
      tenant: { id: this.#tenant },
      agent: { id: this.#agent },
      action: { name: tool, op },
      outcome: { status: 'success' },
      attrs: {},
      ...this.#change,
      ...change,
    };
    return event as Redacted<AccessEvent>;
  }
}

const SOURCE = { format: 'native', deliveredBy: 'broker-1', trust: 'broker' } as const;
