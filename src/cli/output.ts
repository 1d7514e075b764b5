/** Standard output carries results and nothing else; talk goes to standard error. */
export type OutputFormat = 'table' | 'json' | 'jsonl';

export function parseOutputFormat(text: string): OutputFormat {
  if (text === 'table' || text === 'json' || text === 'jsonl') return text;
  throw new CliError(64, `-o takes table, json or jsonl, not ${text}`);
}

/** Ends the command with a code of docs/cli.md and one line on standard error. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** Documented exit codes: sysexits where one fits, small numbers for our own. */
export const EXIT = {
  ok: 0,
  failed: 1,
  notFound: 3,
  forbidden: 4,
  integrity: 6,
  unreachable: 7,
  usage: 64,
  internal: 70,
  config: 78,
} as const;

export function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `1 step`, `2 steps`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export type Row = Readonly<Record<string, unknown>>;

/** Prints rows in the asked format; a table shows the columns named, in their order. */
export function printRows(
  rows: readonly Row[],
  format: OutputFormat,
  columns: readonly string[],
): void {
  if (format === 'json') process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (format === 'jsonl')
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else process.stdout.write(table(rows, columns));
}

export function table(rows: readonly Row[], columns: readonly string[]): string {
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const line = (parts: readonly string[]): string =>
    parts
      .map((part, index) => part.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  const heading = line(columns.map((column) => column.toUpperCase()));
  return `${[heading, ...cells.map(line)].join('\n')}\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  // Control characters from the outside could repaint the terminal.
  return typeof value === 'object' ? JSON.stringify(value) : printable(String(value));
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}
