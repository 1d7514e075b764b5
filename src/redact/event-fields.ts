import { isIP } from 'node:net';
import { isNobody } from './address.ts';
import { redactContent } from './content.ts';
import { HINT } from './hit.ts';
import { fail, type Pass, redactString, replacePersonal } from './pass.ts';
import { isHexDigit } from './text-classes.ts';
import { everyToken, REDACTION_FAILED, typeOfToken } from './tokens.ts';

/**
 * How a member of an AccessEvent is treated. `name`: an identifier, kept unless something personal
 * or secret is in it. `revocable`: an identifier that revocations and chains go by, see
 * `redactIdentifier`. `hex`: an id of exactly this many hexadecimal digits, else a name.
 * `content`: anything. `address`: an IP address. `version`: dotted numbers are no
 * addresses. `scope`: a word of a text that was taken apart at its blanks. `kept`: comes from the
 * credential or from this process.
 */
type Rule =
  | 'kept'
  | 'name'
  | 'revocable'
  | 'content'
  | 'address'
  | 'version'
  | 'scope'
  | { readonly hex: number; readonly revocable?: true }
  | { readonly each: Rule }
  | { readonly members: Readonly<Record<string, Rule>> };

const PARTY: Rule = {
  members: { sub: 'name', iss: 'name', type: 'name', roles: { each: 'name' } },
};

/** Members of AccessEvent; what is not named here is content, its key included. */
const EVENT: Readonly<Record<string, Rule>> = {
  v: 'name',
  id: 'name',
  time: 'name',
  latencyMs: 'name',
  history: 'name',
  kind: 'name',
  phase: 'name',
  reasoning: 'content',
  attrs: 'content',
  source: { members: { format: 'name', name: 'name', deliveredBy: 'name', trust: 'name' } },
  tenant: { members: { id: 'kept', claimed: 'name' } },
  agent: {
    members: {
      id: 'revocable',
      name: 'name',
      version: 'version',
      workloadId: 'revocable',
      clientId: 'revocable',
    },
  },
  session: { members: { id: 'revocable', conversationId: 'name' } },
  trace: {
    members: {
      traceId: { hex: 32, revocable: true },
      spanId: { hex: 16 },
      parentSpanId: { hex: 16 },
      requestId: 'name',
      links: { each: { members: { traceId: { hex: 32, revocable: true }, spanId: { hex: 16 } } } },
    },
  },
  parent: {
    members: {
      txn: 'revocable',
      jti: 'revocable',
      traceId: { hex: 32, revocable: true },
      taskId: 'name',
    },
  },
  principal: PARTY,
  delegation: { each: PARTY },
  action: {
    members: {
      name: 'name',
      op: 'name',
      toolCallId: 'name',
      amount: { members: { currency: 'name' } },
    },
  },
  resource: {
    members: {
      type: 'name',
      id: 'name',
      tenant: 'name',
      server: 'name',
      region: 'name',
      unit: 'name',
      sensitivity: 'name',
    },
  },
  scopes: {
    members: {
      granted: { each: 'scope' },
      required: { each: 'scope' },
      details: { each: 'content' },
    },
  },
  volume: { members: {} },
  decision: {
    members: {
      verdict: 'name',
      id: 'revocable',
      policy: { members: { id: 'name', version: 'version' } },
    },
  },
  approval: { members: { status: 'name', id: 'name', approver: 'name' } },
  token: {
    members: {
      jti: 'revocable',
      txn: 'revocable',
      iss: 'revocable',
      sub: 'name',
      aud: { each: 'name' },
      // Made here and never taken from a payload.
      ref: 'kept',
      saidRef: 'kept',
      failure: 'kept',
      type: 'kept',
      senderConstraint: 'kept',
      asserts: { each: 'kept' },
      contradicts: { each: 'kept' },
      requester: 'name',
      mayAct: PARTY,
    },
  },
  intent: { members: { scope: 'name' } },
  outcome: { members: { status: 'name' } },
  clientIp: 'address',
  retrieved: { each: { members: { type: 'name', id: 'name' } } },
};

/** Members that the redactor makes itself. */
const REDACTORS_OWN: ReadonlySet<string> = new Set([
  'destinations',
  'redactions',
  'injectionMarkers',
  'tokenAliases',
]);

/**
 * Members of the event by rule. The redactor's own are left out; members that are undefined
 * too. A member that fails becomes `[REDACTION_FAILED]`.
 */
export function redactFields(pass: Pass, event: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(event)) {
    if (REDACTORS_OWN.has(name)) continue;
    const rule = Object.hasOwn(EVENT, name) ? EVENT[name] : undefined;
    try {
      const value: unknown = Reflect.get(event, name);
      if (value === undefined) continue;
      if (rule === undefined) Object.assign(out, redactContent(pass, { [name]: value }));
      else out[name] = applyRule(pass, rule, value);
    } catch {
      if (rule === undefined) pass.failures++;
      else out[name] = fail(pass);
    }
  }
  // The engine reads members of `attrs`; a text would do, an object is what it is told to expect.
  if (out['attrs'] === REDACTION_FAILED) out['attrs'] = { content: REDACTION_FAILED };
  return out;
}

/** A name, a scope or a glob: the same for events and for the grants that they are held against. */
export function redactName(pass: Pass, text: string): string {
  if (typeOfToken(text) !== null) return text;
  return redactString(pass, text, hintsOfName(text));
}

