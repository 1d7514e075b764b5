import { gzipSync } from 'node:zlib';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const every = (text: string, wrap: (code: number, char: string) => string): string =>
  [...text].map((char) => wrap(char.codePointAt(0) ?? 0, char)).join('');
const signs = (text: string, wrap: (code: number, char: string) => string): string =>
  every(text, (code, char) => (/[A-Za-z0-9]/.test(char) ? char : wrap(code, char)));
const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0');
const digits = (text: string, zero: number): string =>
  text.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));

/** As mail and `base64` wrap it (RFC 2045 section 6.8). */
const inLines = (text: string, end: string): string => text.replaceAll(/(.{76})(?=.)/g, `$1${end}`);
const LETTERS = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Ways in which a value hides from a reader of plain letters, by name. */
export const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  json: (text) => JSON.stringify({ note: { value: text } }),
  json_in_json: (text) => JSON.stringify({ body: JSON.stringify([{ value: text }]) }),
  percent: encodeURIComponent,
  percent_all: (text) => every(text, (code) => `%${hex(code, 2).toUpperCase()}`),
  percent_twice: (text) => encodeURIComponent(encodeURIComponent(text)),
  query: (text) => `https://a.example/find?page=2&q=${encodeURIComponent(text)}&limit=10`,
  form: (text) => new URLSearchParams({ page: '2', q: text }).toString(),
  base64,
  base64url: (text) => Buffer.from(text).toString('base64url'),
  base64_json: (text) => base64(JSON.stringify({ note: text })),
  base64_lines: (text) => inLines(base64(`${' '.repeat(50)}${text}${' - '.repeat(40)}`), '\r\n'),
  gzip_lines: (text) => inLines(gzipSync(`${text} ${LETTERS}`).toString('base64'), '\n'),
  base64_twice: (text) => base64(base64(text)),
  hex: (text) => Buffer.from(text).toString('hex'),
  hex_marked: (text) => `0x${Buffer.from(text).toString('hex')}`,
  bytea: (text) => `\\x${Buffer.from(text).toString('hex')}`,
  hex_upper: (text) => Buffer.from(text).toString('hex').toUpperCase(),
  gzip: (text) => gzipSync(text).toString('base64'),
  gzip_json: (text) => gzipSync(JSON.stringify({ rows: [{ note: text }] })).toString('base64'),
  unicode_escapes: (text) => every(text, (code) => `\\u${hex(code, 4)}`),
  hex_escapes: (text) => every(text, (code) => `\\x${hex(code, 2)}`),
  brace_escapes: (text) => every(text, (code) => `\\u{${hex(code, 1)}}`),
  long_escapes: (text) => signs(text, (code) => `\\U${hex(code, 8)}`),
  percent_u: (text) => every(text, (code) => `%u${hex(code, 4)}`),
  html_open: (text) => every(text, (code) => `&#${code}`),
  html_padded: (text) => every(text, (code) => `&#x${hex(code, 8)};`),
  html_decimal: (text) => every(text, (code) => `&#${code};`),
  html_hex: (text) => every(text, (code) => `&#x${hex(code, 2)};`),
  html_signs: (text) => signs(text, (code) => `&#${code};`),
  full_width: (text) =>
    every(text, (code, char) =>
      code > 0x20 && code < 0x7f ? String.fromCharCode(code + 0xfee0) : char,
    ),
  zero_width: (text) => [...text].join('\u200b'),
  soft_hyphen: (text) => [...text].join('\u00ad'),
  no_break_space: (text) => text.replaceAll(' ', '\u00a0'),
  en_dash: (text) => text.replaceAll('-', '\u2013'),
  arabic_digits: (text) => digits(text, 0x0660),
  devanagari_digits: (text) => digits(text, 0x0966),
  mathematical_digits: (text) => digits(text, 0x1d7ce),
};
