import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { NO_ACTOR, type Reject } from '../core/reject.ts';
import { eventOf, START } from '../engine/testing/entries.ts';
import type { Principal } from '../ports/ingest.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { NotesOfIngest } from './ingest-notes.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { BROKER } from './testing/fixtures.ts';

const FORMAT = 'otlp.traces';

function notesOf() {
  return new NotesOfIngest({
    clock: new FakeClock(START),
    metrics: SILENT_METRICS,
    isKnown: (_format, key) => key.startsWith('gen_ai.'),
    isPersonal: (text) => text.includes('alice'),
  });
}

const reject = (code: Reject['code'], path: string): Reject => ({
  ...{ position: 0, code, path, message: 'expected otherwise' },
});

describe('NotesOfIngest', () => {
  it('counts rejects by code and keeps one example of each kind, newest first', () => {
    const notes = notesOf();
    notes.refused(BROKER, 'native', [reject('missing_field', 'agent.id')], () => '{id: text}');
    notes.refused(BROKER, 'native', [reject('clock_skew', 'time'), reject('clock_skew', 'time')]);
    const [intake] = notes.views('*');
    expect(intake).toMatchObject({
      rejected: { missing_field: 1, clock_skew: 2 },
      quarantined: 2,
      examples: [
        { code: 'clock_skew', shape: null },
        { path: 'agent.id', shape: '{id: text}' },
      ],
    });
    expect(intake?.examples).toHaveLength(2);
  });

  it('names the alias that would name the agent', () => {
    const notes = notesOf();
    const path = 'resourceSpans[0].scopeSpans[0].spans[0].attributes.gen_ai.agent.id';
    notes.refused(BROKER, FORMAT, [reject('missing_field', path)]);
    const keys = ['acme.bot.name', 'acme.bot.id', 'gen_ai.tool.name', 'acme.rows'];
    notes.ignored(BROKER, FORMAT, 0, [{ why: 'no_agent', keys }]);
    expect(notes.views('*')[0]).toMatchObject({
      unattributed: [
        {
          missing: 'agent',
          count: 1,
          fix: 'aliases:\n  agent.id: [acme.bot.id, acme.bot.name]',
          fixIn: 'configuration',
        },
      ],
      unknownAttributes: [
        { key: 'acme.bot.id', count: 1 },
        { key: 'acme.bot.name', count: 1 },
        { key: 'acme.rows', count: 1 },
      ],
    });
  });

  it.each([
    ['opa', '{input: {caller: text, n: number}, x: list}', 'opa:\n    agent: [/input/caller]'],
    ['audit', '{input: {bot: text}, at: text}', 'opa:\n    agent: [/input/bot]'],
    ['opa', '{input: {caller: object}}', 'opa:\n    agent: [/input/caller/id]'],
    ['vault', '{who: {bot: {a: object}, agent_id: text}}', 'agent: { id: [/who/agent_id] }'],
    ['desk', '{when: text, what: text}', 'agent: { id: [/actor/id] }'],
    ['audit', null, 'agent: { id: [/actor/id] }'],
  ])('names the line of the configuration that names the actor of %s %s', (format, shape, fix) => {
    const notes = notesOf();
    const refused = { ...reject('missing_field', '/any/where'), message: NO_ACTOR };
    notes.refused(BROKER, format, [refused, reject('missing_field', '/action')], () => shape);
    const [first, ...others] = notes.views('*')[0]?.unattributed ?? [];
    expect(first).toMatchObject({ missing: 'agent', count: 1, fixIn: 'configuration' });
    expect(first?.fix).toContain(fix);
    expect(others).toEqual([]);
  });

  it('shows the member of a native event that would name the agent', () => {
    const notes = notesOf();
    notes.refused(BROKER, 'native', [reject('missing_field', 'agent.id')]);
    expect(notes.views('*')[0]?.unattributed).toMatchObject([
      { missing: 'agent', fix: '"agent": {"id": "my-agent"}', fixIn: 'sender' },
    ]);
  });

  it('tells which tools have no known operation, for the grants file', () => {
    const notes = notesOf();
    const action = { name: 'frobnicate', op: 'unknown' } as const;
    notes.accepted(BROKER, [eventOf({ id: 'a', action }), eventOf({ id: 'b' })]);
    expect(notes.views('*')[0]?.unattributed[0]).toMatchObject({
      ...{ missing: 'operation', count: 1, fixIn: 'grants' },
      fix: expect.stringContaining('- { match: frobnicate, op: write }'),
    });
  });

  it('shows no name that may be data', () => {
    const notes = notesOf();
    const keys = ['bob@example.com', 'alice', 'card_4111111111111111', 'a b', 'fine.key'];
    notes.ignored(BROKER, FORMAT, 1, [{ why: 'not_an_action', keys }]);
    notes.refused(BROKER, FORMAT, [reject('wrong_type', 'attrs.bob@example.com.x')]);
    const told = JSON.stringify(notes.views('*'));
    expect(told).toContain('fine.key');
    expect(told).toContain('[hidden]');
    expect(told).not.toMatch(/bob|alice|4111|a b/);
  });

  it('shows the place in an audit record, which is a JSON pointer, part by part', () => {
    const notes = notesOf();
    const paths = ['/input/agent/id', '/claims/https:~1~1acme.example~1tenant', '/by/alice/0/id'];
    for (const path of paths) notes.refused(BROKER, 'opa', [reject('missing_field', path)]);
    expect(notes.views('*')[0]?.examples.map(({ path }) => path)).toEqual([
      '/by/[hidden]/0/id',
      '/claims/https:~1~1acme.example~1tenant',
      '/input/agent/id',
    ]);
  });

  it('stays within its bounds', () => {
    const notes = notesOf();
    for (let at = 0; at < LIMITS.notedIntakes + 10; at += 1) {
      notes.refused({ ...BROKER, name: `s${at}` }, FORMAT, [reject('malformed', '')]);
      notes.turnedAway(`f${at}`, 'unauthenticated');
    }
    expect(notes.views('*')).toHaveLength(LIMITS.notedIntakes);
    expect(notes.turnedAwayViews()).toHaveLength(LIMITS.notedIntakes);
    const [first] = notes.views('*');
    const many: Principal = { ...BROKER, name: first?.sender ?? '' };
    for (let at = 0; at < 500; at += 1) {
      notes.ignored(many, FORMAT, 1, [{ why: 'no_agent', keys: [`acme.agent${at}.id`] }]);
      notes.refused(many, FORMAT, [reject('wrong_type', `field${at}`)]);
    }
    expect(notes.views('*')[0]?.unknownAttributes).toHaveLength(LIMITS.notedKeys);
    expect(notes.views('*')[0]?.examples).toHaveLength(LIMITS.notedExamples);
    const [lacking] = notes.views('*')[0]?.unattributed.slice(-1) ?? [];
    expect(lacking?.candidates).toHaveLength(LIMITS.notedCandidates);
  });

  it('shows a credential only to who may see all of its tenants', () => {
    const notes = notesOf();
    notes.refused({ ...BROKER, tenants: ['acme', 'globex'] }, FORMAT, [reject('malformed', '')]);
    expect(notes.views(['acme'])).toEqual([]);
    expect(notes.views(['acme', 'globex'])).toHaveLength(1);
  });
});
