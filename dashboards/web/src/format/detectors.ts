import type { DetectorBody, FeedbackBody } from '../../../../src/api/detector-contract.ts';

type Counts = Readonly<Record<FeedbackBody['verdict'], number>>;

/** One detector over the tenants in view. */
export interface DetectorRow {
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly source: DetectorBody['source'];
  /** The strongest first, each with the tenants that have it so. */
  readonly modes: readonly { readonly mode: string; readonly tenants: readonly string[] }[];
  /** Tenants that no longer ask it, because it failed or was slow. */
  readonly setAside: readonly string[];
  readonly agents: number;
  readonly blind: number;
  readonly feedback: Counts;
  readonly judged: number;
  /** Of the findings judged by people, the share that was not false; null without any. */
  readonly precision: number | null;
}

const STRENGTH = ['enforce', 'alert', 'shadow', 'off'];

function strength(mode: string): number {
  const place = STRENGTH.indexOf(mode);
  return place === -1 ? STRENGTH.length : place;
}

/** Each detector once, those that can act first, else in the server's order. */
export function detectorRows(bodies: readonly DetectorBody[]): readonly DetectorRow[] {
  const byId = new Map<string, DetectorBody[]>();
  for (const body of bodies) byId.set(body.id, [...(byId.get(body.id) ?? []), body]);
  const rows = [...byId.values()].flatMap((same) => rowOf(same) ?? []);
  const first = (row: DetectorRow): number => strength(row.modes[0]?.mode ?? '');
  return rows.sort((left, right) => first(left) - first(right));
}

function rowOf(same: readonly DetectorBody[]): DetectorRow | null {
  const [any] = same;
  if (any === undefined) return null;
  const { id, title, family, source } = any;
  const sum = (of: (body: DetectorBody) => number): number =>
    same.reduce((total, body) => total + of(body), 0);
  const feedback: Counts = {
    true: sum((body) => body.feedback.true),
    false: sum((body) => body.feedback.false),
    benign: sum((body) => body.feedback.benign),
    missed: sum((body) => body.feedback.missed),
  };
  const judged = feedback.true + feedback.benign + feedback.false;
  return {
    ...{ id, title, family, source, modes: modesOf(same), feedback, judged },
    setAside: same.flatMap(({ set_aside, tenant }) =>
      set_aside === null ? [] : [`${set_aside === 'slow' ? 'too slow' : 'failing'} in ${tenant}`],
    ),
    agents: sum((body) => body.agents),
    blind: sum((body) => body.blind),
    precision: judged === 0 ? null : (judged - feedback.false) / judged,
  };
}

function modesOf(same: readonly DetectorBody[]): DetectorRow['modes'] {
  const tenants = new Map<string, string[]>();
  for (const { mode, tenant } of same) tenants.set(mode, [...(tenants.get(mode) ?? []), tenant]);
  return [...tenants]
    .map(([mode, names]) => ({ mode, tenants: names }))
    .sort((left, right) => strength(left.mode) - strength(right.mode));
}
