import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { AccessEvent, JsonValue } from '../core/access-event.ts';
import { DEFAULT_REDACTION, type RedactionPolicy } from '../core/redaction-policy.ts';
import { passesIbanCheck } from './checks/account-numbers.ts';
import { passesLuhn } from './checks/arithmetic.ts';
import { createPersonalFindings } from './personal-findings.ts';
import { createRedactor } from './redactor.ts';
import { eventWith, testKeys } from './testing/events.ts';

const CARD = '4111 1111 1111 1111';
const MAIL = 'alice.smith@example.com';

function redacted(policy: Partial<RedactionPolicy>, members: Partial<AccessEvent>) {
  const redactor = createRedactor({
    keys: testKeys(),
    policyOf: () => ({ ...DEFAULT_REDACTION, ...policy }),
  });
  const event = redactor.redact(eventWith(members));
  return { event, again: redactor.redact(event) };
}

const withArguments = (value: JsonValue): Partial<AccessEvent> => ({
  action: { name: 'pay', op: 'write', arguments: value },
});

function argumentsUnder(modes: RedactionPolicy['modes'], value: JsonValue): unknown {
  const { event, again } = redacted({ modes }, withArguments(value));
  expect(JSON.stringify(event)).not.toContain('4111 1111 1111');
  if (!Object.values(modes).includes('format_preserving')) expect(again).toEqual(event);
  return event.action.arguments;
}

