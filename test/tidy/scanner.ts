/**
 * A TypeScript text with comments blanked and the contents of strings, templates and regular
 * expressions masked, character for character, so that offsets and lines stay those of the file.
 */
export interface Scan {
  /** Comments are spaces, literal contents are `·`; quotes, code and line breaks remain. */
  readonly code: string;
  readonly comments: readonly { readonly offset: number; readonly text: string }[];
}

export interface ImportFound {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** Names imported as values, as the other file calls them. */
  readonly values: readonly string[];
  readonly line: number;
}

export interface FunctionFound {
  readonly line: number;
  /** From the line of the opening brace to that of the closing one. */
  readonly lines: number;
}

const MASK = '·';
const REGEX_AFTER =
  /(?:^|[=(,;:!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|await|yield))$/;

/** One pass over the text with a stack for template placeholders. Never throws. */
export function scan(text: string): Scan {
  const scanner = new Scanner(text);
  while (scanner.at < text.length) scanner.step();
  return { code: scanner.out.join(''), comments: scanner.comments };
}

class Scanner {
  readonly text: string;
  readonly out: string[] = [];
  readonly comments: { offset: number; text: string }[] = [];
  /** Open braces inside each template placeholder we are in. */
  readonly placeholders: number[] = [];
  at = 0;
  /** The last few significant characters, to tell a division from a regular expression. */
  tail = '';

  constructor(text: string) {
    this.text = text;
  }

  step(): void {
    const char = this.text[this.at] ?? '';
    const next = this.text[this.at + 1];
    const depth = this.placeholders.at(-1);
    if (char === '/' && next === '/') this.comment(this.text.indexOf('\n', this.at));
    else if (char === '/' && next === '*') {
      const end = this.text.indexOf('*/', this.at + 2);
      this.comment(end < 0 ? -1 : end + 2);
    } else if (char === "'" || char === '"') this.quoted(char);
    else if (char === '/' && next !== '>' && this.startsRegex()) this.regex();
    else {
      this.emit(char);
      if (char === '`') this.template();
      else if (depth !== undefined && '{}'.includes(char)) this.brace(char, depth);
    }
  }

  /** Inside a placeholder: counts braces, and falls back into the template at its end. */
  brace(char: string, depth: number): void {
    this.placeholders.pop();
    if (char === '{') this.placeholders.push(depth + 1);
    else if (depth > 0) this.placeholders.push(depth - 1);
    else this.template();
  }

  emit(char: string): void {
    this.out.push(char);
    if (char.trim() !== '') this.tail = (this.tail + char).slice(-12);
    else if (/\w$/.test(this.tail)) this.tail += ' ';
    this.at += 1;
  }

  mask(end: number): void {
    for (; this.at < end; this.at += 1) {
      this.out.push(this.text[this.at] === '\n' ? '\n' : MASK);
    }
  }

  comment(found: number): void {
    const end = found < 0 ? this.text.length : found;
    const text = this.text.slice(this.at, end);
    this.comments.push({ offset: this.at, text });
    this.out.push(text.replace(/[^\n]/g, ' '));
    this.at = end;
  }

  /** Ends at its quote, or at the line's end: an apostrophe in JSX text is no string. */
  quoted(quote: string): void {
    this.emit(quote);
    const start = this.at;
    let end = start;
    while (end < this.text.length && this.text[end] !== quote && this.text[end] !== '\n') {
      end += this.text[end] === '\\' ? 2 : 1;
    }
    this.mask(Math.min(end, this.text.length));
    if (this.text[this.at] === quote) this.emit(quote);
  }

  template(): void {
    let end = this.at;
    while (end < this.text.length && this.text[end] !== '`') {
      if (this.text[end] === '$' && this.text[end + 1] === '{') {
        this.mask(end);
        this.emit('$');
        this.emit('{');
        this.placeholders.push(0);
        return;
      }
      end += this.text[end] === '\\' ? 2 : 1;
    }
    this.mask(Math.min(end, this.text.length));
    if (this.at < this.text.length) this.emit('`');
  }

  startsRegex(): boolean {
    if (this.text[this.at - 1] === '<') return false;
    return REGEX_AFTER.test(this.tail.trimEnd());
  }

  regex(): void {
    let inClass = false;
    let end = this.at + 1;
    for (; end < this.text.length && this.text[end] !== '\n'; end += 1) {
      const char = this.text[end];
      if (char === '\\') end += 1;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) break;
    }
    this.emit('/');
    if (this.text[end] !== '/') return;
    this.mask(end);
    this.emit('/');
    // A closing slash reads like a division otherwise, and the next one like a regex.
    this.tail = ')';
  }
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}

