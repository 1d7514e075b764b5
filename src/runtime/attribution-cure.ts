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
  if (!isOtlp) return { fix: NATIVE[missing], fixIn: 'sender' };
  return { fix: OTLP[missing], fixIn: 'sender' };
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
  if (/(?:^|[._-])id$/i.test(key)) return 2;
  return /(?:^|[._-])name$/i.test(key) ? 1 : 0;
}

function quoted(key: string): string {
  return /^[A-Za-z][\w.-]*$/.test(key) ? key : JSON.stringify(key);
}
