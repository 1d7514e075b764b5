import { describe, expect, it } from 'vitest';
import { codeLines, functionsOf, importsOf, scan } from './scanner.ts';

const code = (text: string) => scan(text.replaceAll('#{', `$\{`)).code.replaceAll(`$\{`, '#{');
const lengths = (text: string) => functionsOf(scan(text)).map((one) => [one.line, one.lines]);

describe('scan', () => {
  it.each([
    ['a // b\nc', 'a     \nc'],
    ['a /* b\n c */ d', 'a     \n      d'],
    [`x = 'it\\'s // no'; y`, `x = '···········'; y`],
    ['x = "/*"; /* y */ z', 'x = "··";         z'],
    ['`a #{b + `c #{d}` } e` + f', '`··#{b + `··#{d}` }··` + f'],
    ['`#{ { a: 1 } }x` + y', '`#{ { a: 1 } }·` + y'],
    ['a = /["/]/.test(b) / c', 'a = /····/.test(b) / c'],
    ['a / b / c', 'a / b / c'],
    ['f(/a b/g)', 'f(/···/g)'],
    ['return /x/;', 'return /·/;'],
    ["<p>it's</p>\nx('a')", "<p>it'·····\nx('·')"],
    ['<b>a</b> / 2 {c}', '<b>a</b> / 2 {c}'],
    ["'unclosed", "'········"],
    ['`unclosed', '`········'],
  ])('masks %j', (text, expected) => {
    expect(code(text)).toBe(expected);
    expect(code(text)).toHaveLength(text.length);
  });

  it('keeps comments with their place', () => {
    expect(scan('a; // one\n/* two */').comments).toEqual([
      { offset: 3, text: '// one' },
      { offset: 10, text: '/* two */' },
    ]);
  });

  it('counts lines of code without comments and blanks', () => {
    expect(
      codeLines(scan('/** doc\n * more\n */\nconst a = 1; // why\n\nconst b = `\n\n`;\n')),
    ).toBe(3);
  });
});

describe('importsOf', () => {
  it('sees every form and no other string', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from './b.ts';",
      'import {\n  c,\n  type D,\n} from "c";',
      "import './side.ts';",
      "export { e } from './e.ts';",
      "export type { F } from './f.ts';",
      "const g = await import('./g.ts');",
      "type H = import('./h.ts').H;",
      "export const i = 'not/an/import';",
      "// import { j } from './j.ts';",
      "Array.from('k'); x.import('l');",
    ].join('\n');
    const found = importsOf(text, scan(text));
    expect(found.map((one) => one.specifier)).toEqual([
      './a.ts',
      './b.ts',
      'c',
      './side.ts',
      './e.ts',
      './f.ts',
      './g.ts',
      './h.ts',
    ]);
    expect(found.map((one) => one.values.join())).toEqual(['a', '', 'c', '', 'e', '', '', '']);
    expect(found.filter((one) => one.typeOnly).map((one) => one.line)).toEqual([2, 9]);
  });
});

describe('functionsOf', () => {
  it('finds functions by their bodies, whatever their return type', () => {
    expect(lengths('function a(x: number): Map<string, { y: 1 }> {\n  return x;\n}')).toEqual([
      [1, 3],
    ]);
    expect(lengths('const b = () => {\n\n};')).toEqual([[1, 3]]);
    expect(lengths('class C {\n  d(): readonly E[] {\n  }\n  get f() {}\n}')).toEqual([
      [2, 2],
      [4, 1],
    ]);
    expect(lengths('async function* g(): asserts x is Y {\n}')).toEqual([[1, 2]]);
    expect(lengths('function h(): () => void {\n}')).toEqual([[1, 2]]);
    expect(lengths("function i(): 'a' | 'b' {\n}")).toEqual([[1, 2]]);
    expect(lengths('function j() {\n  const k = () => {\n  };\n}')).toEqual([
      [1, 4],
      [2, 2],
    ]);
  });

  it('takes nothing else for a function', () => {
    const text = `
if (a) {}
for (const b of c(d)) {}
for await (const b of c) {}
switch (a) { case f(x): { break; } default: { } }
try { } catch (e) { } finally { }
const o = a ? f(x) : { b: 1 };
function t(): number { return 1; }
class X extends Y<Z> { field = { a: 1 }; static { } }
interface I { a: { b: 1 } }
type T = { [K in keyof U]: V };
import { q } from 'r';
do { } while (a);
`;
    expect(lengths(text)).toEqual([[8, 1]]);
  });

  it('is not misled by braces in literals', () => {
    expect(lengths("function a() {\n  x('}', /[}]/, `}`); // }\n}\n")).toEqual([[1, 3]]);
  });
});