/** Lines that hold more than space and comment. */
export function codeLines({ code }: Scan): number {
  return code.split('\n').filter((line) => line.trim() !== '').length;
}

const IMPORT =
  /(?<![.\w])(?:(import|export)(\s+type\b)?(?:[^;'"`()]*?\bfrom)?\s*|(import)\s*\(\s*)(?=['"`])/g;

/** Static, side-effect and dynamic imports and re-exports, in order. */
export function importsOf(text: string, { code }: Scan): readonly ImportFound[] {
  return [...code.matchAll(IMPORT)].flatMap((match) => {
    const quote = match.index + match[0].length;
    const end = code.indexOf(code[quote] ?? '', quote + 1);
    if (match[1] === 'export' && !match[0].includes('from')) return [];
    const specifier = text.slice(quote + 1, end);
    const typeOnly = match[2] !== undefined;
    const names = (/\{([^}]*)\}/.exec(match[0])?.[1] ?? '').split(',').map((name) => name.trim());
    const values = names.filter((name) => name !== '' && !typeOnly && !name.startsWith('type '));
    const called = values.map((name) => name.split(' ')[0] ?? '');
    return [{ specifier, typeOnly, values: called, line: lineAt(code, quote) }];
  });
}

/** Every function with a braced body: declarations, methods, arrows, nested ones too. */
export function functionsOf({ code }: Scan): readonly FunctionFound[] {
  const found: FunctionFound[] = [];
  const open: { readonly at: number; readonly isFunction: boolean }[] = [];
  const partner = new Map<number, number>();
  const brackets: number[] = [];
  for (let at = 0; at < code.length; at += 1) {
    const char = code[at] ?? '';
    if ('([{'.includes(char)) {
      if (char === '{') open.push({ at, isFunction: opensFunction(code, at, partner) });
      brackets.push(at);
    } else if (')]}'.includes(char)) {
      const start = brackets.pop();
      if (start !== undefined) partner.set(at, start);
      const body = char === '}' ? open.pop() : undefined;
      if (body?.isFunction) {
        const line = lineAt(code, body.at);
        found.push({ line, lines: lineAt(code, at) - line + 1 });
      }
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

const BLOCK_HEADS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await']);
const NOT_TYPES: ReadonlySet<string> = new Set(
  (
    'class interface export import const let var do else try finally return static as throw ' +
    'satisfies default yield case new type'
  ).split(' '),
);

/** Whether the brace at `brace` begins a function body: after `=>`, or after a parameter list. */
function opensFunction(code: string, brace: number, partner: ReadonlyMap<number, number>): boolean {
  let at = skipSpace(code, brace - 1);
  if (code.slice(at - 1, at + 1) === '=>') return true;
  if (code[at] === ')') return !endsInBlockHead(code, partner.get(at));
  let angle = 0;
  let words = 0;
  while (at >= 0) {
    const char = code[at] ?? '';
    if (/\w/.test(char)) {
      const start = wordStart(code, at);
      if (NOT_TYPES.has(code.slice(start, at + 1))) return false;
      words += 1;
      at = start - 1;
    } else if (')]}'.includes(char)) {
      words += 1;
      at = (partner.get(at) ?? 0) - 1;
    } else if (char === ':') {
      const before = skipSpace(code, at - 1);
      return words > 0 && code[before] === ')' && !endsInBlockHead(code, partner.get(before));
    } else if (char === '>' && code[at - 1] === '=') at -= 2;
    else if (/[·'"`]/.test(char)) {
      words += 1;
      at -= 1;
    } else if (char === '<' || char === '>') {
      angle += char === '>' ? 1 : -1;
      at -= 1;
    } else if (char === ',' ? angle > 0 : /[\s.|&?]/.test(char)) at -= 1;
    else return false;
  }
  return false;
}

function endsInBlockHead(code: string, paren: number | undefined): boolean {
  if (paren === undefined) return true;
  const end = skipSpace(code, paren - 1);
  return BLOCK_HEADS.has(code.slice(wordStart(code, end), end + 1));
}

function skipSpace(code: string, from: number): number {
  let at = from;
  while (at >= 0 && /\s/.test(code[at] ?? '')) at -= 1;
  return at;
}

function wordStart(code: string, end: number): number {
  let at = end;
  while (at >= 0 && /\w/.test(code[at] ?? '')) at -= 1;
  return at + 1;
}
