/** The fleet of the demo: two dozen agents of three tenants. Names and people are made up. */
export interface DemoAgent {
  readonly tenant: string;
  readonly agent: string;
  readonly role: string;
  readonly tools: readonly DemoTool[];
  /** Calls in an hour of office time; a tenth of it at night. */
  readonly callsPerHour: number;
}

export interface DemoTool {
  readonly name: string;
  readonly op: 'read' | 'list' | 'write' | 'execute';
  readonly resource: string;
  readonly scope: string;
  /** Records a call moves, on average. */
  readonly records: number;
}

const tool = (
  name: string,
  op: DemoTool['op'],
  resource: string,
  scope: string,
  records: number,
): DemoTool => ({ name, op, resource, scope, records });

const INVOICE = tool('list_invoices', 'read', 'erp:invoice-book', 'erp.read', 20);
const MAIL = tool('send_email', 'write', 'mailbox:outbox', 'mail.send', 1);
const CRM = tool('search_accounts', 'read', 'crm:account-list', 'crm.read', 14);
const TICKETS = tool('search_tickets', 'read', 'desk:queue', 'desk.read', 9);
const REPLY = tool('reply_ticket', 'write', 'desk:ticket', 'desk.write', 1);
const WIKI = tool('search_wiki', 'read', 'wiki:space', 'wiki.read', 6);
const DEPLOY = tool('run_pipeline', 'execute', 'ci:pipeline', 'ci.run', 1);
const LOGS = tool('query_logs', 'read', 'logs:app', 'logs.read', 40);
const PAYROLL = tool('read_timesheets', 'read', 'hr:timesheet', 'hr.read', 22);
const CATALOGUE = tool('read_catalogue', 'read', 'shop:catalogue', 'shop.read', 30);

const ROLES: readonly (readonly [string, string, readonly DemoTool[], number])[] = [
  ['invoice-bot', 'billing', [INVOICE], 360],
  ['support-triage', 'support', [TICKETS, REPLY], 9],
  ['research-assistant', 'research', [CRM, WIKI], 7],
  ['sales-scout', 'sales', [CRM, MAIL], 6],
  ['release-runner', 'engineering', [DEPLOY, LOGS], 4],
  ['incident-helper', 'engineering', [LOGS, WIKI], 5],
  ['payroll-clerk', 'people', [PAYROLL], 3],
  ['shop-curator', 'commerce', [CATALOGUE, MAIL], 8],
];

export const DEMO_TENANTS = ['acme', 'globex', 'initech'] as const;

/** All 24 agents; only one of them is as busy as to have minutes worth comparing. */
export const DEMO_AGENTS: readonly DemoAgent[] = DEMO_TENANTS.flatMap((tenant) =>
  ROLES.map(([agent, role, tools, callsPerHour]) => ({
    tenant,
    agent,
    role,
    tools,
    callsPerHour: tenant === 'acme' ? callsPerHour : Math.min(callsPerHour, 12),
  })),
);

export const DEMO_PEOPLE = ['alice', 'bo', 'chen', 'dara', 'emil', 'fatima'] as const;

/** The grants file of the demo, as YAML: what each agent may do. */
export function demoGrants(): string {
  const agents = DEMO_AGENTS.map(
    ({ tenant, agent, role, tools }) =>
      `  - { tenant: ${tenant}, agent: ${agent}, role: ${role}, ` +
      `owners: { business: ${role}, technical: platform }, ` +
      `scopes: [${tools.map((t) => t.scope).join(', ')}], ` +
      `tools: [${tools.map((t) => t.name).join(', ')}], ` +
      `resources: [${tools.map((t) => `"${t.resource}*"`).join(', ')}], tenants: [${tenant}] }`,
  );
  return `agents:\n${agents.join('\n')}\n`;
}
