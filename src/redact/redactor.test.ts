import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEvent, JsonValue } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { createRedactor } from './redactor.ts';
import { eventWith, testKeys } from './testing/events.ts';

const redactor = createRedactor({ keys: testKeys() });
const redact = (event: AccessEvent): AccessEvent => redactor.redact(event);
/** Random names are remembered of their chain; no other test should meet them. */
const ofItsOwn = (): { readonly redact: (event: AccessEvent) => AccessEvent } =>
  createRedactor({ keys: testKeys() });
const args = (value: JsonValue): JsonValue | undefined =>
  redact(eventWith({ action: { name: 'call', op: 'write', arguments: value } })).action.arguments;
const attrs = (value: AccessEvent['attrs']): AccessEvent['attrs'] =>
  redact(eventWith({ attrs: value })).attrs;

const EMAIL = /^\[email:k-acme:[A-Za-z0-9_-]{22}\]$/;

/** Pieces that matter to the scanner, so that random texts come near it. */
const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      'alice@example.com',
      'Bob.Smith@EXAMPLE.org',
      '4111 1111 1111 1111',
      '378282246310005',
      '+1 (415) 555-2671',
      'phone',
      'call',
      'card',
      'ssn',
      '123-45-6789',
      'DE44 5001 0517 5407 3249 31',
      '93.184.216.34',
      '2001:db8::8a2e:370:7334',
      'Bearer abcdef1234567890ABCDEF',
      'password=',
      'api_key: ',
      '"token":"',
      'hunter2isgood99',
      'postgres://joe:s3cr/t@db.example.com/x',
      'https://a.example.com/p?q=1',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123',
      '-----BEGIN PRIVATE KEY-----MIIE-----END PRIVATE KEY-----',
      '[email:k-acme:AAAAAAAAAAAAAAAAAAAAAA]',
      '[secret:password]',
      '[REDACTION_FAILED]',
      '４１１１ １１１１ １１１１ １１１１',
      '٤١١١١١١١١١١١١١١١',
      '\u200b',
      'Cookie: a=1; b=2',
      'authorization: ',
    ],
  ),
  fc.constantFrom(
    ' ',
    '',
    ':',
    '=',
    '@',
    '-',
    '.',
    '/',
    '"',
    '[',
    ']',
    '\n',
    '%40',
    ', ',
    '(',
    '+',
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.integer().map(String),
);
const texts = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
/** Names of people that mean something to one recogniser or another, too. */
const words = fc.constantFrom(
  ...['Alice', 'Bearer', 'Basic', 'Token', 'Chrome', 'Version', 'Trace', 'Card', 'Iban', 'Phone'],
  ...['Password', 'Passport', 'Bob Smith', 'Cookie Smith', 'Tax Id', ''],
);
const keys = fc.oneof(
  texts,
  fc.constantFrom('to', 'recipient', 'email', 'url', 'path', 'repo', 'account_number', 'phone'),
  fc.constantFrom(
    'password',
    'token',
    'tokens',
    'cookie',
    'user',
    'name',
    'patient',
    'card',
    '__proto__',
  ),
);
const values = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    texts,
    fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constant(4111111111111111)),
    fc.constantFrom(true, false, null),
    fc.array(tie('value') as fc.Arbitrary<JsonValue>, { maxLength: 4 }),
    fc.dictionary(keys, tie('value') as fc.Arbitrary<JsonValue>, { maxKeys: 4 }),
    (tie('value') as fc.Arbitrary<JsonValue>).map((value) => JSON.stringify(value)),
  ),
})).value as fc.Arbitrary<JsonValue>;

