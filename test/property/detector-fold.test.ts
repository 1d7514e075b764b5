import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REGISTRY } from '../../src/components.ts';
import {
  type AccessEvent,
  EVENT_KINDS,
  OPERATIONS,
  OUTCOMES,
  VERDICTS,
} from '../../src/core/access-event.ts';
import type { Finding } from '../../src/core/finding.ts';
import type { Redacted } from '../../src/core/redacted.ts';
import { FoldRun } from '../../src/engine/detect/testing/fold-run.ts';
import { SCENARIO_START, scenario } from '../../src/engine/detect/testing/scenario.ts';

/** Tells what was typed into content, wherever it should turn up again. */
const CANARY = 'canary-7f3a91';
const RUNS = { numRuns: 12 };

const few = (prefix: string, most = 4) =>
  fc.integer({ min: 0, max: most }).map((index) => `${prefix}-${index}`);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });

const STEP = fc.record({
  minute: fc.integer({ min: 0, max: 600 }),
  agent: few('bot', 3),
  session: few('s'),
  kind: fc.constantFrom(...EVENT_KINDS),
  op: fc.constantFrom(...OPERATIONS),
  tool: few('pay', 3),
  outcome: fc.constantFrom(...OUTCOMES),
  trust: fc.constantFrom('agent', 'broker', 'pdp', 'resource'),
  phase: fc.constantFrom('executed', 'executed', 'executed', 'proposed'),
  trace: few('trace'),
  call: maybe(few('call', 9)),
  owner: fc.constantFrom('acme', 'globex', undefined),
  claimed: fc.constantFrom(undefined, undefined, 'globex', 'initech', 'umbrella'),
  amount: fc.constantFrom(undefined, 5, 195, 198, 199, 250, Number.NaN, -300),
  verdict: maybe(fc.constantFrom(...VERDICTS)),
  version: maybe(fc.constantFrom('11', '12', '13', 'b1946ac')),
  approval: maybe(fc.constantFrom('approved', 'rejected', 'pending')),
  jti: maybe(few('j')),
  ref: maybe(few('ref', 1)),
  type: fc.constantFrom('decision+jwt', 'at+jwt'),
  ip: maybe(few('ip', 2)),
  scopes: maybe(fc.constantFrom('crm.read', 'crm.admin')),
});
type Step = typeof STEP extends fc.Arbitrary<infer Value> ? Value : never;
type Event = Redacted<AccessEvent>;

function eventsOf(tenant: string, steps: readonly Step[]): Event[] {
  const builder = scenario(tenant);
  let minute = 0;
  return steps.map((step) => {
    // In order of time mostly: what is too late is not judged by most.
    minute += step.minute % 7;
    const { amount, jti, ref, type } = step;
    const made = builder
      .agent(step.agent)
      .at(minute)
      .session(step.session)
      .on('crm', 'c-1', step.owner)
      .outcome(step.outcome)
      .having({
        kind: step.kind,
        phase: step.phase as 'executed' | 'proposed',
        source: { format: 'native', deliveredBy: `by-${step.trust}`, trust: step.trust as 'agent' },
        tenant: { id: tenant, ...(step.claimed === undefined ? {} : { claimed: step.claimed }) },
        trace: { traceId: step.trace },
        intent: { text: CANARY },
        reasoning: { summary: CANARY },
        attrs: { note: CANARY },
        ...(step.ip === undefined ? {} : { clientIp: step.ip }),
        ...(step.scopes === undefined
          ? {}
          : { scopes: { granted: ['crm.read'], required: [step.scopes] } }),
        ...(step.verdict === undefined
          ? {}
          : {
              decision: {
                verdict: step.verdict,
                constraints: { max_amount: 200, note: CANARY },
                ...(step.version === undefined ? {} : { policy: { version: step.version } }),
              },
            }),
        ...(step.approval === undefined
          ? {}
          : { approval: { status: step.approval, id: `a-${step.session}`, approver: 'kim' } }),
        ...(jti === undefined
          ? {}
          : { token: { jti, type, verified: true, ...(ref === undefined ? {} : { ref }) } }),
      })
      .calls(step.tool, step.op);
    const action = {
      ...made.action,
      arguments: { note: CANARY },
      ...(amount === undefined ? {} : { amount: { value: amount, currency: 'EUR' } }),
      ...(step.call === undefined ? {} : { toolCallId: step.call }),
    };
    return { ...made, action };
  });
}

const STEPS = fc.array(STEP, { minLength: 30, maxLength: 120 });
const GRANTS = {
  agents: [
    {
      tenant: 'acme',
      agent: '*',
      tools: ['pay-*'],
      approval: { requiredFor: ['pay-1'], maxAmount: 200 },
    },
  ],
};

function engine(tenants: readonly string[] = ['acme']): FoldRun {
  const run = new FoldRun(REGISTRY.detectors);
  for (const tenant of tenants) run.grant(tenant, GRANTS);
  return run;
}

const withoutId = ({ id: _id, ...rest }: Finding): object => rest;
const END = SCENARIO_START + 24 * 3_600_000;

describe('every detector, in the whole engine', () => {
  it('gives the same findings on the same log, and repeats no content', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const [first, second] = [engine(), engine()];
        const events = eventsOf('acme', steps);
        const found = [...first.see(...events), ...first.tick(END)];
        expect([...second.see(...events), ...second.tick(END)]).toEqual(found);
        expect(JSON.stringify(found)).not.toContain(CANARY);
        expect(found.every(({ title }) => !/NaN|undefined|Infinity|\n/.test(title))).toBe(true);
      }),
      RUNS,
    );
  });

  it('goes on after a snapshot at any place as if nothing had happened', () => {
    fc.assert(
      fc.property(STEPS, fc.nat(), (steps, at) => {
        const [through, restarted] = [engine(), engine()];
        const events = eventsOf('acme', steps);
        const place = at % events.length;
        through.see(...events.slice(0, place));
        restarted.see(...events.slice(0, place));
        restarted.restart();
        const rest = events.slice(place);
        expect(restarted.see(...rest)).toEqual(through.see(...rest));
        expect(restarted.tick(END)).toEqual(through.tick(END));
        expect(restarted.text()).toBe(through.text());
      }),
      RUNS,
    );
  });

  it('sees nothing of another tenant, whatever names they share', () => {
    fc.assert(
      fc.property(STEPS, STEPS, (steps, others) => {
        const [alone, beside] = [engine(), engine(['acme', 'globex'])];
        const own = eventsOf('acme', steps);
        const foreign = eventsOf('globex', others);
        const expected = own.flatMap((event) => alone.see(event)).map(withoutId);
        const found = own.flatMap((event, index) => {
          const other = foreign[index];
          const mine = beside.see(event);
          // At the same log time, so that only the other tenant differs.
          if (other !== undefined) beside.see({ ...other, time: event.time });
          return mine;
        });
        expect(found.map(withoutId)).toEqual(expected);
      }),
      RUNS,
    );
  });

  it('is not moved by an event that is sent again', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const [once, twice] = [engine(), engine()];
        for (const event of eventsOf('acme', steps)) {
          // A proposal is a question: asked again, it is answered again.
          if (event.phase === 'proposed') continue;
          const found = once.see(event).map(withoutId);
          expect(twice.see(event).map(withoutId)).toEqual(found);
          expect(twice.see(event)).toEqual([]);
        }
        expect(twice.tick(END).map(withoutId)).toEqual(once.tick(END).map(withoutId));
      }),
      RUNS,
    );
  });
});
