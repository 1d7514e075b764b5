import { describe, expect, it } from 'vitest';
import { HINT } from './hit.ts';
import { scanText } from './scanner.ts';
import { CLEAN_MAKERS, createRandom } from './testing/values.ts';

/** What is found, as `type: text`, secrets by their label. */
function found(text: string, hints: number = HINT.none): readonly string[] {
  const scan = scanText(text, hints);
  const bare = scan.hits.filter(({ type }) => type !== 'encoded');
  return bare.map(({ start, end, type, label }) => {
    return `${type === 'secret' ? label : type}: ${scan.text.slice(start, end)}`;
  });
}

/** The specimens of ICAO 9303 parts 4, 5 and 6. */
const TD3 = [
  'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<',
  'L898902C36UTO7408122F1204159ZE184226B<<<<<10',
].join('\n');
const TD2 = ['I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<', 'D231458907UTO7408122F1204159<<<<<<<6'].join(
  '\n',
);
const TD1 = [
  'I<UTOD231458907<<<<<<<<<<<<<<<',
  '7408122F1204159UTO<<<<<<<<<<<6',
  'ERIKSSON<<ANNA<MARIA<<<<<<<<<<',
].join('\n');

const HITS: readonly (readonly [string, string])[] = [
  ['mail alice@example.com.', 'email: alice@example.com'],
  ["o'brien+x@sub.example.co.uk>", "email: o'brien+x@sub.example.co.uk"],
  ['to="john doe"@example.org', 'email: "john doe"@example.org'],
  ['?q=alice%40example.com&', 'email: alice@example.com'],
  ['?q=%2B1%20212%20672%202810&n=1', 'phone: +1 212 672 2810'],
  ['?card=4111%201111%201111%201111', 'card: 4111 1111 1111 1111'],
  ['?from=2a02%3A48f5%3A%3Af9e5', 'ip: 2a02:48f5::f9e5'],
  ['net.+1 212 672 2810', 'phone: +1 212 672 2810'],
  ['root@[93.184.216.34]', 'email: root@[93.184.216.34]'],
  ['메일alice@example.com', 'email: alice@example.com'],
  ['4111 1111 1111 1111', 'card: 4111 1111 1111 1111'],
  ['3782-822463-10005', 'card: 3782-822463-10005'],
  ['order_4111111111111111', 'card: 4111111111111111'],
  ['4111111111111111x', 'card: 4111111111111111'],
  ['id378282246310005No', 'card: 378282246310005'],
  ['4111-1111-1111-1111See below', 'card: 4111-1111-1111-1111'],
  ['resultBearer abcDEF0123456789', 'authorization: abcDEF0123456789'],
  [TD3, `id_document: ${TD3}`],
  [`<mrz>${TD1}</mrz>`, `id_document: ${TD1}`],
  [TD1.replaceAll('\n', ''), `id_document: ${TD1.replaceAll('\n', '')}`],
  [`${TD2} `, `id_document: ${TD2}`],
  [`see ${TD3.split('\n')[1]} there`, `id_document: ${TD3.split('\n')[1]}`],
  [TD3.replace('6UTO', '7UTO'), `id_document: ${TD3.replace('6UTO', '7UTO')}`],
  [`${TD3.split('\n')[0]};`, `id_document: ${TD3.split('\n')[0]}`],
  ['my card 4929 1234 5678 9012', 'card: 4929 1234 5678 9012'],
  ['cc 630427373398', 'card: 630427373398'],
  ['123-45-6789', 'ssn: 123-45-6789'],
  ['ssn 123456789', 'ssn: 123456789'],
  ['912-70-1234', 'itin: 912-70-1234'],
  ['DE44 5001 0517 5407 3249 31', 'iban: DE44 5001 0517 5407 3249 31'],
  ['gb42nawi04454264788619', 'iban: gb42nawi04454264788619'],
  ['IBAN DE89370400440532012363', 'iban: DE89370400440532012363'],
  ['to de89370400440532013000', 'iban: de89370400440532013000'],
  ['iban ad43ad789a2e7e2435195a02', 'iban: ad43ad789a2e7e2435195a02'],
  ['from 93.184.216.34:443', 'ip: 93.184.216.34'],
  ['http://10.0.0.7/x', 'ip: 10.0.0.7'],
  ['[2001:db8::8a2e:370:7334]:80', 'ip: 2001:db8::8a2e:370:7334'],
  ['fe80::1ff:fe23:4567:890a%eth2', 'ip: fe80::1ff:fe23:4567:890a%eth2'],
  ['::ffff:93.184.216.34', 'ip: ::ffff:93.184.216.34'],
  ['+1 (415) 555-2671', 'phone: +1 (415) 555-2671'],
  ['+46 (0)8 928 571 38', 'phone: +46 (0)8 928 571 38'],
  ['555-867-5309', 'phone: 555-867-5309'],
  ['call me on 467 3395', 'phone: 467 3395'],
  ['Fax: 259.735.7502x459', 'phone: 259.735.7502x459'],
  ['Authorization: Bearer abcdef0123456789', 'authorization: abcdef0123456789'],
  ['Authorization: Basic dXNlcjpwYXNz', 'authorization: dXNlcjpwYXNz'],
  ['x Bearer abcDEF0123456789', 'authorization: abcDEF0123456789'],
  [
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_1',
    'jwt: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_1',
  ],
  [`id AKIA${'Q2'.repeat(8)}`, `aws_access_key_id: AKIA${'Q2'.repeat(8)}`],
  [`x=ghp_${'a1'.repeat(18)}`, `github_token: ghp_${'a1'.repeat(18)}`],
  ['xoxb-123456789012-abcdefABCDEF', 'slack_token: xoxb-123456789012-abcdefABCDEF'],
  [`sk_live_${'a1'.repeat(12)}`, `stripe_key: sk_live_${'a1'.repeat(12)}`],
  [`sk-${'a1B2'.repeat(12)}`, `openai_key: sk-${'a1B2'.repeat(12)}`],
  [`sk-ant-api03-${'a1'.repeat(40)}`, `anthropic_key: sk-ant-api03-${'a1'.repeat(40)}`],
  [`AIza${'a1B2c'.repeat(7)}`, `google_api_key: AIza${'a1B2c'.repeat(7)}`],
  [`npm_${'a1'.repeat(18)}`, `npm_token: npm_${'a1'.repeat(18)}`],
  [`glpat-${'a1'.repeat(10)}`, `gitlab_token: glpat-${'a1'.repeat(10)}`],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIE', 'private_key: -----BEGIN RSA PRIVATE KEY-----\nMIIE'],
  ['postgres://joe:s3cr/t@db.example.com/x', 'url_userinfo: joe:s3cr/t'],
  ['https://user:pw@host.example/', 'url_userinfo: user:pw'],
  ['password=hunter2', 'password: hunter2'],
  ['Server=x;Password=p@ss w;', 'password: p@ss'],
  ['{"password": "correct horse"}', 'password: correct horse'],
  ['{\\"client_secret\\":\\"abc12345xyz\\"}', 'secret: abc12345xyz'],
  ['?api_key=abcd1234efgh', 'api_key: abcd1234efgh'],
  ['Cookie: sid=31d4d96e407aad42; theme=x', 'cookie: sid=31d4d96e407aad42; theme=x'],
  ['at aa:bb:cc:dd:ee:fe up', 'device: aa:bb:cc:dd:ee:fe'],
  ['MAC 0025.96ff.fe12', 'device: 0025.96ff.fe12'],
  ['steuer-id 86095742719', 'national_id: 86095742719'],
  ['"taxId": "86 095 742 719"', 'national_id: 86 095 742 719'],
  ['her NHS number is 943 476 5919', 'health_id: 943 476 5919'],
  ['DNI 12345678Z', 'national_id: 12345678Z'],
  ['cpf 123.456.789-09,', 'national_id: 123.456.789-09'],
  ['send to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'crypto: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
  [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    'crypto: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  ],
  ['주민등록번호 900101-1234567', 'national_id: 900101-1234567'],
  ['passport C01X00T47', 'id_document: C01X00T47'],
  ['lives in SW1A 1AA now', 'address: SW1A 1AA'],
  ['latitude: 52.520008', 'location: 52.520008'],
  ['４１１１ １１１１ １１１１ １１１１', 'card: 4111 1111 1111 1111'],
  ['４١۱1-1111-1111-1111', 'card: 4111-1111-1111-1111'],
  ['alice\u200b@exam\u00adple.com', 'email: alice@example.com'],
];

const CLEAN: readonly string[] = [
  '',
  'git@github.com:acme/repo.git',
  '@scope/package@1.2.3',
  'icon@2x.png',
  '100%25 of 12%20%3A%2030',
  'user@localhost',
  '4111 1111 1111 1112',
  '1111111111111111',
  '1763715600000',
  '20261121090000123',
  '000-12-3456',
  '666-12-3456',
  '123456789',
  'DE44 5001 0517 5407 3249 32',
  '127.0.0.1',
  '::1',
  '0.0.0.0',
  '256.1.1.1',
  '1.2.3.4.5',
  'Chrome/126.0.6478.127',
  'version 1.2.3.4',
  '09:41:23',
  'ab:cd:ef:gh',
  'download S3 2GB of it',
  '20261121A',
  'order 86095742719',
  'A1B2C3D4E5F6G7H8',
  'abc4111111111111111def',
  'x4111111111111112',
  'call_ad43ad789a2e7e2435195a02',
  'forbearer of news',
  TD3.split('\n')[1]?.replace('6UTO', '7UTO') ?? '',
  'L898902C36UTO7408122F1204159ZE184226B<<<<<1',
  `${'A'.repeat(12)}<${'B'.repeat(17)}`,
  'std::vector, dead::beef',
  '2026-11-21T09:00:00.000Z',
  '2026-11-21T09:00:00+0100',
  '21.11.2026 10:15',
  '12345.678901',
  '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  '12345678-1234-4123-8123-123456789012',
  'ee41f782-565e-3cbb-ed17-03abe27438bd',
  '3af51cee-6036-6562-7593-be3bd35cf567',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  'Bearer authentication required',
  'bearer token',
  'password: must be changed',
  'password=<your password>',
  ['api_key=$', '{API_KEY}'].join(''),
  'token: expired',
  'input_tokens=1234567890',
  'next_page_token=CAUQAA1234567',
  'https://example.com/a:b@c/d?x=1#y',
  '-----BEGIN PUBLIC KEY-----',
  'AKIAI',
  'sk-learn-is-a-library',
  'secrets:read token:refresh',
  'Grüße aus Köln – 100 % „gut“',
];

describe('scanText', () => {
  it.each(HITS)('finds in %j', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each(CLEAN)('leaves %j alone', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('believes a key that says what the value is', () => {
    expect(found('5105105', HINT.none)).toEqual([]);
    expect(found('510 5105', HINT.phone)).toEqual(['phone: 510 5105']);
    expect(found('4929123456789012', HINT.card)).toEqual(['card: 4929123456789012']);
    expect(found('123456789', HINT.ssn)).toEqual(['ssn: 123456789']);
    expect(found('3.1.0.7', HINT.version)).toEqual([]);
  });

  it('reads on behind a card in a word', () => {
    const token = `eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIiOiJhIn0'}.c2lnbmF0dXJlMDE`;
    for (const glue of ['', 'Bearer ']) {
      const [card, secret] = found(`4111111111111111${glue}${token}`);
      expect(card).toBe('card: 4111111111111111');
      expect(secret).toContain(token);
    }
  });

  it('finds each of several, left to right', () => {
    const text = 'alice@example.com paid 4111111111111111 from 93.184.216.34';
    expect(found(text).map((hit) => hit.split(':')[0])).toEqual(['email', 'card', 'ip']);
  });

  it('raises no alarm over clean telemetry', () => {
    const random = createRandom(11);
    const alarms: string[] = [];
    for (let round = 0; round < 2_000; round++) {
      for (const make of Object.values(CLEAN_MAKERS)) alarms.push(...found(String(make(random))));
    }
    expect(alarms).toEqual([]);
  });

  // A quadratic recogniser needs a quarter of a minute here, a linear one some 30 ms.
  it('takes no more than linear time, whatever the text', { timeout: 60_000 }, () => {
    for (const unit of ADVERSARIAL) {
      const text = unit.repeat(Math.ceil(200_000 / unit.length));
      const before = process.cpuUsage();
      scanText(text, HINT.none);
      const used = process.cpuUsage(before);
      expect(used.user + used.system, `microseconds for ${JSON.stringify(unit)}`).toBeLessThan(2e6);
    }
  });

  // Quadratic within the longest value, they took 1 to 15 s a megabyte.
  it('takes twice the time for twice the text', { timeout: 60_000 }, () => {
    for (const unit of OVERLAPPING) {
      const half = scanMs(unit, 250_000);
      const whole = scanMs(unit, 500_000);
      const name = JSON.stringify(unit);
      expect(whole, `milliseconds for ${name}`).toBeLessThan(1_000);
      // Below this, it is the machine that is measured.
      expect(whole / Math.max(half, 20), `growth for ${name}`).toBeLessThanOrEqual(2.5);
    }
  });

  it('takes for secret what many labels in one stretch could be the value of', () => {
    const text = 'secret:aa:'.repeat(12);
    expect(found(text)).toEqual([`secret: ${text.slice(9 * 10 + 7)}`]);
    expect(found('secret:aa:'.repeat(9))).toEqual([]);
  });

  it('finds what stands behind many headers, and an address behind many groups', () => {
    const headers = 'cookie: '.repeat(500);
    expect(found(`${headers}sid=31d4d96e407aad42`)[0]).toMatch(/^cookie: .*sid=31d4d96e407aad42$/);
    expect(found(`${headers}\npassword=hunter2`)).toEqual(['password: hunter2']);
    expect(found(`${'ab:'.repeat(40)} 2a02:48f5::f9e5`).at(-1)).toBe('ip: 2a02:48f5::f9e5');
    expect(found(`${'ab:'.repeat(9)}:f9e5`)).toEqual([`ip: ${'ab:'.repeat(6)}:f9e5`]);
  });
});

/** The best of three, in milliseconds of the processor. */
function scanMs(unit: string, chars: number): number {
  const text = unit.repeat(Math.ceil(chars / unit.length));
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    scanText(text, HINT.none);
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1_000;
  });
  return Math.min(...times);
}

/** Units that made each label judge thousands of characters that the one before had judged. */
const OVERLAPPING = [
  '[secret:a',
  'secret:[aa:',
  'cookie: ',
  'authorization: a ',
  'authorization: [',
  'pwd:null',
  'token:a',
  'a:',
  'ab:',
] as const;

const ADVERSARIAL = [
  ...OVERLAPPING,
  'sk-',
  'a@',
  '@a',
  'a.',
  '1 ',
  '1-',
  '1',
  'eyJ-',
  'eyJa_',
  'eyJaaaaaaaa.',
  '::',
  'a:',
  '[',
  '[email:',
  'password=',
  'password:"',
  'x=',
  '://',
  'http://a@',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN ',
  '+1',
  '(1',
  '%40',
  'a%40',
  'Bearer ',
  'ghp_',
  'DE44 ',
  '\u0661',
  '\u200b',
  '" @',
  '1.',
  'Cookie: a=',
] as const;