describe('modes', () => {
  it.each([
    ['type', 'card', `pay ${CARD} now`, 'pay [card] now'],
    ['mask', 'card', `pay ${CARD} now`, 'pay ******** now'],
    ['drop', 'card', `pay ${CARD} now`, 'pay  now'],
    ['partial', 'card', `pay ${CARD} now`, 'pay [card~********1111] now'],
    ['partial', 'email', `to ${MAIL}`, 'to [email~example.com]'],
    ['generalise', 'email', `to ${MAIL}`, 'to [email~example.com]'],
    ['generalise', 'iban', 'DE89 3704 0044 0532 0130 00', '[iban~DE]'],
    ['generalise', 'ip', 'from 203.0.114.77', 'from [ip~203.0.114.0/24]'],
    ['generalise', 'card', CARD, '[card]'],
  ] as const)('%s of %s', (mode, type, text, expected) => {
    expect(argumentsUnder({ [type]: mode }, { note: text })).toEqual({ note: expected });
  });

  it('hold for every entity by `*`, and leave another entity to its own', () => {
    const modes = { '*': 'type', email: 'partial' } as const;
    expect(argumentsUnder(modes, `${CARD} ${MAIL}`)).toBe('[card] [email~example.com]');
  });

  it('apply to keys too, and keep both members of two that meet', () => {
    const other = 'bob@example.org';
    const out = argumentsUnder({ email: 'type' }, { [MAIL]: 1, [other]: 2 });
    expect(out).toEqual({ '[email]': 1, '[email]#2': 2 });
  });

  it('leave identifiers and destinations their tokens', () => {
    const { event } = redacted(
      { modes: { email: 'type' } },
      { principal: { sub: MAIL }, ...withArguments({ to: MAIL }) },
    );
    expect(event.principal?.sub).toMatch(/^\[email:k-acme:/);
    expect(event.destinations?.[0]?.value).toBe(event.principal?.sub);
    expect(event.action.arguments).toEqual({ to: '[email]' });
  });

  it('drop secrets where asked', () => {
    const { event } = redacted(
      { modes: { secret: 'drop' } },
      withArguments({ password: 'x1y2z3' }),
    );
    expect(event.action.arguments).toEqual({ password: '' });
  });
});

describe('format-preserving encryption', () => {
  it('keeps the form and the check digit, and gives one number one number', () => {
    const out = argumentsUnder({ card: 'format_preserving' }, [CARD, '4111-1111-1111-1111']);
    const [spaced, dashed] = out as string[];
    expect(spaced).toMatch(/^\d{4}([ -])\d{4}\1\d{4}\1\d{4}$/);
    expect(spaced).not.toContain('4111');
    expect(passesLuhn(spaced ?? '')).toBe(true);
    expect(dashed?.replaceAll(/\D/g, '')).toBe(spaced?.replaceAll(/\D/g, ''));
  });

  it('falls back to the token where there are too few digits', () => {
    expect(argumentsUnder({ email: 'format_preserving' }, MAIL)).toMatch(/^\[email:k-acme:/);
  });

  it.each([
    ['email', { to: 'jane.doering.1980123@example.com' }],
    ['person', { 'customer.name': 'Jane Doering 198012' }],
    ['address', { 'shipping.address': '12345 Main Street, Springfield 67' }],
    ['device', { from: 'a4:83:e7:1f:9b:20' }],
    ['id_document', { passport: 'JANE0012345' }],
    ['ip', { from: '2a00:1450:4001:82a::200e' }],
    ['iban', { to: 'GB82 WEST 1234 5698 7654 32' }],
    ['location', { latitude: 52.520008 }],
    ['date', { 'date.of.birth': '03 February 1980' }],
  ] as const)('leaves no letter of %s, nor a number out of its range', (type, value) => {
    const out = Object.values(argumentsUnder({ '*': 'format_preserving' }, value) as object)[0];
    expect(out).toMatch(new RegExp(`^\\[${type}:k-acme:`));
  });

  it('gives an address for an address, and an account that passes for one that does', () => {
    const mode = { '*': 'format_preserving' } as const;
    const [ip, iban, phone] = argumentsUnder(mode, [
      '93.184.216.77',
      'DE89 3704 0044 0532 0130 00',
      '+1 415-555-2671 x123',
    ]) as string[];
    expect(isIP(ip ?? '')).toBe(4);
    expect(ip).not.toBe('93.184.216.77');
    expect(iban).toMatch(/^DE\d\d \d{4} \d{4} \d{4} \d{4} \d\d$/);
    expect(iban).not.toContain('3704 0044');
    expect(passesIbanCheck((iban ?? '').replaceAll(' ', ''))).toBe(true);
    expect(phone).toMatch(/^\+\d \d{3}-\d{3}-\d{4} x\d{3}$/);
  });
});

describe('names', () => {
  it('found under a typed key are replaced in the words of the record', () => {
    const { event, again } = redacted(
      {},
      withArguments({
        customer: { name: 'Jane Doering' },
        note: "Dear Ms. Doering, Jane Doering's order for jane doering; doering it is",
      }),
    );
    const { customer, note } = event.action.arguments as {
      customer: { name: string };
      note: string;
    };
    const token = customer.name;
    expect(token).toMatch(/^\[person:/);
    expect(note).toBe(`Dear Ms. ${token}, ${token}'s order for ${token}; doering it is`);
    expect(again).toEqual(event);
  });

  it('found in one record are replaced in the others of its chain, and in no other chain', () => {
    const redactor = createRedactor({ keys: testKeys() });
    const first = { trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' } };
    const other = { trace: { traceId: '5bf92f3577b34da6a3ce929d0e0e4736' } };
    redactor.redact(eventWith({ ...first, attrs: { 'user.full_name': 'Jane Doering' } }));
    const text = 'Jane Doering called';
    const { attrs } = redactor.redact(eventWith({ ...first, attrs: { text } }));
    expect(attrs['text']).toMatch(/^\[person:[^\]]+\] called$/);
    expect(redactor.redact(eventWith({ ...other, attrs: { text } })).attrs['text']).toBe(text);
  });

  it('are found in disguise, in addresses, and in texts within texts', () => {
    const wrap = (text: string) => Buffer.from(text).toString('base64');
    const text = 'so Jane Doering wrote';
    const disguised = {
      percent: 'https://a.example/find?name=Jane%20Doering&page=2',
      form: 'name=Jane+Doering&page=2',
      zero_width: 'Ja\u200bne D\u200boering',
      wide: 'Ｊａｎｅ Ｄｏｅｒｉｎｇ',
      escaped: '\\u004aane Doering',
      entity: '&#74;ane&nbsp;Doering',
      base64: wrap(text),
      json: wrap(JSON.stringify({ by: wrap(text) })),
      hex: Buffer.from(text).toString('hex'),
    };
    const { event, again } = redacted(
      {},
      withArguments({ customer: { name: 'Jane Doering' }, disguised }),
    );
    const out = event.action.arguments as unknown as typeof given;
    const given = { customer: { name: '' }, disguised };
    const token = out.customer.name;
    expect(out.disguised.percent).toBe(`https://a.example/find?name=${token}&page=2`);
    expect(out.disguised.form).toBe(`name=${token}&page=2`);
    expect(out.disguised.zero_width).toBe(token);
    expect(out.disguised.wide).toBe(token);
    expect(out.disguised.escaped).toBe(token);
    expect(out.disguised.entity).toBe(token);
    const unwrap = (wrapped: string) => Buffer.from(wrapped, 'base64').toString();
    expect(unwrap(out.disguised.base64)).toBe(`so ${token} wrote`);
    expect(unwrap(JSON.parse(unwrap(out.disguised.json)).by)).toBe(`so ${token} wrote`);
    expect(Buffer.from(out.disguised.hex, 'hex').toString()).toBe(`so ${token} wrote`);
    expect(again).toEqual(event);
  });

  it('never reach into a token', () => {
    const { event } = redacted({}, { attrs: { user: { name: 'Mask' }, a: `x ${MAIL} y` } });
    const again = redacted({}, { attrs: { ...event.attrs, user: { name: 'Acme' } } }).event;
    expect(again.attrs['a']).toBe(event.attrs['a']);
  });

  it('of a gazetteer are replaced everywhere in content', () => {
    const names = { propagate: true, gazetteer: ['Jane Doering', 'Okonkwo'] };
    const { event } = redacted({ names }, { attrs: { a: 'ask Jane Doering or Okonkwo, okonkwo' } });
    expect(event.attrs['a']).toMatch(/^ask \[person:[^\]]+\] or \[person:[^\]]+\], okonkwo$/);
    expect(event.redactions).toEqual({ person: 2 });
  });
});

describe('content policies', () => {
  const members: Partial<AccessEvent> = {
    action: {
      name: 'send',
      op: 'write',
      arguments: { to: MAIL, size: 3, deep: [true, 'secretly'] },
    },
    intent: { text: 'do it', scope: 'mail' },
    reasoning: { summary: 'because' },
    attrs: {
      'gen_ai.input.messages': 'hello',
      'gen_ai.tool.call.result': 'sent',
      'gen_ai.memory.note': 'remember',
      'gen_ai.request.model': 'some-model',
      'my.key': 'mine',
      'other.key': 'other',
    },
  };

  it('drop content but not where it went', () => {
    const content = {
      messages: 'drop',
      tool_arguments: 'drop',
      tool_results: 'drop',
      memory: 'drop',
      reasoning: 'drop',
    } as const;
    const { event, again } = redacted(
      { content, unknownKeys: 'drop', allowedKeys: ['my.key'] },
      members,
    );
    expect(event.action).toEqual({ name: 'send', op: 'write' });
    expect(event.intent).toEqual({ scope: 'mail' });
    expect(event.reasoning).toBeUndefined();
    expect(event.attrs).toEqual({ 'gen_ai.request.model': 'some-model', 'my.key': 'mine' });
    expect(event.destinations?.[0]).toMatchObject({ type: 'email', group: 'example.com' });
    expect(again).toEqual(event);
  });

  it('keep the shape alone', () => {
    const content = {
      ...DEFAULT_REDACTION.content,
      tool_arguments: 'shape',
      messages: 'shape',
    } as const;
    const { event, again } = redacted({ content }, members);
    expect(event.action.arguments).toMatchObject({ size: '[number]', deep: [true, '[text:8]'] });
    expect(event.attrs['gen_ai.input.messages']).toBe('[text:8]');
    expect(event.attrs['gen_ai.tool.call.result']).toBe('sent');
    expect(again).toEqual(event);
  });
});

describe('personal findings', () => {
  it('say what stood where, and never the value', () => {
    const findings = createPersonalFindings();
    const redactor = createRedactor({ keys: testKeys(), findings });
    for (const id of ['evt-1', 'evt-2']) {
      redactor.redact(
        eventWith({ id, ...withArguments({ to: [MAIL], body: { token: 'abcdefgh12345678' } }) }),
      );
    }
    redactor.redact(eventWith({ id: 'evt-3' }));
    expect(findings.list(['acme'])).toEqual([
      {
        tenant: 'acme',
        type: 'email',
        source: 'native',
        field: 'action.arguments.to',
        agent: 'invoice-bot',
        count: 2,
        firstSeen: 1_763_715_600_000,
        lastSeen: 1_763_715_600_000,
      },
      expect.objectContaining({
        type: 'secret:token',
        field: 'action.arguments.body.token',
        count: 2,
      }),
    ]);
    expect(findings.list(['other'])).toEqual([]);
  });
});

describe('an address whose name could be read as an encoded text', () => {
  it('is an address', () => {
    const { event } = redacted({}, { attrs: { x: 'cyhffu-sokpjj@ikhzcxk.com' } });
    expect(event.attrs['x']).toMatch(/^\[email:/);
  });
});
