import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const load = (text: string) =>
  loadConfig({ text: `revocation:\n  kafka:\n${text}`, env: {}, readFile: () => 'secret' });
const problemsOf = (text: string): string => {
  const result = load(text);
  if (!('problems' in result)) throw new Error('no problems');
  return result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
};

describe('revocation.kafka', () => {
  it('fills in defaults', () => {
    const result = load('    - { name: lake, brokers: ["k:9092"], tenants: ["*"] }\n');
    if (!('config' in result)) throw new Error(JSON.stringify(result.problems));
    expect(result.config.revocation.kafka).toEqual([
      {
        ...{ name: 'lake', brokers: ['k:9092'], tenants: '*', tls: null, sasl: null },
        ...{ stateTopic: 'tripcoil-breakers', eventTopic: null, audience: 'kafka', create: null },
      },
    ]);
  });

  it.each([
    [
      '    - { name: a, brokers: ["k:9092"], tenants: [x], event_topic: tripcoil-breakers, ' +
        'state_topic: tripcoil-breakers }\n',
      'another topic',
    ],
    [
      '    - { name: a, brokers: ["k:9092"], tenants: [x], ' +
        'sasl: { mechanism: plain, username: u, password: p } }\n',
      'in clear',
    ],
    [
      '    - { name: a, brokers: ["k:9092"], tenants: [x] }\n' +
        '    - { name: a, brokers: ["k:9092"], tenants: [x] }\n',
      'name',
    ],
    [
      '    - { name: a, brokers: ["k:9092"], tenants: [x] }\n  receivers:\n' +
        '    - { name: a, url: "https://r.example/", tenants: [x], audience: r }\n',
      'each needs its own',
    ],
  ])('refuses %s', (text, word) => {
    expect(problemsOf(text)).toContain(word);
  });
});
