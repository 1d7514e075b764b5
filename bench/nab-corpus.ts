import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelledRows } from './nab-score.ts';

/** One file of the corpus: `name` is its path below `data`. */
export interface NabFile extends LabelledRows {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The checkout of numenta/NAB that TRIPCOIL_NAB names; null where there is none. */
export function nabFolder(): string | null {
  const folder = process.env['TRIPCOIL_NAB'];
  return folder && existsSync(join(folder, 'labels/combined_windows.json')) ? folder : null;
}

/** Every file of the corpus with its windows, in order of names. */
export function readNabCorpus(folder: string): readonly NabFile[] {
  const labels = readFileSync(join(folder, 'labels/combined_windows.json'), 'utf8');
  const windows: Record<string, [string, string][]> = JSON.parse(labels);
  return Object.keys(windows)
    .sort()
    .map((name) => {
      const rows = readColumns(join(folder, 'data', name), 'value');
      const rowOf = (text: string) => rows.times.indexOf(timeOf(text));
      const limits = (windows[name] ?? []).map(([from, to]): [number, number] => [
        rowOf(from),
        rowOf(to),
      ]);
      return { name, rows: rows.times.length, windows: limits, ...rows };
    });
}

/** Scores that a detector of the leaderboard published for one file. */
export function publishedScores(folder: string, detector: string, name: string): number[] {
  const [group = '', file = ''] = name.split('/');
  const path = join(folder, 'results', detector, group, `${detector}_${file}`);
  return readColumns(path, 'anomaly_score').values;
}

/** Threshold and score of the standard profile as published; null where results are not there. */
export function publishedResult(
  folder: string,
  detector: string,
): { readonly threshold: number; readonly score: number } | null {
  const results = join(folder, 'results/final_results.json');
  if (!existsSync(results) || !existsSync(join(folder, 'results', detector))) return null;
  const scores: Record<string, { standard: number }> = JSON.parse(readFileSync(results, 'utf8'));
  const thresholds: Record<string, { standard: { threshold: number } }> = JSON.parse(
    readFileSync(join(folder, 'config/thresholds.json'), 'utf8'),
  );
  const score = scores[detector]?.standard;
  const threshold = thresholds[detector]?.standard.threshold;
  return score === undefined || threshold === undefined ? null : { threshold, score };
}

function readColumns(path: string, column: string): { times: number[]; values: number[] } {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const at = head.split(',').indexOf(column);
  const times: number[] = [];
  const values: number[] = [];
  for (const line of lines) {
    const cells = line.split(',');
    times.push(timeOf(cells[0] ?? ''));
    values.push(Number(cells[at]));
  }
  return { times, values };
}

/** `2014-02-14 14:30:00`, with or without a fraction, taken as UTC. */
function timeOf(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`);
}
