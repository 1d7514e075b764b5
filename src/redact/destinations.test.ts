import { describe, expect, it } from 'vitest';
import type { AccessEvent, Destination, JsonValue } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { createRedactor } from './redactor.ts';
import { eventWith, testKeys } from './testing/events.ts';

const redactor = createRedactor({ keys: testKeys() });
const of = (members: Partial<AccessEvent>): readonly Destination[] =>
  redactor.redact(eventWith(members)).destinations ?? [];
const ofArguments = (value: JsonValue): readonly Destination[] =>
  of({ action: { name: 'call', op: 'write', arguments: value } });
const token = (type: string): unknown =>
  expect.stringMatching(new RegExp(`^\\[${type}:k-acme:[A-Za-z0-9_-]{22}\\]$`));

describe('destinations', () => {
  it('keeps of a person only the non-personal group', () => {
    expect(ofArguments({ recipients: ['Bob@Example.com', 'eve@evil.co.uk'] })).toEqual([
      { type: 'email', value: token('email'), group: 'example.com' },
      { type: 'email', value: token('email'), group: 'evil.co.uk' },
    ]);
    expect(ofArguments({ iban: 'DE44 5001 0517 5407 3249 31' })).toEqual([
      { type: 'iban', value: token('iban'), group: 'DE' },
    ]);
    expect(ofArguments({ recipient: 'Alice' })).toEqual([
      { type: 'recipient', value: token('person') },
    ]);
    expect(ofArguments({ account_number: '12345678' })).toEqual([
      { type: 'account', value: token('account') },
    ]);
  });

  it('keeps hosts, buckets, paths and repositories plain', () => {
    expect(ofArguments({ url: 'https://Hooks.Evil.co.uk:8443/x?y=1' })).toEqual([
      { type: 'host', value: 'hooks.evil.co.uk', group: 'evil.co.uk' },
    ]);
    expect(ofArguments({ target: 's3://payroll-dump/2026/x.csv' })).toEqual([
      { type: 'bucket', value: 'payroll-dump' },
    ]);
    expect(ofArguments({ file_path: '/srv/data/in/deep/er/x.csv' })).toEqual([
      { type: 'path', value: '/srv/data/in', group: '/srv' },
    ]);
    expect(ofArguments({ repo: 'git@github.com:acme/site.git' })).toEqual([
      { type: 'repository', value: 'github.com/acme/site', group: 'github.com' },
    ]);
    expect(ofArguments({ channel: 'general' })).toEqual([{ type: 'channel', value: 'general' }]);
    expect(ofArguments({ url: 'http://10.1.2.3:80/' })).toEqual([
      { type: 'ip', value: token('ip'), group: 'private' },
    ]);
  });

  it('reads arguments given as JSON text, and the resource', () => {
    expect(ofArguments('{"to":"bob@example.com"}')).toHaveLength(1);
    expect(of({ resource: { type: 'bucket', id: 'backups' } })).toEqual([
      { type: 'bucket', value: 'backups' },
    ]);
  });

  it('takes content, senders and credentials for none', () => {
    expect(ofArguments({ body: 'as bob@example.com said, see https://a.example/' })).toEqual([]);
    expect(ofArguments({ from: 'bob@example.com', sender: 'eve@example.com' })).toEqual([]);
    expect(ofArguments({ password: 'https://a.example/' })).toEqual([]);
    expect('destinations' in redactor.redact(eventWith({}))).toBe(false);
  });

  it('makes what the sender named safe and keeps it first', () => {
    const out = of({
      destinations: [
        { type: 'recipient', value: 'bob@example.com' },
        { type: 'queue', value: 'jobs', group: 'internal' },
      ],
      action: { name: 'send', op: 'write', arguments: { to: 'BOB@example.com' } },
    });
    expect(out).toEqual([
      { type: 'email', value: token('email'), group: 'example.com' },
      { type: 'queue', value: 'jobs', group: 'internal' },
    ]);
  });

  it('stops at its limit', () => {
    const many = Array.from({ length: 500 }, (_, index) => `u${index}@example.com`);
    expect(ofArguments({ to: many })).toHaveLength(LIMITS.destinationsPerEvent);
  });
});
