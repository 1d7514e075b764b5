import {
  type AccessEvent,
  EVENT_KINDS,
  OPERATIONS,
  OUTCOMES,
  TRUST_ORDER,
} from '../../core/access-event.ts';
import type { FoldedEntry } from '../../core/entry.ts';
import { hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { HOUR_MS } from '../../core/time.ts';
import { EntryWriter, START } from './entries.ts';

/** A bit more than half an hour, so that every hour of the week comes round in four days or so. */
const STEP_MS = 0.55 * HOUR_MS;
const FEW = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const WORDS = Array.from({ length: LIMITS.intentWords }, (_, at) => at);

/**
 * The log of one agent, `bot` of `acme`, that fills whatever is kept of it: every kind of event,
 * names and ids that are as long as the receivers let through and never come again, sizes that are
 * no round numbers, through all hours of the week. A round is one event, and a tick now and then.
 */
export function* hostileAgent(rounds: number): Generator<FoldedEntry> {
  const write = new EntryWriter();
  for (let round = 0; round < rounds; round += 1) {
    const time = START + Math.round(round * STEP_MS);
    if (round % 16 === 0) yield write.tick(time);
    yield write.input({ ...hostileEvent(round), id: name('event', round), time }, time);
  }
}

function hostileEvent(round: number): Partial<AccessEvent> {
  const of = (what: string): string => name(what, round);
  const any = (what: string): number => (hashOf(what + round).low >>> 0) / 2 ** 32;
  const pick = <Item>(items: readonly Item[], what: string): Item =>
    items[Math.floor(any(what) * items.length)] as Item;
  return {
    kind: any('call') < 0.6 ? 'tool_call' : pick(EVENT_KINDS, 'kind'),
    source: { format: 'native', deliveredBy: 'broker', trust: pick(TRUST_ORDER, 'trust') },
    tenant: any('claim') < 0.1 ? { id: 'acme', claimed: of('tenant') } : { id: 'acme' },
    agent: { id: 'bot', version: of('version') },
    session: { id: of('session'), conversationId: of('conversation') },
    trace: { traceId: of('trace') },
    principal: { sub: of('person'), type: 'user' },
    delegation: [{ sub: of('delegate'), type: 'agent' }],
    action: {
      name: of('tool'),
      op: pick(OPERATIONS, 'op'),
      toolCallId: of('call'),
      arguments: { text: of('text'), key: `[secret:${secretOf(round)}]` },
      amount: { value: 1_000 * any('amount'), currency: 'EUR' },
    },
    resource: { type: of('type'), id: of('resource'), tenant: of('owner'), region: of('region') },
    destinations: FEW.map((at) => ({ type: 'domain', value: of(`to${at}`), group: of('group') })),
    scopes: { granted: FEW.map((at) => of(`scope${at}`)), required: [of('required')] },
    volume: {
      records: 1 + 1e6 * any('records'),
      bytesOut: 1 + 1e12 * any('bytes'),
      tokensIn: 1 + 1e6 * any('tokens'),
      costUsd: 10 * any('cost'),
    },
    decision: {
      verdict: any('deny') < 0.3 ? 'deny' : 'allow',
      id: of('decision'),
      policy: { id: of('policy'), version: `${round}` },
    },
    approval: { status: pick(['approved', 'denied'], 'status'), approver: of('approver') },
    token: { jti: of('token'), iss: of('issuer'), type: 'decision+jwt' },
    intent: { text: WORDS.map((at) => `w${at}x${round}`).join(' ') },
    outcome: { status: any('works') < 0.5 ? 'success' : pick(OUTCOMES, 'outcome') },
    latencyMs: 1e5 * any('latency'),
    redactions: { 'secret:x': 1 },
    injectionMarkers: { [of('marker')]: 1 },
  };
}

/** As long as an identifier may be, and unlike any other. */
function name(what: string, round: number): string {
  return `${what}-${round}-`.padEnd(LIMITS.identifierChars, 'long ');
}

/** A label of a secret: letters only. */
function secretOf(round: number): string {
  return `${[...`${round}`].map((digit) => 'abcdefghij'[Number(digit)]).join('')}key`;
}
