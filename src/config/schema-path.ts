/** Keys and indices from the root of a document. */
export type Path = readonly (string | number)[];

/** The part of JSON Schema 2020-12 that zod writes for our documents. */
export interface JsonSchema {
  readonly type?: string;
  /** What a text must be, in words, where its form alone would not tell. */
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
}

/** The schema of the value at `path`, or undefined where the schema says nothing. */
export function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  let here: JsonSchema | undefined = schema;
  for (const part of path) {
    if (here === undefined) return undefined;
    if (typeof part === 'number') {
      here = here.items;
      continue;
    }
    const { properties, additionalProperties }: JsonSchema = here;
    if (properties !== undefined && Object.hasOwn(properties, part)) here = properties[part];
    else here = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  }
  return here;
}

export function childKeys(schema: JsonSchema | undefined): readonly string[] {
  return Object.keys(schema?.properties ?? {});
}

/** Words for what may stand there: `integer from 0 to 65535`, `one of auto, chdb, memory`. */
export function describeExpected(schema: JsonSchema | undefined): string | undefined {
  if (schema?.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  switch (schema?.type) {
    case 'integer':
    case 'number':
      return `${schema.type}${rangeText(schema)}`;
    case 'string':
      return stringText(schema);
    case 'array': {
      const of = describeExpected(schema.items);
      return of === undefined ? 'a list' : `a list, each ${of}`;
    }
    case 'object':
      return 'a mapping';
    default:
      return schema?.type;
  }
}

function rangeText({ minimum, maximum }: JsonSchema): string {
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? null : minimum;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? null : maximum;
  if (low !== null && high !== null) return ` from ${low} to ${high}`;
  if (low !== null) return ` of at least ${low}`;
  return high === null ? '' : ` of at most ${high}`;
}

function stringText(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.format === 'uri') return 'an http or https URL';
  if (schema.pattern === '^[0-9a-f]{64}$') return '64 lower-case hex digits';
  if ((schema.minLength ?? 0) > 1) return `text of at least ${schema.minLength} characters`;
  return 'text';
}
