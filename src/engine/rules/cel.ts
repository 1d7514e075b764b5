import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { AccessEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { matchesGlob } from '../detect/glob.ts';
import { camelOf, EVENT_SHAPE, eventMembers, type Shape } from './event-shape.ts';

/** Functions and macros of CEL that rules have; docs/rules.md says why others are missing. */
export const RULE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['has', 'size', 'int', 'double', 'string', 'bool', 'timestamp', 'duration'],
  ...['exists', 'exists_one', 'all', 'filter', 'map'],
  ...['startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'glob'],
  ...['indexOf', 'lastIndexOf', 'substring'],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear'],
  ...['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'],
]);

/** Macros that go through a list; they do not nest, so that a condition is linear in its event. */
export const LOOPS: ReadonlySet<string> = new Set(['exists', 'exists_one', 'all', 'filter', 'map']);

type Members = Readonly<Record<string, unknown>>;
/** Makes of a value of the event model what conditions see of it. */
type Present = (value: unknown) => unknown;

const ROOT = 'tripcoil.event';
class EventMessage {}

const small: Present = (value) => (isSmall(value) ? value : undefined);
const PLAIN: Readonly<Record<string, Present>> = {
  'google.protobuf.Timestamp': (value) => (value === undefined ? value : new Date(value as number)),
  dyn: small,
  'map<string, dyn>': small,
};
/** The members of each message: its name, its name in the event model, and its presentation. */
const TYPES = new Map<string, readonly (readonly [string, string, Present])[]>();

const MIXED = [
  ['double', 'int'],
  ['int', 'double'],
] as const;

/** One environment for every rule: `event` with its types, and no other name. */
export const RULE_ENVIRONMENT: Environment = environment();

/** The parts of a node that are nodes themselves. */
export function partsOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args as readonly ASTNode[];
  }
}

/** Members of the event that some condition reads; the others are not worth presenting. */
const asked = new Map<string, (event: Members) => unknown>();
let latest: { readonly event: AccessEvent; readonly view: object } | null = null;

/** Has the member be part of every view from here on. */
export function askFor(member: string): void {
  const type = TYPES.get(ROOT)?.find(([name]) => name === member);
  if (type === undefined || asked.has(member)) return;
  const [, camel, present] = type;
  asked.set(member, (event) => present(event[camel]));
  latest = null;
}

/**
 * The event as conditions see it. Every message is there, empty where nothing was reported, so that
 * `has(event.volume.records)` needs no other question before it. Kept for the next rule.
 */
export function viewOf(event: AccessEvent): object {
  if (latest?.event === event) return latest.view;
  const members = eventMembers(event);
  const view = new EventMessage() as Record<string, unknown>;
  for (const [member, present] of asked) view[member] = present(members);
  latest = { event, view };
  return view;
}

function environment(): Environment {
  const env = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: LIMITS.ruleNodes,
      maxDepth: LIMITS.ruleDepth,
      maxListElements: LIMITS.ruleNodes,
      maxMapEntries: LIMITS.ruleNodes,
      maxCallArguments: 8,
    },
  });
  env.registerVariable('event', registered(env, ROOT, EVENT_SHAPE)[0]);
  env.registerFunction('string.glob(string): bool', (text: string, glob: string) =>
    matchesGlob(glob, text),
  );
  // Figures of events are doubles; what is written `200` in a rule is an int.
  for (const [left, right] of MIXED) {
    env.registerOperator(`${left} + ${right}`, (a: number, b: number) => Number(a) + Number(b));
    env.registerOperator(`${left} - ${right}`, (a: number, b: number) => Number(a) - Number(b));
    env.registerOperator(`${left} * ${right}`, (a: number, b: number) => Number(a) * Number(b));
    env.registerOperator(`${left} / ${right}`, (a: number, b: number) => Number(a) / Number(b));
  }
  env.registerOperator('double == int', (a: number, b: bigint) => a === Number(b));
  return env;
}

/** Registers the type of a shape with the function that presents a value of it. */
function registered(env: Environment, name: string, shape: Shape): readonly [string, Present] {
  if (typeof shape === 'string') return [shape, PLAIN[shape] ?? ((value) => value)];
  if (Array.isArray(shape)) {
    const [item, present] = registered(env, name, shape[0]);
    const presentAll: Present = (value) => (value as readonly unknown[] | undefined)?.map(present);
    return [`list<${item}>`, presentAll];
  }
  const fields: Record<string, string> = {};
  const members: (readonly [string, string, Present])[] = [];
  for (const [member, inner] of Object.entries(shape as Readonly<Record<string, Shape>>)) {
    const [type, present] = registered(env, `${name}.${member}`, inner);
    fields[member] = type;
    members.push([member, camelOf(member), present]);
  }
  // Each type needs a class of its own: the library tells types apart by the constructor.
  const Message = name === ROOT ? EventMessage : class {};
  env.registerType(name, { ctor: Message, fields });
  TYPES.set(name, members);
  const present: Present = (value) => {
    const message = new Message() as Record<string, unknown>;
    if (value === undefined) return message;
    for (const [member, camel, presentInner] of members) {
      const inner = (value as Members)[camel];
      if (inner !== undefined || TYPES.has(`${name}.${member}`)) {
        message[member] = presentInner(inner);
      }
    }
    return message;
  };
  return [name, present];
}

/** Content beyond the limit is as if absent: a condition that needs it cannot judge the event. */
function isSmall(value: unknown): boolean {
  let left: number = LIMITS.ruleContentValues;
  const count = (inner: unknown): boolean => {
    left -= 1;
    if (left < 0) return false;
    if (typeof inner !== 'object' || inner === null) return true;
    return Object.values(inner).every(count);
  };
  return count(value);
}
