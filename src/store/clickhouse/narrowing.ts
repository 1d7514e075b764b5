import { readCursor } from '../cursor.ts';

type Parameter = string | number | readonly string[];

/** What narrows a statement: clauses of constant text, and the parameters that they name. */
export class Narrowing {
  readonly where: string[] = [];
  readonly parameters: Record<string, Parameter> = {};

  by(clause: string, name: string, value: Parameter): void {
    this.where.push(clause);
    this.parameters[name] = value;
  }

  /** From `since` on, before `until`, and after the row at which the page before ended. */
  byTime(query: {
    readonly since?: number | undefined;
    readonly until?: number | undefined;
    readonly cursor?: string | undefined;
  }): void {
    const { since, until, cursor } = query;
    if (since !== undefined) this.by('time_ms >= {since:Int64}', 'since', Math.ceil(since));
    if (until !== undefined) this.by('time_ms < {until:Int64}', 'until', Math.ceil(until));
    if (cursor === undefined) return;
    const after = readCursor(cursor);
    this.by('(time_ms, seq) < ({afterTime:Int64}, {afterSeq:UInt64})', 'afterTime', after.timeMs);
    this.parameters['afterSeq'] = after.seq;
  }
}
