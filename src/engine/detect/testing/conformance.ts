import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../../core/access-event.ts';
import { chainIdOf } from '../../../core/chain.ts';
import type { ActionFact, AgentGrant, PrincipalGrant, ResourceFact } from '../../../core/grant.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { Redacted } from '../../../core/redacted.ts';
import { type Added, measuresOf, NOTHING_ADDED } from '../../baseline/agent-baseline.ts';
import {
  type BaselineState,
  createBaselineState,
  observeBaseline,
  restoreBaseline,
  snapshotBaseline,
  viewOf,
} from '../../baseline/baseline.ts';
import { namesOf } from '../../baseline/names.ts';
import type { OpenBreaker } from '../../breaker/subject.ts';
import {
  createPractice,
  PracticeReading,
  type PracticeState,
  restorePractice,
  snapshotPractice,
} from '../../practice/practice.ts';
import type { AnyDetector, DetectorVerdict } from '../detector.ts';
import { maskOf, partsOf } from '../event-part.ts';
import { SeededRandom } from './random.ts';
import { type EventBuilder, scenario } from './scenario.ts';

type Event = Redacted<AccessEvent>;

/** What a run of one detector for one agent is given beside the events. */
export interface Surroundings {
  readonly options?: object;
  readonly grant?: AgentGrant | null;
  readonly principalGrant?: PrincipalGrant | null;
  readonly resourceFact?: ResourceFact | null;
  readonly actionFact?: ActionFact | null;
  readonly hearsDecisions?: boolean;
  readonly openBreaker?: OpenBreaker | null;
}

/** One agent's baseline and one detector's state, driven as the engine drives them. */
export class DetectorRun {
  readonly #detector: AnyDetector;
  readonly #surroundings: Surroundings;
  readonly #config: unknown;
  baseline: BaselineState = createBaselineState();
  practice: PracticeState = createPractice(LIMITS.practiceSlotsPerAgent);
  state: unknown;

  constructor(detector: AnyDetector, surroundings: Surroundings = {}) {
    this.#detector = detector;
    this.#surroundings = surroundings;
    this.#config = detector.config.parse(surroundings.options ?? {});
    this.state = detector.init();
  }

  see(
    event: Event,
    { counted = true, learn = true, logTime = event.time } = {},
  ): readonly DetectorVerdict[] {
    const added = counted ? measuresOf(event) : NOTHING_ADDED;
    const names = namesOf(event);
    if (counted) observeBaseline(this.baseline, added, event.time, { learn, names });
    const practice = new PracticeReading(this.practice, null, event);
    const context = { ...this.#context(event, practice, added), logTime };
    const detector = this.#detector;
    const parts = maskOf(detector.parts ?? []);
    const hasParts = (partsOf(event) & parts) === parts;
    const isAsked = hasParts && detector.kinds?.includes(event.kind) !== false;
    const isJudged =
      isAsked && detector.applies?.(event) !== false && !detector.judges(event, context);
    const verdicts = isJudged ? detector.observe(event, this.state, context) : [];
    if (counted) {
      practice.keepNote();
      if (learn) practice.learn(verdicts.some(({ trip }) => trip !== null) ? 'suspect' : 'trusted');
    }
    return verdicts;
  }

  /** Field that keeps the detector from judging this event, or null. */
  blindFor(event: Event): string | null {
    const practice = new PracticeReading(this.practice, null, event);
    const context = this.#context(event, practice, measuresOf(event));
    return this.#detector.judges(event, context)?.field ?? null;
  }

  #context(event: Event, practice: PracticeReading, added: Added) {
    const { grant = null, principalGrant = null } = this.#surroundings;
    const { resourceFact = null, actionFact = null } = this.#surroundings;
    return {
      config: this.#config,
      logTime: event.time,
      grant,
      principalGrant,
      resourceFact,
      actionFact,
      baseline: viewOf(this.baseline, event.time),
      practice,
      counted: added !== NOTHING_ADDED,
      added,
      hearsDecisions: this.#surroundings.hearsDecisions ?? false,
      openBreaker: () => this.#surroundings.openBreaker ?? null,
      chainId: () => chainIdOf(event),
    };
  }

