import { describe, expect, it } from 'vitest';
import type { Rule } from '../core/rule.ts';
import type { Redactor } from '../ports/redactor.ts';
import {
  redactedConfig,
  redactedGrants,
  redactedKey,
  redactedQuestion,
} from './redacted-orders.ts';

const redactor: Redactor = {
  redact: () => {
    throw new Error('not asked');
  },
  redactText: (tenant, text) => text.replaceAll('bob@x.com', `[${tenant}]`),
  redactIdentifier: (tenant, text) => text.replaceAll('bob@x.com', `<${tenant}>`),
};
const bob = 'bob@x.com';

describe('orders as recorded', () => {
  it('names the subject of a key as events do, and leaves tenants alone', () => {
    const session = { tenant: 'acme', kind: 'session', id: bob, agent: `a ${bob}` } as const;
    expect(redactedKey(redactor, session)).toEqual({ ...session, id: '<acme>', agent: 'a <acme>' });
    const tool = { tenant: 'acme', kind: 'tool', id: bob } as const;
    expect(redactedKey(redactor, tool).id).toBe('[acme]');
    const whole = { tenant: bob, kind: 'tenant', id: bob } as const;
    expect(redactedKey(redactor, whole)).toBe(whole);
    const question = { tenant: bob, agent: bob, session: bob, chain: bob, jti: bob, tool: bob };
    const answer = redactedQuestion(redactor, question);
    const plain = `<${bob}>`;
    const identifiers = { agent: plain, session: plain, chain: plain, jti: plain };
    expect(answer).toEqual({ tenant: bob, ...identifiers, tool: `[${bob}]` });
  });

  it('names a broker as its credential does, in orders and in questions', () => {
    const key = { tenant: 'acme', kind: 'broker', id: bob } as const;
    expect(redactedKey(redactor, key)).toEqual(key);
    expect(redactedQuestion(redactor, { tenant: 'acme', broker: bob }).broker).toBe(key.id);
  });

  it('redacts every text of grants but the name of the tenant they belong to', () => {
    const grants = {
      agents: [
        {
          tenant: bob,
          agent: bob,
          role: bob,
          owners: { business: bob, technical: bob },
          scopes: [bob],
          tools: [`${bob}*`],
          resources: [bob],
          tenants: [bob],
          jurisdiction: bob,
          validUntil: 7,
          approval: { requiredFor: [bob], maxAmount: 3 },
        },
      ],
      principals: [{ match: bob, tenant: bob, resources: [bob], unit: bob }],
      resources: [{ match: bob, tenant: bob, region: bob, sensitivity: bob }],
      actions: [{ match: bob, sensitivity: bob, outward: true }],
    };
    const text = JSON.stringify(grants);
    const redacted = JSON.stringify(redactedGrants(redactor, 'acme', grants));
    const expected = text
      .replaceAll(bob, '[acme]')
      .replace('"tenant":"[acme]","agent":"[acme]"', `"tenant":"${bob}","agent":"<acme>"`)
      .replace(
        '{"match":"[acme]","tenant":"[acme]","resources"',
        '{"tenant":"bob@x.com","match":"[acme]","resources"',
      );
    expect(JSON.parse(redacted)).toEqual(JSON.parse(expected));
  });

  it('names the agents of a configuration as events do', () => {
    const detectors = {
      volume_spike: { mode: 'alert', options: { keep: bob }, agents: { [bob]: { mode: 'off' } } },
      other: { mode: 'off' },
    } as const;
    expect(redactedConfig(redactor, 'acme', { detectors })).toEqual({
      detectors: {
        ...detectors,
        volume_spike: { ...detectors.volume_spike, agents: { '<acme>': { mode: 'off' } } },
      },
    });
  });

  it('redacts the texts of rules and exceptions, conditions literal by literal', () => {
    const rule = {
      id: 'one',
      title: bob,
      description: `of ${bob}`,
      selections: { match: `event.principal.sub == "${bob}" && event.kind == 'x'` },
      runbook: 'https://example.com',
    } as unknown as Rule;
    const exception = { agent: bob, tool: bob, owner: bob, reason: bob, expires: 1 };
    expect(
      redactedConfig(redactor, 'acme', { detectors: {}, rules: [rule], exceptions: [exception] }),
    ).toEqual({
      detectors: {},
      rules: [
        {
          ...rule,
          title: '[acme]',
          description: 'of [acme]',
          selections: { match: 'event.principal.sub == "[acme]" && event.kind == \'x\'' },
        },
      ],
      exceptions: [
        { agent: '<acme>', tool: '[acme]', owner: '[acme]', reason: '[acme]', expires: 1 },
      ],
    });
  });
});
