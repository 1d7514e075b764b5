import { Environment } from '@marcbachmann/cel-js';

/** What a target answered, as expressions see it. */
export interface Answer {
  /** The HTTP status; the exit code of a program; 0 otherwise. */
  readonly status: number;
  readonly text: string;
  /** The text as JSON where it is JSON, or the reply of Redis; else null. */
  readonly json: unknown;
}

/** A CEL expression over an answer; throws where the answer has not what it asks for. */
export type Expression = (answer: Answer, facts: Facts) => unknown;

/** The facts of the order by name, as in placeholders. */
export type Facts = Readonly<Record<string, string>>;

const ENVIRONMENT = new Environment()
  .registerVariable('status', 'int')
  .registerVariable('text', 'string')
  .registerVariable('json', 'dyn')
  .registerVariable('facts', 'map<string, string>');

/** Compiles CEL over `status`, `text`, `json` and `facts`. @throws Error where it is no CEL. */
export function compileExpression(source: string): Expression {
  const run = ENVIRONMENT.parse(source);
  const checked = run.check();
  if (!checked.valid) throw checked.error ?? new Error('is not a valid expression');
  return ({ status, text, json }, facts) => run({ status: BigInt(status), text, json, facts });
}