  /** Writes everything to JSON and reads it back, as a snapshot does. */
  restart(): void {
    this.baseline = restoreBaseline(JSON.parse(JSON.stringify(snapshotBaseline(this.baseline))));
    this.practice = restorePractice(
      LIMITS.practiceSlotsPerAgent,
      JSON.parse(JSON.stringify(snapshotPractice(this.practice))),
    );
    this.state = JSON.parse(JSON.stringify(this.state));
  }
}

/** State of one detector as JSON text: for one agent, and for a whole tenant. */
const AGENT_STATE_BYTES_MAX = 16 * 1_024;
const TENANT_STATE_BYTES_MAX = 4 * 1_024 * 1_024;
const CANARY = 'canary-7f3a91';
const DISTINCT = 25_000;
/** A busy machine takes its time over so many events. */
const PATIENCE_MS = 120_000;

/**
 * What every detector must hold to; called inside its test file. Asks for determinism, plain and
 * bounded state, inert duplicates, bounded scores, and that no content of arguments or attributes
 * is repeated in what people read.
 */
export function detectorConformance(detector: AnyDetector, surroundings: Surroundings = {}): void {
  describe(`${detector.id} keeps the detector contract`, () => {
    it('gives the same verdicts on the same events', () => {
      const first = new DetectorRun(detector, surroundings);
      const second = new DetectorRun(detector, surroundings);
      expect(mixed(7).map((event) => first.see(event))).toEqual(
        mixed(7).map((event) => second.see(event)),
      );
    });

    it('goes on after a snapshot as if nothing had happened', () => {
      const through = new DetectorRun(detector, surroundings);
      const restarted = new DetectorRun(detector, surroundings);
      for (const [index, event] of mixed(11).entries()) {
        if (index % 97 === 0) restarted.restart();
        expect(restarted.see(event)).toEqual(through.see(event));
      }
      expect(snapshotBaseline(restarted.baseline)).toEqual(snapshotBaseline(through.baseline));
    });

    it('stays bounded under hostile cardinality', { timeout: PATIENCE_MS }, () => {
      const run = new DetectorRun(detector, surroundings);
      const agent = scenario('acme').agent('bot');
      for (let index = 0; index < DISTINCT; index += 1) {
        const event = agent
          .at(index / 50)
          .session(`s-${index}`)
          .on('row', `r-${index}`, `t-${index}`)
          .having(hostile(index));
        run.see(event.calls(`tool_${index}`, 'write'));
      }
      const most = detector.scope === 'agent' ? AGENT_STATE_BYTES_MAX : TENANT_STATE_BYTES_MAX;
      expect(JSON.stringify(run.state).length).toBeLessThan(most);
    });

    it('is not moved by a second report of the same action', () => {
      const once = new DetectorRun(detector, surroundings);
      const twice = new DetectorRun(detector, surroundings);
      for (const event of mixed(13)) {
        const before = once.see(event);
        expect(twice.see(event)).toEqual(before);
        const again = twice.see(event, { counted: false });
        if (detector.family === 'statistical') expect(again).toEqual([]);
      }
      expect(twice.state).toEqual(once.state);
    });

    it('scores between 0 and 100 and says in words what it saw', () => {
      const run = new DetectorRun(detector, surroundings);
      for (const verdict of mixed(17).flatMap((event) => run.see(event))) {
        expect(verdict.score).toBeGreaterThanOrEqual(0);
        expect(verdict.score).toBeLessThanOrEqual(100);
        expect(verdict.title).not.toMatch(/NaN|Infinity|undefined|\n/);
        expect(verdict.explanation).toMatch(/^[A-Z].*\.$/);
        expect(Object.values(verdict.measures ?? {}).every(Number.isFinite)).toBe(true);
        expect(verdict.dedupMs).toBeGreaterThan(0);
        if (!verdict.trip) expect(verdict.held).toBeDefined();
      }
    });

    it('repeats nothing of arguments, attributes, intent or reasoning', () => {
      const run = new DetectorRun(detector, surroundings);
      const told = mixed(19).flatMap((event) => run.see(event));
      expect(JSON.stringify(told.map(({ dedupKey: _key, ...seen }) => seen))).not.toContain(CANARY);
    });

    if (detector.family === 'statistical') {
      it('trips nobody in the first hours of ordinary work', () => {
        const run = new DetectorRun(detector, surroundings);
        const random = new SeededRandom(23);
        for (let minute = 0; minute < 1_200; minute += 1) {
          for (let call = random.poisson(6); call > 0; call -= 1) {
            const event = scenario('acme').agent('bot').at(minute).reads(random.integer(40));
            expect(run.see(event).filter(({ trip }) => trip)).toEqual([]);
          }
        }
      });
    }
  });
}

