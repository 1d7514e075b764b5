import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument as parseYaml,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { LIMITS } from '../core/limits.ts';
import { type Locate, type Position, type Problem, pathText } from './problems.ts';
import { type JsonSchema, type Path, schemaAt } from './schema-path.ts';

/** Answers for one `${env:NAME}` or `${file:/path}`: the text, or what is wrong. */
export type Substitute = (
  scheme: string,
  argument: string,
) => { readonly text: string } | { readonly problem: string };

/** Plain values of a YAML or JSON text with the place of each; problems are values. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly locate: Locate;
}

/**
 * Reads YAML 1.2 (so JSON too) without merge keys, tags or repeated keys, bounded in size, depth
 * and aliases. Substitution fills scalars after parsing, so a value can never add structure.
 */
export function parseDocument(
  text: string,
  schema: JsonSchema,
  substitute: Substitute | null,
): ParsedDocument {
  const start: Position = { line: 1, column: 1 };
  const refuse = (message: string): ParsedDocument => ({
    value: undefined,
    problems: [{ path: '', ...start, message }],
    locate: () => start,
  });
  if (Buffer.byteLength(text) > LIMITS.documentBytes) {
    return refuse(`is larger than ${LIMITS.documentBytes} bytes`);
  }
  try {
    return new Reader(text, schema, substitute).read();
  } catch (error) {
    // The YAML parser recurses; a hostile nesting ends as a full stack and is no bug of ours.
    if (error instanceof RangeError) return refuse('is nested too deeply');
    throw error;
  }
}

type AnyNode = Node | null | undefined;

class Reader {
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  readonly #schema: JsonSchema;
  readonly #substitute: Substitute | null;
  readonly #problems: Problem[] = [];
  #aliases = 0;

  constructor(text: string, schema: JsonSchema, substitute: Substitute | null) {
    this.#schema = schema;
    this.#substitute = substitute;
    this.#document = parseYaml(text, {
      lineCounter: this.#lines,
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      schema: 'core',
    });
  }

  read(): ParsedDocument {
    for (const fault of [...this.#document.errors, ...this.#document.warnings]) {
      // Behind a colon or quote the parser repeats the text, which may be a secret.
      const words = fault.message.replace(/:?\s*["'`].*$|: .*$/s, '');
      this.#report([], `is not valid YAML: ${words}`, this.#position(fault.pos[0]));
    }
    const value = this.#value(this.#document.contents, []);
    const locate: Locate = (path, part) => this.#locate(path, part);
    return { value: value ?? {}, problems: this.#problems, locate };
  }

  #value(node: AnyNode, path: Path): unknown {
    if (path.length > LIMITS.documentDepth) {
      return this.#report(path, 'is nested too deeply', this.#start(node));
    }
    if (isAlias(node)) return this.#aliasValue(node, path);
    if (isMap(node)) return this.#mapValue(node, path);
    if (isSeq(node)) {
      return node.items.map((item, index) => this.#value(item as AnyNode, [...path, index]));
    }
    return isScalar(node) ? this.#scalarValue(node, path) : undefined;
  }

  #aliasValue(node: Alias, path: Path): unknown {
    this.#aliases += 1;
    if (this.#aliases > LIMITS.documentAliases) {
      if (this.#aliases > LIMITS.documentAliases + 1) return undefined;
      return this.#report(path, 'is one alias too many in this file', this.#start(node));
    }
    return this.#value(node.resolve(this.#document), path);
  }

  #mapValue(node: YAMLMap, path: Path): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (const pair of node.items) {
      const keyNode = pair.key as AnyNode;
      if (!isScalar(keyNode) || keyNode.value === '__proto__') {
        this.#report(path, 'has a key that is not a plain name', this.#start(keyNode));
        continue;
      }
      const key = String(keyNode.value);
      if (Object.hasOwn(map, key)) {
        this.#report([...path, key], 'is given twice', this.#start(keyNode));
        continue;
      }
      const value = this.#value(pair.value as AnyNode, [...path, key]);
      // `key:` with nothing behind it means "as if absent" to whoever comments out its children.
      if (value !== undefined && value !== null) map[key] = value;
    }
    return map;
  }

  #scalarValue(node: Scalar, path: Path): unknown {
    if (typeof node.value === 'bigint') return Number(node.value);
    if (typeof node.value !== 'string' || this.#substitute === null) return node.value;
    if (!node.value.includes('${')) return node.value;
    return this.#coerce(this.#substituted(node.value, node, path), path);
  }

  #substituted(text: string, node: Scalar, path: Path): string {
    return text.replace(/\$\$\{|\$\{([^}]*)\}?/g, (all, inside: string | undefined) => {
      if (inside === undefined) return '${';
      const split = /^(env|file):(.+)$/.exec(inside);
      const [, scheme, argument] = split ?? [];
      if (scheme === undefined || argument === undefined || !all.endsWith('}')) {
        const expected = `\${env:NAME} or \${file:/path}, or $\${ for the characters themselves`;
        this.#report(path, 'has a substitution of no known form', this.#start(node), expected);
        return '';
      }
      const result = this.#substitute?.(scheme, argument) ?? { text: '' };
      if ('text' in result) return result.text;
      this.#report(path, result.problem, this.#start(node));
      return '';
    });
  }

  /** A substituted port or switch arrives as text; the schema says what it stands for. */
  #coerce(text: string, path: Path): unknown {
    const type = schemaAt(this.#schema, path)?.type;
    if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) {
      return Number(text);
    }
    if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
    return text;
  }

  #locate(path: Path, part: 'key' | 'value'): Position {
    let node: AnyNode = this.#document.contents;
    let place = this.#start(node);
    for (const [index, name] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const last = index === path.length - 1;
      if (isSeq(node) && typeof name === 'number') {
        node = node.items[name] as AnyNode;
      } else if (isMap(node)) {
        const pair = node.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === name,
        );
        if (pair === undefined) return place;
        place = this.#start(pair.key as AnyNode);
        if (last && part === 'key') return place;
        node = pair.value as AnyNode;
      } else return place;
      if (node?.range) place = this.#start(node);
    }
    return place;
  }

  #start(node: AnyNode): Position {
    return this.#position(node?.range?.[0] ?? 0);
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #report(path: Path, message: string, place: Position, expected?: string): undefined {
    if (this.#problems.length >= LIMITS.documentProblems) return undefined;
    const hint = expected === undefined ? {} : { expected };
    this.#problems.push({ path: pathText(path), ...place, message, ...hint });
    return undefined;
  }
}
