import { fc, it } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { parseGrants } from './grants.ts';
import { formatProblem } from './problems.ts';

const EXAMPLE = `
agents:
  - tenant: acme
    agent: invoice-bot
    role: billing
    owners: { business: fin-ops, technical: platform }
    scopes: [mail.send, crm.read]
    tools: [send_email, "search_*"]
    resources: ["mailbox:*", "crm:account/*"]
    tenants: [acme]
    jurisdiction: EU
    valid_until: 2027-01-01
    approval: { required_for: ["refund_*"], max_amount: 200 }
  - { tenant: initech, agent: "report-*", valid_until: "2027-01-01T12:00:00+01:00" }
principals:
  - { match: alice, tenant: acme, resources: ["crm:account/*"], jurisdiction: EU, unit: sales }
  - { match: auditor }
resources:
  - { match: "crm:globex/*", tenant: globex, region: EU, sensitivity: high }
actions:
  - { match: "send_*", op: write, sensitivity: high, outward: true }
`;

function linesOf(text: string): readonly string[] {
  const result = parseGrants(text);
  return 'problems' in result ? result.problems.map((one) => formatProblem(one, 'g.yaml')) : [];
}

describe('parseGrants', () => {
  const result = parseGrants(EXAMPLE);
  if ('problems' in result) throw new Error(linesOf(EXAMPLE).join('\n'));
  const { grants, everyTenant } = result;

  it('gives each tenant its agents and principals', () => {
    expect([...grants.keys()]).toEqual(['acme', 'initech']);
    expect(grants.get('acme')?.agents).toEqual([
      {
        tenant: 'acme',
        agent: 'invoice-bot',
        role: 'billing',
        owners: { business: 'fin-ops', technical: 'platform' },
        scopes: ['mail.send', 'crm.read'],
        tools: ['send_email', 'search_*'],
        resources: ['mailbox:*', 'crm:account/*'],
        tenants: ['acme'],
        jurisdiction: 'EU',
        validUntil: Date.UTC(2027, 0, 1),
        approval: { requiredFor: ['refund_*'], maxAmount: 200 },
      },
    ]);
    expect(grants.get('initech')?.agents).toEqual([
      { tenant: 'initech', agent: 'report-*', validUntil: Date.UTC(2027, 0, 1, 11) },
    ]);
    expect(grants.get('acme')?.principals.map((entry) => entry.match)).toEqual([
      'alice',
      'auditor',
    ]);
    expect(grants.get('initech')?.principals.map((entry) => entry.match)).toEqual(['auditor']);
  });

  it('tells every tenant who owns what and what actions mean', () => {
    const facts = [{ match: 'crm:globex/*', tenant: 'globex', region: 'EU', sensitivity: 'high' }];
    expect(grants.get('acme')?.resources).toEqual(facts);
    expect(grants.get('initech')?.resources).toEqual(facts);
    expect(everyTenant.resources).toEqual(facts);
    expect(everyTenant.actions).toEqual([
      { match: 'send_*', op: 'write', sensitivity: 'high', outward: true },
    ]);
    expect(grants.has('globex')).toBe(false);
  });

  it('reads JSON as well', () => {
    const json = JSON.stringify({ agents: [{ tenant: 'a', agent: 'b', tools: ['c'] }] });
    const read = parseGrants(json);
    expect('grants' in read && read.grants.get('a')?.agents).toEqual([
      { tenant: 'a', agent: 'b', tools: ['c'] },
    ]);
  });

  it('lists unknown keys and bad values with their line', () => {
    const text = EXAMPLE.replace('role: billing', 'rol: billing')
      .replace('2027-01-01\n', '2027-02-30\n')
      .replace('op: write', 'op: wirte')
      .replace('agent: "report-*", ', '');
    expect(linesOf(text)).toEqual([
      expect.stringMatching(/^g\.yaml:5:5 agents\[0\]\.rol: .*did you mean role\?\)$/),
      'g.yaml:12:18 agents[0].valid_until: is neither a date (2027-01-01) nor an RFC 3339 time',
      'g.yaml:14:5 agents[1].agent: is required (expected text)',
      expect.stringMatching(/^g\.yaml:21:28 actions\[0\]\.op: .*did you mean write\?\)$/),
    ]);
  });

  const garbage = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .tuple(fc.nat(EXAMPLE.length), fc.nat(20), fc.string())
      .map(([at, cut, put]) => EXAMPLE.slice(0, at) + put + EXAMPLE.slice(at + cut)),
  );
  it.prop([garbage], { numRuns: 500 })('never throws on garbage', (text) => {
    expect(Object.keys(parseGrants(text)).length).toBeGreaterThan(0);
  });

  it('takes substitution marks as they are', () => {
    const read = parseGrants(`agents: [{ tenant: t, agent: "\${env:HOME}" }]`);
    expect('grants' in read && read.grants.get('t')?.agents[0]?.agent).toBe(`\${env:HOME}`);
  });
});
