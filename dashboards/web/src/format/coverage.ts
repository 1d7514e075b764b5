import type { AgentCoverage } from '../../../../src/api/contract.ts';
import { spaced } from './reason.ts';

export interface SplitCoverage {
  /** Detectors that can act on what they find, and those that only report. */
  readonly acting: readonly AgentCoverage[];
  readonly inShadow: readonly AgentCoverage[];
  readonly blindActing: readonly AgentCoverage[];
  readonly blindInShadow: readonly AgentCoverage[];
}

/** Parts what matters now from what is only tried out. */
export function splitCoverage(coverage: readonly AgentCoverage[]): SplitCoverage {
  const acting = coverage.filter(({ mode }) => mode !== 'shadow');
  const inShadow = coverage.filter(({ mode }) => mode === 'shadow');
  const blind = ({ verdict }: AgentCoverage): boolean => verdict === 'blind';
  return {
    acting,
    inShadow,
    blindActing: acting.filter(blind),
    blindInShadow: inShadow.filter(blind),
  };
}

/** `cross tenant access: needs resource.tenant`. */
export function needsInWords({ detector, field }: AgentCoverage): string {
  return `${spaced(detector)}: needs ${field ?? 'more fields'}`;
}