describe('redactor', () => {
  it('is idempotent', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(values, texts, texts, words, (value, text, other, word) => {
        const { redact } = ofItsOwn();
        const once = redact(
          eventWith({
            agent: { id: text },
            action: { name: 'call', op: 'write', arguments: value },
            resource: { type: 'path', id: other },
            destinations: [{ type: 'url', value: text }],
            attrs: { value, patient: word, note: `${word}${other} ${text}` },
          }),
        );
        expect(redact(once)).toEqual(once);
      }),
      { numRuns: 1_000, seed: 20_261_121 },
    );
  });

  it('is idempotent where a name stands beside other finds', () => {
    for (const word of ['Bearer', 'Alice', 'Chrome', 'Trace', 'Password']) {
      const { redact } = ofItsOwn();
      const once = redact(
        eventWith({
          attrs: {
            patient: word,
            note: `4111 1111 1111 1111${word} abcdef1234567890ABCDEF93.184.216.34`,
            [`password=, ${word} abcdef1234567890ABCDEF`]: { below: 'words' },
            agent: `${word}/93.184.216.35`,
            request: `${word} Id 4111111111111111`,
            nested: JSON.stringify({ trace: `${word} 4111 1111 1111 1111` }),
          },
        }),
      );
      expect(redact(once)).toEqual(once);
    }
  });

  it('reads again what a name uncovers', () => {
    const { redact } = ofItsOwn();
    const out = redact(
      eventWith({ attrs: { patient: 'Chrome', note: 'Chrome/93.184.216.34, Firefox/1.2.3.4' } }),
    );
    expect(out.attrs['note']).toMatch(/^\[person:[^\]]+\]\/\[ip:[^\]]+\], Firefox\/1.2.3.4$/);
    expect(out.redactions).toEqual({ ip: 1, person: 2 });
  });

  it('remembers names of a chain, and of no other chain or tenant', () => {
    const { redact } = ofItsOwn();
    const note = { note: 'Quentin Ferrars called' };
    const chain = { session: { id: 's-1' } };
    redact(eventWith({ ...chain, id: 'evt-2', attrs: { patient: 'Quentin Ferrars' } }));
    const noteOf = (event: Partial<AccessEvent>): unknown =>
      redact(eventWith({ id: 'evt-3', attrs: note, ...event })).attrs['note'];
    expect(noteOf(chain)).toMatch(/^\[person:/);
    expect(noteOf({ session: { id: 's-2' } })).toBe(note.note);
    expect(noteOf({ ...chain, tenant: { id: 'globex' } })).toBe(note.note);
    const others = { ...chain, tenant: { id: 'globex' } };
    for (let index = 0; index < LIMITS.chainsWithNames; index++) {
      const session = { id: `s-${index}` };
      redact(eventWith({ ...others, session, id: `e-${index}`, attrs: { patient: 'Ann Lee' } }));
    }
    expect(noteOf(chain)).toMatch(/^\[person:/);
  });

  it('never throws and never touches its input, whatever comes', () => {
    const { redact } = ofItsOwn();
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (junk) => {
        const event = { ...eventWith({}), attrs: junk, extra: junk } as unknown as AccessEvent;
        expect(() => JSON.stringify(redact(event))).not.toThrow();
        expect(() => redact(junk as AccessEvent)).not.toThrow();
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(values, (value) => {
        const event = eventWith({ attrs: { value } });
        const before = JSON.stringify(event);
        redact(event);
        expect(JSON.stringify(event)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  it('gives equal values equal tokens, in any spelling and any place', () => {
    const out = redact(
      eventWith({
        principal: { sub: 'Alice@EXAMPLE.com' },
        intent: { text: 'mail to alice@example.com' },
        attrs: { 'alice@example.com': 'ALICE@example.com' },
      }),
    );
    const token = out.principal?.sub ?? '';
    expect(token).toMatch(EMAIL);
    expect(out.intent?.text).toBe(`mail to ${token}`);
    expect(out.attrs).toEqual({ [token]: token });
    expect(args('4111-1111-1111-1111')).toBe(args('4111 1111 1111 1111'));
    expect(args('DE44500105175407324931')).toBe(args('de44 5001 0517 5407 3249 31'));
  });

  it('lets no two tenants correlate, nor two kinds', () => {
    fc.assert(
      fc.property(texts, fc.emailAddress(), (noise, email) => {
        const text = `${noise} ${email}`;
        const acme = redactor.redactText('acme', text);
        const tokens = (of: string): string[] => of.match(/\[[a-z]+:k[^\]]+\]/g) ?? [];
        const others = new Set(tokens(redactor.redactText('globex', text)));
        for (const token of tokens(acme)) {
          if (!text.includes(token)) expect(others).not.toContain(token);
        }
      }),
    );
    const digest = (text: string): string => text.split(':')[2] ?? '';
    expect(digest(redactor.redactText('acme', 'alice@example.com'))).not.toBe(
      digest(redactor.redactText('globex', 'alice@example.com')),
    );
  });

  it('keeps what is needed to revoke, unless it is personal', () => {
    const event = eventWith({
      agent: { id: 'invoice-bot', name: 'Invoice bot', version: '3.1.0.7' },
      session: { id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', conversationId: 'c-4' },
      token: { jti: 't-1', txn: 'x-1', iss: 'https://idp.example.com', aud: ['mail'], exp: 1 },
      scopes: { granted: ['mail.send', 'secrets:read', 'token:refresh'] },
      decision: { verdict: 'allow', id: 'd-1', policy: { id: 'mail', version: '12' } },
    });
    expect(redact(event)).toEqual(event);
  });

  it('gives service accounts one token, also where revocations go by them', () => {
    const mail = 'billing-bot@acme.example.com';
    const out = redact(
      eventWith({
        agent: { id: mail, name: mail },
        session: { id: `${mail}/7`, conversationId: mail },
        token: { jti: mail, txn: mail, iss: 'https://10.0.0.7/idp', sub: mail },
        decision: { verdict: 'allow', id: mail },
      }),
    );
    const { id } = out.agent;
    expect(out.agent).toEqual({ id: expect.stringMatching(EMAIL), name: id });
    expect(out.session).toEqual({ id: `${id}/7`, conversationId: id });
    expect(out.token).toMatchObject({ jti: id, txn: id });
    expect(out.token?.iss).toMatch(/^https:\/\/\[ip:k-acme:[\w-]{22}\]\/idp$/);
    expect(out.token?.sub).toBe(id);
    expect(out.decision?.id).toBe(id);
    expect(redactor.redactIdentifier('acme', mail)).toBe(id);
  });

  it('gives identifiers that are numbers or secrets keyed tokens, each its own', () => {
    const idOf = (id: string): string => redact(eventWith({ agent: { id } })).agent.id;
    expect(idOf('4111111111111111')).toMatch(/^\[card:/);
    expect(idOf('123-45-6789')).toMatch(/^\[ssn:/);
    expect(idOf('+1 (415) 555-2671')).toMatch(/^\[phone:/);
    expect(idOf('4111111111111111@example.com')).toMatch(EMAIL);
    const secrets = [`ghp_${'a1'.repeat(18)}`, `ghp_${'b2'.repeat(18)}`];
    const [one = '', other = ''] = secrets.map(idOf);
    expect(one).toMatch(/^\[id:k-acme:[A-Za-z0-9_-]{22}\]$/);
    expect(other).not.toBe(one);
    expect(idOf(one)).toBe(one);
    expect(redactor.redactIdentifier('acme', secrets[0] ?? '')).toBe(one);
  });

  it('masks by key whatever the value, but counts no tokens', () => {
    expect(
      attrs({
        password: 'x',
        db: { client_secret: 'abc', PIN: 1234 },
        headers: { Authorization: 'Bearer q', 'Set-Cookie': ['a=b'], 'x-api-key': 'k' },
        usage: { input_tokens: 900, max_tokens: '4096', time_to_first_token: 0.3 },
        'gen_ai.usage.output_tokens': 120,
        token_type: 'Bearer',
        has_password: true,
      }),
    ).toEqual({
      password: '[secret:password]',
      db: { client_secret: '[secret:secret]', PIN: '[secret:code]' },
      headers: {
        Authorization: '[secret:authorization]',
        'Set-Cookie': ['[secret:cookie]'],
        'x-api-key': '[secret:api_key]',
      },
      usage: { input_tokens: 900, max_tokens: '4096', time_to_first_token: 0.3 },
      'gen_ai.usage.output_tokens': 120,
      token_type: 'Bearer',
      has_password: true,
    });
  });

  it('takes names under keys that say so', () => {
    const out = attrs({
      user: { name: 'Ada Lovelace' },
      tool: { name: 'search_web' },
      patient: 'John Doe',
      'customer.full_name': 'ada  lovelace',
    });
    expect(JSON.stringify(out)).not.toMatch(/lovelace|doe/i);
    expect(out['tool']).toEqual({ name: 'search_web' });
    expect((out['user'] as { name: string }).name).toBe(out['customer.full_name']);
  });

  it('reads JSON inside strings, numbers, and members given twice', () => {
    expect(args('{"a":{"b":"alice@example.com"}}')).toMatch(/^\{"a":\{"b":"\[email:/);
    expect(args(JSON.stringify(JSON.stringify({ password: 'hunter2' })))).not.toContain('hunter2');
    expect(args({ number: 4111111111111111 })).toEqual({
      number: expect.stringMatching(/^\[card:/),
    });
    expect(args('{"a":"alice@example.com","a":"b"}')).not.toContain('alice');
    const clean = '{"id": 12345678901234567890, "ok":true}';
    expect(args(clean)).toBe(clean);
  });

  it('gives up whole fields beyond its depth and its budget, and on a missing key', () => {
    let deep: JsonValue = 'alice@example.com';
    for (let level = 0; level < LIMITS.valueDepth + 4; level++) deep = [deep];
    expect(JSON.stringify(args(deep))).toContain('[REDACTION_FAILED]');
    expect(JSON.stringify(args(deep))).not.toContain('alice');
    const big = 'a '.repeat(LIMITS.redactionChars / 2 + 1);
    expect(args([big, 'alice@example.com', ''])).toEqual([
      '[REDACTION_FAILED]',
      '[REDACTION_FAILED]',
      '',
    ]);
    const keyless = createRedactor({
      keys: {
        pseudonymKey() {
          throw new Error('no key');
        },
      },
    });
    const out = keyless.redact(eventWith({ intent: { text: 'ask alice@example.com' } }));
    expect(out.intent?.text).toBe('[REDACTION_FAILED]');
    expect(out.agent.id).toBe('invoice-bot');
  });

  it('fails closed on one broken member and keeps the rest', () => {
    const event = { ...eventWith({}) };
    Object.defineProperty(event, 'intent', {
      enumerable: true,
      get() {
        throw new Error('alice@example.com');
      },
    });
    const out = redact(event);
    expect(out.intent).toBe('[REDACTION_FAILED]');
    expect(out.agent.id).toBe('invoice-bot');
  });

  it('counts by type and reports to the metrics, never values', () => {
    const counted: unknown[] = [];
    const counting = createRedactor({
      keys: testKeys(),
      metrics: {
        count: (...call) => void counted.push(call),
        gauge() {},
        observe() {},
      },
    });
    const out = counting.redact(
      eventWith({ attrs: { a: 'alice@example.com bob@example.com', b: `ghp_${'a1'.repeat(18)}` } }),
    );
    expect(out.redactions).toEqual({ email: 2, 'secret:github_token': 1 });
    expect(counted).toEqual([
      ['tripcoil_redactions_total', { type: 'email' }, 2],
      ['tripcoil_redactions_total', { type: 'secret:github_token' }, 1],
    ]);
    expect('redactions' in redact(eventWith({}))).toBe(false);
  });

  it('is not taken in by a number in the clothes of a token', () => {
    expect(args('[email:k1:4111-1111-1111-1111-aA]')).not.toContain('4111-1111');
    expect(args('[card:4111111111111111:AAAAAAAAAAAAAAAAAAAAAA]')).not.toContain('41111');
  });

  it('treats grant literals and events alike', () => {
    expect(redactor.redactText('acme', 'crm:account/*')).toBe('crm:account/*');
    expect(redactor.redactText('acme', '*@example.com')).toBe('*@example.com');
    const id = 'mailbox/alice@example.com';
    expect(redactor.redactText('acme', id)).toBe(
      redact(eventWith({ resource: { id } })).resource?.id,
    );
  });
});

describe('the entity table in a record', () => {
  it('believes keys, of texts and of numbers', () => {
    const out = attrs({
      'customer.tax_id': '86095742719',
      bsn: 111_222_333,
      latitude: 52.520008,
      order: 111_222_333,
      latency: 52.520008,
    });
    expect(out['customer.tax_id']).toMatch(/^\[national_id:/);
    expect(out['bsn']).toMatch(/^\[national_id:/);
    expect(out['latitude']).toMatch(/^\[location:/);
    expect(out['order']).toBe(111_222_333);
    expect(out['latency']).toBe(52.520008);
  });
});

describe('scopes', () => {
  it('hide a number that was taken apart at its blanks', () => {
    const scopes = { granted: ['read', '+1', '(646)', '558-6568'], required: ['level', '3', '12'] };
    const out = createRedactor({ keys: testKeys() }).redact(eventWith({ scopes })).scopes;
    expect(out?.granted).toEqual(['read', expect.stringMatching(/^\[phone:/)]);
    expect(out?.required).toEqual(['level', '3', '12']);
  });
});
