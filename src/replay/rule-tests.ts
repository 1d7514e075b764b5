import { durationMs } from '../config/duration.ts';
import type { ReadRule, RuleTest, TestEvent } from '../config/rules.ts';
import { LIMITS } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';
import { offlineRedactor } from '../offline.ts';
import { parseNativeValue } from '../receivers/audit/native.ts';
import { OfflineFold } from './offline-fold.ts';

/** What became of one test of a rule. */
export interface RuleTestResult {
  readonly rule: string;
  readonly test: string;
  readonly passed: boolean;
  readonly expected: 'fires' | 'quiet';
  readonly got: 'fires' | 'quiet' | 'error';
  /** Why it may have gone wrong; empty where there is nothing to say. */
  readonly detail: string;
}

const TENANT = 'default';
/** Monday, 09:00 UTC. */
const START = Date.UTC(2026, 0, 5, 9);

/** Runs a rule's own tests through redactor and engine, each from an empty state. */
export function runRuleTests({ rule, exceptions, tests }: ReadRule): readonly RuleTestResult[] {
  return tests.map((test) => {
    const expected = test.fires ? 'fires' : 'quiet';
    const fold = new OfflineFold({
      shard: { registry: { detectors: [] }, initialPosture: 'enforce' },
      redactor: offlineRedactor(),
      sender: { name: 'test', roles: ['ingest'], tenants: '*', trust: 'broker' },
    });
    const tenants = new Set(test.events.map(tenantOf));
    // A rule is tested as it would be alive, whatever its mode is today.
    const rules = [{ ...rule, mode: 'alert' as const }];
    for (const tenant of tenants) fold.configure(tenant, { detectors: {}, rules, exceptions });
    const { fired, fault } = run(fold, test, rule.id);
    const got = fault !== null ? 'error' : fired ? 'fires' : 'quiet';
    const passed = got === expected;
    const blind = passed ? null : fold.blindOf(rule.id);
    const detail = fault ?? (blind === null ? '' : `an event lacks ${blind}`);
    return { rule: rule.id, test: test.name, passed, expected, got, detail };
  });
}

function run(
  fold: OfflineFold,
  { events }: RuleTest,
  rule: string,
): { readonly fired: boolean; readonly fault: string | null } {
  let fired = false;
  let position = 0;
  for (const [index, given] of events.entries()) {
    const times = timesOf(given, index);
    if (typeof times === 'string') return { fired, fault: `event ${index + 1}: ${times}` };
    for (const time of times) {
      position += 1;
      const read = parseNativeValue(nativeOf(given, position, time), position);
      if ('reject' in read) {
        const { path, message } = read.reject;
        return { fired, fault: `event ${index + 1}: ${path} ${message}` };
      }
      const effects = fold.event(read.event, position, false);
      if ('code' in effects) return { fired, fault: `event ${index + 1}: ${effects.message}` };
      for (const effect of effects) {
        if (effect.kind !== 'finding' || effect.decision.detector !== rule) continue;
        const { decision } = effect.decision;
        if (decision.tripped || decision.why !== 'suppressed') fired = true;
      }
    }
  }
  return { fired, fault: null };
}

/** When an event comes, and comes again; or what is wrong with how the test says it. */
function timesOf(given: TestEvent, index: number): readonly number[] | string {
  const { at, repeat = 1, every = '1s' } = given;
  const isSpan = (text: unknown): text is string =>
    typeof text === 'string' && /^\d{1,6}[smhd]$/.test(text);
  if (at !== undefined && !isSpan(at)) return 'at is a span of time such as 5m';
  if (!isSpan(every)) return 'every is a span of time such as 10s';
  const times = Number(repeat);
  if (!Number.isInteger(times) || times < 1 || times > LIMITS.ruleTestEvents) {
    return `repeat is a number from 1 to ${LIMITS.ruleTestEvents}`;
  }
  const start = START + (at === undefined ? index * SECOND_MS : durationMs(at));
  return Array.from({ length: times }, (_none, turn) => start + turn * durationMs(every));
}

function nativeOf(given: TestEvent, position: number, time: number): TestEvent {
  const { at: _at, repeat: _repeat, every: _every, ...event } = given;
  const agent = typeof event['agent'] === 'object' ? event['agent'] : {};
  return {
    id: `event-${position}`,
    time,
    ...event,
    tenant: tenantOf(given),
    agent: { id: 'agent-1', ...agent },
  };
}

function tenantOf(given: TestEvent): string {
  return typeof given['tenant'] === 'string' ? given['tenant'] : TENANT;
}
