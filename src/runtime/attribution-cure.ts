import type { Seen, Unattributed } from '../ports/ingest-status.ts';

type Missing = Unattributed['missing'];

/** Words of an attribute's name that suggest what it holds; ids before names before the rest. */
const WORDS: Readonly<Record<Missing, RegExp>> = {
  agent: /(?:^|[._-])(?:agent|assistant|bot|worker|crew|actor|caller|workload|service_account)/i,
  tenant: /(?:^|[._-])(?:tenant|org|organi[sz]ation|account|customer|workspace|team|project)/i,
  operation: /(?:^|[._-])(?:op|operation|verb|method|action)/i,
  action: /(?:^|[._-])(?:tool|function|skill|operation|action|command|method)/i,
};

const FIELDS: Readonly<Record<Missing, string>> = {
  agent: 'agent.id',
  tenant: 'tenant',
  operation: 'action.op',
  action: 'action.name',
};

const SHOWN = 3;

/** Whether an attribute may be what is missing, by its name alone. */
export function isCandidate(missing: Missing, key: string): boolean {
  return WORDS[missing].test(key);
}

/**
 * JSON pointers to the texts of a record that may be what is missing, from the record's shape as
 * receivers write it: `{input: {caller: text}}`.
 */
export function candidatesIn(shape: string, missing: Missing): readonly string[] {
  const found: string[] = [];
  const within: string[] = [];
  for (const [token, name = '', what] of shape.matchAll(/([^{},\s]+): (\{|text)?|\}/g)) {
    if (token === '}') within.pop();
    else if (what === '{') within.push(stepOf(name));
    else if (what === 'text' && isCandidate(missing, [...within, name].join('.'))) {
      found.push(`/${[...within, stepOf(name)].join('/')}`);
    }
  }
  return found.filter((pointer) => !pointer.includes('['));
}

/** One step of a JSON pointer (RFC 6901, section 3). */
function stepOf(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The exact lines that would attribute such records, and where they go. */
export function cureOf(
  missing: Missing,
  candidates: readonly Seen[],
  format: string,
): Pick<Unattributed, 'fix' | 'fixIn'> {
  const keys = candidates.map(({ key }) => key).filter((key) => !key.startsWith('['));
  if (missing === 'operation') {
    const lines = keys
      .slice(0, SHOWN)
      .map((name) => `  - { match: ${quoted(name)}, op: write }   # or read, list, delete, …`);
    return { fix: ['actions:', ...lines].join('\n'), fixIn: 'grants' };
  }
  const isOtlp = format.startsWith('otlp.');
  if (isOtlp && keys.length > 0) {
    const list = [...keys].sort(byPromise).slice(0, SHOWN).map(quoted).join(', ');
    return { fix: `aliases:\n  ${FIELDS[missing]}: [${list}]`, fixIn: 'configuration' };
  }
  if (missing === 'agent' && !isOtlp && format !== 'native') {
    return { fix: auditAgent(format, [...keys].sort(byPromise)), fixIn: 'configuration' };
  }
  if (!isOtlp) return { fix: NATIVE[missing], fixIn: 'sender' };
  return { fix: OTLP[missing], fixIn: 'sender' };
}

/** Formats other than OPA take a profile of one's own, which is tried before them. */
function auditAgent(format: string, keys: readonly string[]): string {
  const isOpa = format === 'opa' || keys.some((key) => key.startsWith('/input/'));
  const list = (usual: string): string => {
    const shown = keys.length > 0 ? keys.slice(0, SHOWN) : [usual];
    return shown.map((key) => (/^[\w/.~-]+$/.test(key) ? key : JSON.stringify(key))).join(', ');
  };
  if (isOpa) return `audit:\n  opa:\n    agent: [${list('/input/caller/id')}]`;
  const lines = ['audit:', '  profiles:', '    - profile: my-log   # docs/audit-profiles.md'];
  return [...lines, `      agent: { id: [${list('/actor/id')}] }`].join('\n');
}

const NATIVE: Readonly<Record<Missing, string>> = {
  agent: '"agent": {"id": "my-agent"}',
  tenant: '"tenant": "acme"',
  operation: '"action": {"name": "…", "op": "write"}',
  action: '"action": {"name": "search_orders"}',
};

const OTLP: Readonly<Record<Missing, string>> = {
  agent: 'OTEL_RESOURCE_ATTRIBUTES=gen_ai.agent.id=my-agent',
  tenant: 'OTEL_RESOURCE_ATTRIBUTES=tripcoil.tenant=acme',
  operation: 'tripcoil.action.op=write',
  action: 'tripcoil.kind=tool_call and tripcoil.action.name=search_orders on the span of a call',
};

/** `…id` is what tells apart, `…name` what people call it. */
function byPromise(left: string, right: string): number {
  return promise(right) - promise(left);
}

function promise(key: string): number {
  if (/(?:^|[./_-])id$/i.test(key)) return 2;
  return /(?:^|[./_-])name$/i.test(key) ? 1 : 0;
}

function quoted(key: string): string {
  return /^[A-Za-z][\w.-]*$/.test(key) ? key : JSON.stringify(key);
}