/** Two days of work, then a flood and breaches of every kind, a canary in every content. */
function mixed(seed: number): readonly Event[] {
  const random = new SeededRandom(seed);
  const agent = scenario('acme')
    .agent('bot')
    .having({
      action: { name: 'search_records', op: 'read', arguments: { note: CANARY } },
      attrs: { note: CANARY },
      intent: { text: CANARY },
      reasoning: { summary: CANARY },
    });
  const events: Event[] = [];
  for (let minute = 0; minute < 2_880; minute += 1 + random.integer(3)) {
    events.push(
      withContent(
        agent
          .at(minute)
          .on('crm', `c-${minute % 50}`, 'acme')
          .reads(20),
      ),
    );
  }
  for (let index = 0; index < 300; index += 1) {
    const step = agent.at(2_881 + index / 100).session(`s-${index % 7}`);
    const foreign = step.on('crm', `g-${index}`, index % 2 === 0 ? 'globex' : 'acme');
    events.push(withContent(foreign.reads(500)));
    events.push(
      withContent(foreign.scopes(['crm.read'], ['crm.write']).writes(`tool_${index % 9}`)),
    );
    events.push(withContent(foreign.outcome('denied').calls(`evil\n${index % 5}`, 'delete')));
  }
  return [...events, ...authorities(agent.having({ attrs: { note: CANARY } }))];
}

/** Tokens, decisions and approvals, in order and out of it. */
function authorities(agent: EventBuilder): readonly Event[] {
  const kinds = ['authz_decision', 'tool_call', 'approval', 'token_use', 'admin'] as const;
  return Array.from({ length: 400 }, (_, index) => {
    const step = agent
      .at(2_900 + index / 20)
      .session(`s-${index % 5}`)
      .scopes(['crm.read'], index % 4 === 0 ? ['crm.admin'] : ['crm.read'])
      .on('crm', `c-${index}`, index % 3 === 0 ? 'globex' : 'acme')
      .outcome(index % 11 === 0 ? 'denied' : 'success')
      .having({ ...hostile(index % 23), kind: kinds[index % kinds.length] ?? 'tool_call' });
    return withContent(step.calls(`pay_${index % 3}`, 'write'));
  });
}

/** Every authority field, of a value of its own for each index. */
function hostile(index: number): Partial<AccessEvent> {
  return {
    kind: index % 2 === 0 ? 'tool_call' : 'authz_decision',
    tenant: { id: 'acme', ...(index % 5 === 0 ? { claimed: `t-${index}` } : {}) },
    clientIp: `ip-${index % 7}`,
    trace: { traceId: `trace-${index}` },
    delegation: [{ sub: `agent:a-${index}`, type: 'agent' }],
    decision: {
      verdict: index % 3 === 0 ? 'deny' : 'allow',
      id: `d-${index}`,
      policy: { id: `p-${index % 1_000}`, version: `v-${index}` },
      constraints: { max_amount: 100, currency: 'EUR', note: CANARY },
    },
    approval: {
      status: index % 2 === 0 ? 'approved' : 'pending',
      id: `q-${index}`,
      approver: `who-${index}`,
    },
    token: {
      jti: `j-${index}`,
      iss: `iss-${index % 9}`,
      ref: `ref-${index}`,
      type: 'decision+jwt',
    },
    latencyMs: 900,
  };
}

function withContent(event: Event): Event {
  return { ...event, action: { ...event.action, arguments: { note: CANARY } } };
}
