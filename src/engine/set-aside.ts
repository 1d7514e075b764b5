import { LIMITS } from '../core/limits.ts';
import type { AnyDetector, NotJudged } from './detect/detector.ts';
import type { TenantState } from './tenant-state.ts';

/** Why a detector is no longer asked in a tenant, until configuration or version change. */
export type SetAside = 'failed' | 'slow';

/** Shown where a detector threw. */
export const FAILED_BLIND: NotJudged = {
  field: 'detector',
  cure: 'The detector failed: see its detector_failed finding, and report the bug.',
};

const SLOW_BLIND: NotJudged = {
  field: 'detector',
  cure: 'The detector took too long and was set aside: make it faster and raise its version.',
};

/** Null while it is asked. */
export function setAsideOf(
  { failures, slow }: TenantState,
  detector: DetectorVersion,
): SetAside | null {
  if (slow.size > 0 && slow.has(versionOf(detector))) return 'slow';
  if (failures.size === 0) return null;
  return (failures.get(versionOf(detector)) ?? 0) >= LIMITS.detectorFailures ? 'failed' : null;
}

export function isSetAside(tenant: TenantState, detector: DetectorVersion): boolean {
  return setAsideOf(tenant, detector) !== null;
}

/** What agents lack where a detector is set aside. */
export function blindOf(tenant: TenantState, detector: DetectorVersion): NotJudged {
  return setAsideOf(tenant, detector) === 'slow' ? SLOW_BLIND : FAILED_BLIND;
}

/** Counts a failure; true when it is the one that sets the detector aside in this tenant. */
export function countFailure({ failures }: TenantState, detector: DetectorVersion): boolean {
  const count = (failures.get(versionOf(detector)) ?? 0) + 1;
  failures.set(versionOf(detector), count);
  return count === LIMITS.detectorFailures;
}

/** What the log says of a detector that took too long. */
export function setAsideAsSlow({ slow }: TenantState, detector: DetectorVersion): void {
  if (slow.size < LIMITS.detectorModules) slow.add(versionOf(detector));
}

type DetectorVersion = Pick<AnyDetector, 'id' | 'version'>;

/** Another version has its own failures: an upgrade may have mended it. */
function versionOf({ id, version }: DetectorVersion): string {
  return `${id}@${version}`;
}
