import approvalMissing from '../detectors/approval-missing.ts';
import approvalRubberStamp from '../detectors/approval-rubber-stamp.ts';
import authFailureBurst from '../detectors/auth-failure-burst.ts';
import confusedDeputy from '../detectors/confused-deputy.ts';
import credentialExposure from '../detectors/credential-exposure.ts';
import crossTenantAccess from '../detectors/cross-tenant-access.ts';
import crossTenantChain from '../detectors/cross-tenant-chain.ts';
import crossUnitAccess from '../detectors/cross-unit-access.ts';
import dataResidency from '../detectors/data-residency.ts';
import decisionBypass from '../detectors/decision-bypass.ts';
import denialBurst from '../detectors/denial-burst.ts';
import errorBurst from '../detectors/error-burst.ts';
import fanOut from '../detectors/fan-out.ts';
import firstSeenAccess from '../detectors/first-seen-access.ts';
import impossibleConcurrency from '../detectors/impossible-concurrency.ts';
import injectionMarker from '../detectors/injection-marker.ts';
import latencyShift from '../detectors/latency-shift.ts';
import limitHugging from '../detectors/limit-hugging.ts';
import offHours from '../detectors/off-hours.ts';
import outOfScopeAccess from '../detectors/out-of-scope-access.ts';
import privilegeGrowth from '../detectors/privilege-growth.ts';
import runawayLoop from '../detectors/runaway-loop.ts';
import sensitiveSequence from '../detectors/sensitive-sequence.ts';
import silence from '../detectors/silence.ts';
import slowDrip from '../detectors/slow-drip.ts';
import stalePolicy from '../detectors/stale-policy.ts';
import taskScopeViolation from '../detectors/task-scope-violation.ts';
import tenantClaimMismatch from '../detectors/tenant-claim-mismatch.ts';
import tokenMismatch from '../detectors/token-mismatch.ts';
import tokenReplay from '../detectors/token-replay.ts';
import toolSpike from '../detectors/tool-spike.ts';
import unusedGrant from '../detectors/unused-grant.ts';
import useAfterRevoke from '../detectors/use-after-revoke.ts';
import userEntitlementExceeded from '../detectors/user-entitlement-exceeded.ts';
import volumeSpike from '../detectors/volume-spike.ts';
import zombieAgent from '../detectors/zombie-agent.ts';
import type { Registry } from './engine/registry.ts';

/** Every detector of the process. Their order is part of the fold: append, never reorder. */
export const REGISTRY: Registry = {
  detectors: [
    volumeSpike,
    outOfScopeAccess,
    crossTenantAccess,
    credentialExposure,
    firstSeenAccess,
    taskScopeViolation,
    slowDrip,
    userEntitlementExceeded,
    crossUnitAccess,
    dataResidency,
    zombieAgent,
    errorBurst,
    denialBurst,
    latencyShift,
    runawayLoop,
    offHours,
    fanOut,
    sensitiveSequence,
    privilegeGrowth,
    unusedGrant,
    injectionMarker,
    silence,
    decisionBypass,
    tokenMismatch,
    tokenReplay,
    useAfterRevoke,
    approvalMissing,
    approvalRubberStamp,
    limitHugging,
    stalePolicy,
    authFailureBurst,
    impossibleConcurrency,
    tenantClaimMismatch,
    crossTenantChain,
    confusedDeputy,
    toolSpike,
  ],
};

/** Of this build, stamped on the log and shown by the API. */
export const SOFTWARE_VERSION = '0.1.0';
