import {
  commandOf,
  type ExportedEntry,
  eventOf,
  findingOf,
  revocationOf,
  timeOf,
  transitionOf,
} from './exported-entry.ts';

const COLUMNS = [
  ...['seq', 'time', 'logged_at', 'kind', 'tenant', 'agent', 'session', 'chain', 'event_id'],
  ...['what', 'operation', 'resource', 'principal', 'decision', 'outcome', 'records'],
  ...['level', 'score', 'reason', 'actor', 'commitment_sha256'],
] as const;
type Cells = Partial<Record<(typeof COLUMNS)[number], string | number | null | undefined>>;

/** Entries as a table (RFC 4180), in which no cell is a formula to a spreadsheet. */
export function csvOf(entries: readonly ExportedEntry[]): string {
  const rows = entries.map((entry) => {
    const cells: Cells = {
      ...{ seq: entry.seq, time: timeOf(entry), kind: entry.kind, tenant: entry.tenant },
      ...{ logged_at: new Date(entry.loggedAt).toISOString() },
      ...cellsOf(entry),
      commitment_sha256: entry.commitment,
    };
    return COLUMNS.map((column) => cellText(cells[column])).join(',');
  });
  return `${[COLUMNS.join(','), ...rows].join('\r\n')}\r\n`;
}

function cellsOf(entry: ExportedEntry): Cells {
  const event = eventOf(entry);
  if (event) {
    const { agent, session, trace, action, resource, principal, decision, outcome, volume } = event;
    return {
      ...{ agent: agent.id, session: session?.id, chain: trace?.traceId, event_id: event.id },
      ...{ what: action.name, operation: action.op, principal: principal?.sub },
      resource: resource && [resource.type, resource.id].filter(Boolean).join(':'),
      ...{ decision: decision?.verdict, outcome: outcome.status, records: volume?.records },
    };
  }
  const finding = findingOf(entry);
  if (finding) {
    const { agent, session, chain, eventId, detector, level, score, title } = finding;
    const outcome = finding.decision.tripped ? 'tripped' : finding.decision.why;
    return {
      ...{ agent, session, chain, event_id: eventId, what: detector },
      ...{ level, score, outcome, reason: title },
    };
  }
  return cellsOfDecision(entry);
}

function cellsOfDecision(entry: ExportedEntry): Cells {
  const transition = transitionOf(entry);
  if (transition) {
    const { key, from, to, level, reason, actor, eventId } = transition;
    const agent = key.kind === 'agent' ? key.id : key.agent;
    const what = `${key.kind} ${key.id}: ${from} to ${to}`;
    return { agent, event_id: eventId, what, level: `L${level}`, reason, actor };
  }
  const revocation = revocationOf(entry);
  if (revocation) {
    const { agent, key, level, reason, eventId, jti } = revocation;
    const what = `revocation ${jti} of ${key.kind} ${key.id}`;
    return { agent, event_id: eventId, what, level: `L${level}`, reason };
  }
  const command = commandOf(entry);
  if (command) return { what: command.type, reason: command.reason, actor: command.actor };
  const { receiver, status, jti, type } = entry.body as Readonly<Record<string, unknown>>;
  return {
    what: [type ?? entry.kind, jti].filter((text) => typeof text === 'string').join(' '),
    outcome: typeof status === 'string' ? status : null,
    actor: typeof receiver === 'string' ? receiver : null,
  };
}

/** What a spreadsheet would begin to calculate gets an apostrophe (OWASP, CSV injection). */
const FORMULA = /^[\s]*[=+\-@\t\r\n＝＋－＠|%]/u;

function cellText(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n\t;]/.test(safe) || safe !== value ? `"${safe.replaceAll('"', '""')}"` : safe;
}
