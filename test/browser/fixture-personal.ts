import type { PersonalFindingBody } from '../../src/api/contract.ts';

/** Type, field, tenant, agent, count, seconds since the latest. */
type Line = readonly [string, string, string, string, number, number];

const LINES: readonly Line[] = [
  ['email', 'action.arguments.recipients', 'globex', 'invoice-bot', 18_204, 3],
  ['email', 'attributes.gen_ai.input.messages', 'globex', 'mail-sorter', 66_120, 1],
  ['person', 'action.arguments.customer.contact.full_name', 'acme', 'lead-enricher', 1_402, 90],
  ['iban', 'action.arguments.account', 'globex', 'payroll-checker', 377, 940],
  ['phone', 'attributes.http.request.body.callback', 'initech', 'ticket-triage', 88, 31],
  ['secret:github_token', 'action.arguments.command', 'acme', 'returns-desk', 2, 4_000],
  ['card', 'intent.text', 'globex', 'invoice-bot', 1, 70_000],
];

/** Kinds and places, as the server has them: in no order of gravity. */
export function fixturePersonalFindings(now: number): readonly PersonalFindingBody[] {
  return LINES.map(([type, field, tenant, agent, count, secondsAgo]) => ({
    ...{ type, field, tenant, agent, count },
    source: field.startsWith('attributes') ? 'otlp.traces' : 'native',
    first_seen: new Date(now - 86_400_000).toISOString(),
    last_seen: new Date(now - secondsAgo * 1_000).toISOString(),
  }));
}
