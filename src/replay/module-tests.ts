import type { ReceivedEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { AnyDetector } from '../engine/detect/detector.ts';
import { offlineRedactor } from '../offline.ts';
import { parseNativeValue } from '../receivers/audit/native.ts';
import { OfflineFold } from './offline-fold.ts';
import type { RuleTestResult } from './rule-tests.ts';

const START = Date.UTC(2026, 0, 5, 9);
const CANARY = 'canary-7f3a91';
const EVENTS = 600;
const DISTINCT = 20_000;
const AGENT_STATE_BYTES_MAX = 16 * 1_024;
const TENANT_STATE_BYTES_MAX = 1_024 * 1_024;

/**
 * Holds a detector of the user to the contract of detectors/README.md, through redactor and engine:
 * the same findings on the same log, after a restart and beside other tenants, bounded state, inert
 * duplicates, no content repeated.
 */
export function runModuleTests(detector: AnyDetector): readonly RuleTestResult[] {
  const events = mixed('acme');
  const plain = findingsOf(detector, events);
  const checks: readonly (readonly [string, () => string])[] = [
    ['does not fail', () => (plain.includes('"detector_failed"') ? 'it threw on an event' : '')],
    ['is deterministic', () => differs(plain, findingsOf(detector, events))],
    [
      'goes on after a restart',
      () => differs(plain, findingsOf(detector, events, { restart: 97 })),
    ],
    ['keeps tenants apart', () => differs(plain, findingsOf(detector, beside(events)))],
    [
      'takes a second report for the same action',
      () => differs(plain, findingsOf(detector, twice(events))),
    ],
    ['repeats no content', () => (plain.includes(CANARY) ? 'a finding holds content' : '')],
    ['stays bounded', () => unbounded(detector)],
  ];
  return checks.map(([test, check]) => {
    const detail = check();
    const passed = detail === '';
    const got = passed ? 'quiet' : 'error';
    return { rule: detector.id, test, passed, expected: 'quiet', got, detail };
  });
}

function differs(plain: string, other: string): string {
  return plain === other ? '' : 'the findings differ';
}

function foldOf(detector: AnyDetector): OfflineFold {
  const fold = new OfflineFold({
    shard: { registry: { detectors: [detector] }, initialPosture: 'enforce' },
    redactor: offlineRedactor(),
    sender: { name: 'test', roles: ['ingest'], tenants: '*', trust: 'broker' },
  });
  fold.configure('acme', { detectors: { [detector.id]: { mode: 'alert' } } });
  return fold;
}

/** What the detector, or the engine of it, finds in the tenant under test, as text. */
function findingsOf(
  detector: AnyDetector,
  events: readonly ReceivedEvent[],
  { restart = 0 }: { readonly restart?: number } = {},
): string {
  const fold = foldOf(detector);
  const found: string[] = [];
  for (const [index, event] of events.entries()) {
    if (restart > 0 && index % restart === 0) fold.restart();
    const effects = fold.event(event, index, false);
    if ('code' in effects) continue;
    for (const effect of effects) {
      if (effect.kind !== 'finding' || effect.tenant !== 'acme') continue;
      const { id: _id, eventId, ...rest } = effect.decision;
      if (rest.detector !== 'id_conflict') found.push(JSON.stringify([eventId, rest]));
    }
  }
  return found.join('\n');
}

function unbounded(detector: AnyDetector): string {
  const fold = foldOf(detector);
  for (let index = 0; index < DISTINCT; index += 1) {
    const received = eventOf('acme', `d-${index}`, START + index * 1_000, {
      session: { id: `s-${index}` },
      action: { name: `tool_${index}`, op: 'write' },
      resource: { type: 'row', id: `r-${index}`, tenant: `t-${index}` },
    });
    if (received) fold.event(received, index, false);
  }
  const most = detector.scope === 'agent' ? AGENT_STATE_BYTES_MAX : TENANT_STATE_BYTES_MAX;
  const bytes = fold.stateTextOf(detector.id).length;
  return bytes <= most ? '' : `its state grew to ${bytes} characters, more than ${most}`;
}

/** Reads, then writes, refusals and foreign resources, with a canary in every content. */
function mixed(tenant: string): readonly ReceivedEvent[] {
  const events: ReceivedEvent[] = [];
  for (let index = 0; index < EVENTS; index += 1) {
    const late = index > EVENTS / 2;
    const received = eventOf(tenant, `e-${index}`, START + index * MINUTE_MS, {
      session: { id: `s-${index % 7}` },
      action: {
        name: late ? `tool_${index % 9}` : 'search',
        op: late && index % 2 === 0 ? 'write' : 'read',
        tool_call_id: `call-${index}`,
        arguments: { note: CANARY, to: `p${index % 40}@example.com` },
      },
      resource: { type: 'crm', id: `c-${index % 50}`, tenant: index % 5 === 4 ? 'globex' : tenant },
      volume: { records: late ? 500 : 10 },
      outcome: { status: late && index % 3 === 0 ? 'denied' : 'success' },
      intent: { text: CANARY },
      reasoning: { summary: CANARY },
      attrs: { note: CANARY },
    });
    if (received) events.push(received);
  }
  return events;
}

/** The same events, each followed by one of another tenant. */
function beside(events: readonly ReceivedEvent[]): readonly ReceivedEvent[] {
  const others = mixed('globex');
  return events.flatMap((event, index) => [event, ...others.slice(index, index + 1)]);
}

/** The same events, each reported by a second source too. */
function twice(events: readonly ReceivedEvent[]): readonly ReceivedEvent[] {
  return events.flatMap((event) => [
    event,
    { ...event, id: `${event.id}-again`, source: { ...event.source, name: 'audit' } },
  ]);
}

function eventOf(tenant: string, id: string, time: number, more: object): ReceivedEvent | null {
  const given = { id, time, tenant, agent: { id: 'bot' }, ...more };
  const read = parseNativeValue(given, LIMITS.listItems);
  return 'event' in read ? read.event : null;
}
