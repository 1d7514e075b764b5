import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { scenario } from '../detect/testing/scenario.ts';
import { compileCondition, type Outcome, withLiterals } from './condition.ts';

const agent = scenario('acme').agent('bot');
const event = agent
  .having({
    destinations: [{ type: 'email', value: 'tok-1', group: 'example.com' }],
    attrs: { depth: 3, list: [1, 2] },
    volume: { bytesOut: 10 },
    latencyMs: 250,
  })
  .on('crm', 'c-1')
  .calls('send_email', 'write');

function judged(text: string, given = event): Outcome | string {
  const compiled = compileCondition(text);
  return 'fault' in compiled ? compiled.fault.message : compiled.condition.judge(given);
}

describe('a condition', () => {
  it.each([
    ['event.kind == "tool_call" && event.action.op == "write"', true],
    ['event.tenant == "acme" && event.latency_ms == 250', true],
    ['event.volume.bytes_out / 2 + 1 > 5', true],
    ['event.resource.id.glob("c-*") && !event.action.name.glob("get_*")', true],
    ['event.destinations.exists(d, d.group == "example.com")', true],
    ['event.destinations.size() == 2', false],
    ['has(event.session.id)', false],
    ['event.attrs.depth > 2 && 2 in event.attrs.list.map(x, int(x))', true],
    ['event.time.getHours() == 0 && event.time.getDayOfWeek() == 1', true],
  ])('reads the native event: %s', (text, expected) => {
    expect(judged(text)).toBe(expected);
  });

  it.each([
    ['event.volume.records > 5', 'volume.records'],
    ['event.action.op == "write" && event.volume.records > 5', 'volume.records'],
    ['event.attrs.absent == 1', 'attrs.absent'],
    ['event.session.id == "s" || event.volume.records > 5', 'volume.records'],
    ['event.action.arguments.amount > 5', 'action.arguments.amount'],
  ])('names the field it lacks: %s', (text, missing) => {
    const outcome = judged(text);
    expect(outcome).toEqual({ missing });
  });

  it.each([
    'event.volume.records > 5 && event.action.op == "read"',
    'event.action.op == "read" && event.volume.records > 5',
  ])('is false where another part is false, whatever is missing: %s', (text) => {
    expect(judged(text)).toBe(false);
  });

  it('does not mistake a prototype for a field', () => {
    expect(judged('event.attrs.constructor == 1')).toEqual({ missing: 'attrs.constructor' });
    expect(judged('event.attrs["__proto__"] == 1')).toEqual({ missing: 'condition' });
    expect(judged('event.constructor == 1')).toMatch(/No such key/);
  });

  it.each([
    ['event.volume.record > 5', /No such key: record/],
    ['event.destinations.exists(d, d.grup == "x")', /No such key: grup/],
    ['event.kind > 5', /overload/],
    ['event.kind', /of type string, not bool/],
    ['event == event', /needs a field/],
    ['event.kind.matches("(a+)+$")', /may not use matches/],
    ['event.kind.split("").size() > 1', /may not use split/],
    ['event.time.getHours("Europe/Berlin") > 1', /takes no time zone/],
    ['[1].exists(a, [2].exists(b, a == b))', /within another macro/],
    ['other.kind == "x"', /Unknown variable/],
    ['event.kind ==', /Unexpected/],
    [`event.kind == "${'x'.repeat(LIMITS.ruleChars)}"`, /longer than/],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, /depth/i],
  ])('is refused: %s', (text, why) => {
    expect(judged(text)).toMatch(why);
  });

  it('says at which character it is wrong', () => {
    const compiled = compileCondition('event.kind == "x" && event.volume.record > 5');
    expect(compiled).toMatchObject({ fault: { offset: 34 } });
  });

  it('cannot judge content larger than is read', () => {
    const big = { ...event, attrs: { list: Array.from({ length: 5_000 }, () => 1) } };
    expect(judged('event.attrs.list.exists(x, x == 2)', big)).toEqual({ missing: 'attrs' });
  });

  it('has its texts replaced in place', () => {
    const replace = (text: string) => (text.includes('@') ? '<"token">' : text);
    expect(withLiterals(`event.kind in [r"a", 'b@c'] && "x@y" == event.id`, replace)).toBe(
      `event.kind in [r"a", "<\\"token\\">"] && "<\\"token\\">" == event.id`,
    );
  });
});