/**
 * An identifier needed to revoke (agent, session, chain, token, issuer). What is personal in it
 * becomes a token, and a secret a keyed token of its own; `pass.identifiers` then tells what
 * brokers call it, unless that is a secret. See docs/adr/0006.
 */
export function redactIdentifier(pass: Pass, text: string): string {
  if (typeOfToken(text) !== null) return text;
  const { tokeniser } = pass;
  // Under a key that never rotates: a breaker opened on it must stay the breaker of it.
  pass.tokeniser = tokeniser.identifiers;
  try {
    const redacted = redactString(pass, text, hintsOfName(text) | HINT.revocable);
    if (redacted !== text && isTold(redacted, text)) pass.identifiers.set(redacted, text);
    return redacted;
  } finally {
    pass.tokeniser = tokeniser;
  }
}

/** Whether brokers may be told the plain form: of no secret, nor of what is a pseudonym already. */
function isTold(redacted: string, plain: string): boolean {
  const tokens = everyToken(redacted).filter(({ token }) => token);
  if (tokens.length === 0 || everyToken(plain).some(({ token }) => token)) return false;
  return tokens.every(({ text }) => {
    const type = typeOfToken(text);
    return type !== null && type !== 'secret' && type !== 'id';
  });
}

/** A name of several words may be prose. */
function hintsOfName(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code > 0x7f) return /\s/.test(text) ? HINT.none : HINT.identifier;
  }
  return HINT.identifier;
}

function applyRule(pass: Pass, rule: Rule, value: unknown): unknown {
  if (typeof value === 'number' && rule !== 'content') return value;
  if (rule === 'content') return redactContent(pass, value);
  if (typeof value === 'string') return redactScalar(pass, rule, value);
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'boolean' || value === null ? value : redactContent(pass, value);
  }
  if (Array.isArray(value)) {
    return typeof rule === 'object' && 'each' in rule
      ? redactEach(pass, rule.each, value)
      : redactContent(pass, value);
  }
  return typeof rule === 'object' && 'members' in rule
    ? redactMembers(pass, rule.members, value)
    : redactContent(pass, value);
}

/** Words that say what the next ones are. */
const TAKEN_APART = /^(?:bearer|basic|dpop|negotiate|-----BEGIN)$/i;

/** Groups of a number that was taken apart. */
const DIGITS_APART = /^[+(\d][\d()+.-]*$/;

function redactEach(pass: Pass, rule: Rule, values: readonly unknown[]): readonly unknown[] {
  const texts = values.filter((value) => typeof value === 'string');
  if (rule === 'scope' && texts.some((text) => TAKEN_APART.test(text))) {
    return redactString(pass, texts.join(' '), HINT.none).split(' ');
  }
  if (rule === 'scope' && texts.filter((text) => DIGITS_APART.test(text)).length > 1) {
    return redactString(pass, texts.join(' '), HINT.identifier).split(' ');
  }
  return mapSame(values, (item) => applyRule(pass, rule, item));
}

function redactMembers(
  pass: Pass,
  members: Readonly<Record<string, Rule>>,
  value: object,
): unknown {
  const given = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(given);
  let out: Record<string, unknown> | null = null;
  for (let index = 0; index < names.length; index++) {
    const key = names[index] ?? '';
    const before = given[key];
    const rule = Object.hasOwn(members, key) ? members[key] : undefined;
    const isKnown = rule !== undefined || typeof before === 'number';
    const after =
      isKnown && before !== undefined ? applyRuleSafely(pass, rule ?? 'name', before) : before;
    if (isKnown && before !== undefined && Object.is(after, before)) {
      if (out !== null) out[key] = after;
      continue;
    }
    out ??= copyOf(given, names, index);
    if (before === undefined) continue;
    if (isKnown) out[key] = after;
    else {
      const redacted = redactContent(pass, { [key]: before });
      Object.assign(out, typeof redacted === 'object' ? redacted : null);
    }
  }
  return out ?? value;
}

/** The first members of a value, which stay as they are. */
function copyOf(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  count: number,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (let index = 0; index < count; index++) {
    const name = names[index] ?? '';
    out[name] = given[name];
  }
  return out;
}

function applyRuleSafely(pass: Pass, rule: Rule, value: unknown): unknown {
  try {
    return applyRule(pass, rule, value);
  } catch {
    return fail(pass);
  }
}

function redactScalar(pass: Pass, rule: Exclude<Rule, 'content'>, text: string): string {
  if (rule === 'kept') return text;
  if (rule === 'address') return redactAddress(pass, text);
  if (rule === 'version') return redactString(pass, text, HINT.identifier | HINT.version);
  if (rule === 'revocable') return redactIdentifier(pass, text);
  if (typeof rule === 'object' && 'hex' in rule) {
    if (isHex(text, rule.hex)) return text;
    if (rule.revocable) return redactIdentifier(pass, text);
  }
  return redactName(pass, text);
}

function redactAddress(pass: Pass, text: string): string {
  const address = text.trim();
  if (isIP(address) === 0) return redactName(pass, text);
  return isNobody(address) ? text : replacePersonal(pass, 'ip', address);
}

function isHex(text: string, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at++) {
    if (!isHexDigit(text.charCodeAt(at))) return false;
  }
  return true;
}

function mapSame(values: readonly unknown[], map: (value: unknown) => unknown): readonly unknown[] {
  const out = values.map(map);
  return out.every((value, index) => Object.is(value, values[index])) ? values : out;
}
