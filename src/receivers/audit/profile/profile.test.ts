import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TripcoilError } from '../../../core/errors.ts';
import { matcherOf } from './glob.ts';
import { compileProfile, profileFaults } from './profile.ts';
import type { ProfileDocument } from './schema.ts';

const YAML = `
profile: desk
title: Help desk
recognise: { all: [/ticket/id, { at: /app, is: [desk*] }], none: [/alert] }
container: /records
each: /changes
blank: ["-", unknown]
id: /ticket/id
time: /at
kind: { at: "/@item/verb", map: { "log*": authentication, "*": tool_call } }
agent: { id: [{ at: /bot }, { find: { in: /headers, key: /name, is: [x-agent], value: /value } }] }
tenant: { at: /host, by: ".", take: 0 }
action:
  name: { join: [/app, "/@item/verb"], by: ":" }
  op: { at: "/@item/verb", map: { see: read } }
outcome: { status: [{ at: /code, map: { "403": denied, "2*": success } }] }
latencyMs: { at: /took, duration: true }
volume: { bytesOut: { at: /kib, scale: 1024 } }
approval: { status: { constant: approved, when: [{ at: /by, absent: true }] } }
`;

const record = {
  ...{ app: 'desk-eu', at: '2026-11-21 09:00:00.250', host: 'acme.example.com', code: 403 },
  ...{ ticket: { id: 7 }, bot: '-', took: '1.5s', kib: '2' },
  headers: [{ name: 'X-Agent', value: 'helper' }],
  changes: [{ verb: 'see' }, { verb: 'log-in' }],
};

describe('a profile', () => {
  const profile = compileProfile(parse(YAML) as ProfileDocument);

  it('reads what its steps say', () => {
    const [first, second] = profile.map(record, { position: 0 });
    expect(first).toMatchObject({
      ...{ id: '7:0', kind: 'tool_call', agent: { id: 'helper' }, tenantClaimed: 'acme' },
      time: Date.parse('2026-11-21T09:00:00.250Z'),
      action: { name: 'desk-eu:see', op: 'read' },
      outcome: { status: 'denied' },
      decision: { verdict: 'deny' },
      latencyMs: 1_500,
      volume: { bytesOut: 2_048 },
      approval: { status: 'approved' },
    });
    expect(second).toMatchObject({ id: '7:1', kind: 'authentication' });
  });

  it.each([
    ['crm.read  mail:send', ['crm.read', 'mail:send']],
    ['*', ['*']],
    ['+1 (646) 558-6568', ['+1 (646) 558-6568']],
  ])('takes the scopes of %j apart only where they are words', (granted, texts) => {
    const source = { ...(parse(YAML) as ProfileDocument), scopes: { granted: '/role' } };
    const [event] = compileProfile(source).map({ ...record, role: granted }, { position: 0 });
    expect(event).toMatchObject({ scopes: { granted: texts } });
  });

  it.each([
    ['192.0.2.7:51515', '192.0.2.7'],
    ['[2001:db8::7]:51515', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
  ])('takes %s for an address with or without a port', (address, ip) => {
    const source = { ...(parse(YAML) as ProfileDocument), clientIp: '/peer' };
    const [event] = compileProfile(source).map({ ...record, peer: address }, { position: 0 });
    expect(event).toMatchObject({ clientIp: ip });
  });

  it('recognises by all and none, also inside its container', () => {
    expect(profile.recognises(record)).toBe(true);
    expect(profile.recognises({ records: [record] })).toBe(true);
    expect(profile.recognises({ ...record, alert: 1 })).toBe(false);
    expect(profile.recognises({ ...record, app: 'other' })).toBe(false);
    expect(profile.map({ records: [record, record] }, { position: 0 })).toHaveLength(4);
  });

  it('names the pointer of first preference when nothing names an actor', () => {
    const { headers: _none, ...nobody } = record;
    expect(profile.map(nobody, { position: 3 })[0]).toMatchObject({
      ...{ position: 3, code: 'missing_field', path: '/bot' },
    });
  });

  it('finds members that a collector wrote in lower case', () => {
    const { id } = { id: '/Actor/Id' };
    const lower = compileProfile({
      ...{ profile: 'low', title: 'Low', recognise: { all: ['/Actor'] } },
      ...{ time: '/Time', kind: { constant: 'admin' }, agent: { id }, action: { name: '/Act' } },
    });
    const [event] = lower.map({ actor: { id: 'a' }, time: 1e9, act: 'x' }, { position: 0 });
    expect(event).toMatchObject({ agent: { id: 'a' }, time: 1e12 });
  });

  it.each([
    ['profile agent.id', YAML.replace('id: [{ at: /bot }', 'id: [{ at: bot }')],
    ['profile : knows no nonsense', `${YAML}\nnonsense: 1`],
    ['profile agent.id.1.find.is', YAML.replace('is: [x-agent]', 'is: []')],
    ['profile action.op: knows no mapp', YAML.replace('map: { see', 'mapp: { see')],
    ['profile time: expected a JSON pointer', YAML.replace('time: /at', 'time: 7')],
  ])('is refused with the place of the fault: %s', (place, text) => {
    const document = parse(text) as ProfileDocument;
    expect(() => compileProfile(document)).toThrow(TripcoilError);
    expect(() => compileProfile(document)).toThrow(place);
  });

  it('names every fault of what is no profile at all', () => {
    for (const nothing of [null, 7, 'text', []]) {
      expect(profileFaults(nothing)).toMatchObject([{ path: [] }]);
    }
    const paths = profileFaults({ profile: 'UPPER', time: 'at' }).map(({ path }) => path.join('.'));
    expect(paths).toEqual(
      expect.arrayContaining(['profile', 'title', 'recognise', 'time', 'kind', 'agent', 'action']),
    );
  });
});

describe('globs', () => {
  it.each([
    ['user.*', 'USER.login', true],
    ['*.login', 'user.login', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
    ['exact', 'exactly', false],
  ])('%s on %s is %s', (glob, text, matches) => {
    expect(matcherOf(glob)(text)).toBe(matches);
  });

  it('are quick on hostile texts', () => {
    const match = matcherOf('*a*a*a*a*a*a*a*a*b');
    expect(match('a'.repeat(4_000))).toBe(false);
  });
});
