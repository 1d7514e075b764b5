import * as z from 'zod';
import {
  type AccessEvent,
  type DetectorVerdict,
  defineDetector,
  MINUTE_MS,
  NO_STATE,
  NO_VERDICTS,
  type Redacted,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  ignored_labels: z
    .array(z.string().min(1))
    .default([])
    .describe('Kinds of secret that are meant to be handed on, as `slack_webhook`.'),
  weak_labels: z
    .array(z.string().min(1))
    .default(['code', 'token', 'secret', 'password', 'cookie', 'credential', 'birth_date'])
    .describe('Kinds known by the name of their key alone; they count, but less.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same kind of secret in one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Event = Redacted<AccessEvent>;

/** A credential in what an agent sends to a tool or says: the mask of it, never the value. */
export default defineDetector<Config, Record<string, never>>({
  id: 'credential_exposure',
  version: 1,
  status: 'test',
  title: 'Credential in arguments or output',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'alert',
  tags: ['secrets', 'attack.t1552', 'owasp.llm02', 'cwe.522'],
  config: CONFIG,
  init: () => NO_STATE,
  parts: ['secrets'],
  judges: () => null,
  observe(event, _state, { config }) {
    if (event.phase === 'proposed' || event.redactions === undefined) return NO_VERDICTS;
    const found = exposures(event, config);
    if (found.length === 0) return NO_VERDICTS;
    return found.map((exposure) => verdictOn(event, exposure, config));
  },
});

interface Exposure {
  readonly label: string;
  readonly place: 'arguments' | 'output' | 'reasoning';
}

const MASK_BEGINS = '[secret:';
const MASK = /\[secret:([a-z][a-z_]{1,31})\]/g;
/** Attributes in which agents and tools say something; requests' own headers are none. */
const OUTPUT =
  /(?:^|[._])(?:messages?|completions?|results?|output|response|content|value)(?:[._]|$)/;
const NOT_OUTPUT = /(?:^|[._])(?:header|headers|cookie|authorization)(?:[._]|$)/;
const DEPTH = 16;

function exposures(event: Event, config: Config): readonly Exposure[] {
  const { action, attrs, reasoning } = event;
  const inArguments = holdsMask(action.arguments, DEPTH);
  const inAttributes = holdsMask(attrs, DEPTH + 1);
  const inReasoning = holdsMask(reasoning, DEPTH);
  // Most events with a redaction have one of something else.
  if (!inArguments && !inAttributes && !inReasoning) return NONE;
  const found = new Map<string, Exposure>();
  const note = (value: unknown, place: Exposure['place']): void =>
    eachMask(value, DEPTH, (label) => {
      if (!config.ignored_labels.includes(label) && !found.has(label))
        found.set(label, { label, place });
    });
  if (inArguments) note(action.arguments, 'arguments');
  for (const key of inAttributes ? Object.keys(attrs) : NO_KEYS) {
    const value = attrs[key];
    if (!holdsMask(value, DEPTH)) continue;
    if (OUTPUT.test(key) && !NOT_OUTPUT.test(key)) note(value, 'output');
  }
  if (inReasoning) note(reasoning, 'reasoning');
  return [...found.values()];
}

function holdsMask(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.includes(MASK_BEGINS);
  if (depth <= 0 || typeof value !== 'object' || value === null) return false;
  // Without a list of the values: this is asked of every argument of nearly every call.
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    if (holdsMask((value as { readonly [key: string]: unknown })[key], depth - 1)) return true;
  }
  return false;
}

const NONE: readonly Exposure[] = [];
const NO_KEYS: readonly string[] = [];

function eachMask(value: unknown, depth: number, visit: (label: string) => void): void {
  if (typeof value === 'string') {
    if (!value.includes(MASK_BEGINS)) return;
    for (const [, label] of value.matchAll(MASK)) if (label !== undefined) visit(label);
  } else if (depth > 0 && typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) eachMask(item, depth - 1, visit);
  }
}

function verdictOn(event: Event, { label, place }: Exposure, config: Config): DetectorVerdict {
  const weak = config.weak_labels.includes(label);
  const outward = place === 'arguments' && (event.destinations?.length ?? 0) > 0;
  const common = {
    ...{ actual: null, typical: null, probability: null },
    facts: { secret: label, place, outward: outward ? 'yes' : 'no' },
    dedupKey: [label, place, event.session?.id ?? ''].join('\n'),
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  const title = `${label.replaceAll('_', ' ')} in ${PLACES[place]}`;
  const rotate =
    'Its value was masked before anything was stored. Whoever could read the call could read it: ' +
    'have it rotated, and give the tool its credential by the broker.';
  if (weak) {
    const explanation = `A value under a key that names a credential went through. ${rotate}`;
    const level = outward ? 'medium' : 'low';
    return { ...common, level, score: outward ? 35 : 20, title, explanation, trip: null, held };
  }
  const explanation = `It has the form that its issuer gives out. ${rotate}`;
  const trip = { key: 'session', level: 2 } as const;
  return outward
    ? { ...common, level: 'high', score: 75, title: `${title}, sent out`, explanation, trip }
    : { ...common, level: 'medium', score: 45, title, explanation, trip: null, held };
}

const held = 'below_threshold';
const PLACES = {
  arguments: "a call's arguments",
  output: 'what was said',
  reasoning: 'reasoning',
} as const;
