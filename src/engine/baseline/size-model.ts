import type { MeasureHistory } from './measure-history.ts';

/** Log-normal sizes of single actions; null for plain counts and before any was learned. */
export interface SizeModel {
  readonly meanLog: number;
  readonly deviationLog: number;
  readonly meanSize: number;
}

export function sizeModelOf({ logSizes, sizeSum }: MeasureHistory): SizeModel | null {
  const count = logSizes[0] ?? 0;
  if (count <= 0) return null;
  const meanLog = (logSizes[1] ?? 0) / count;
  const variance = (logSizes[2] ?? 0) / count - meanLog * meanLog;
  const deviationLog = Math.sqrt(Math.max(LEAST_DEVIATION_LOG ** 2, variance));
  return { meanLog, deviationLog, meanSize: Math.max(1, sizeSum / count) };
}

/** Equal sizes so far do not promise equal sizes. */
const LEAST_DEVIATION_LOG = 0.5;
