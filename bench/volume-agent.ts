import slowDrip from '../detectors/slow-drip.ts';
import volumeSpike from '../detectors/volume-spike.ts';
import type { AccessEvent } from '../src/core/access-event.ts';
import { LIMITS } from '../src/core/limits.ts';
import type { Redacted } from '../src/core/redacted.ts';
import { MINUTE_MS } from '../src/core/time.ts';
import { measuresOf } from '../src/engine/baseline/agent-baseline.ts';
import {
  type BaselineState,
  createBaselineState,
  observeBaseline,
  restoreBaseline,
  snapshotBaseline,
  viewOf,
} from '../src/engine/baseline/baseline.ts';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import { createPractice, PracticeReading } from '../src/engine/practice/practice.ts';
import type { Minute } from './volume-streams.ts';

/** Alarms of one agent within an hour are one. */
const MERGE_MINUTES = 60;
/** Log time for which the engine learns nothing after a strong finding. */
const QUARANTINE_MINUTES = 10;
const START = Date.UTC(2026, 0, 5);

const SPIKE_CONFIG = volumeSpike.config.parse({});
const DRIP_CONFIG = slowDrip.config.parse({});

const freshState = () => ({ spike: volumeSpike.init(), drip: slowDrip.init() });
type VolumeState = ReturnType<typeof freshState>;

/** An agent's baseline, and the volume detectors asked once a minute. */
export class SimulatedAgent {
  readonly #baseline: BaselineState;
  readonly #state: VolumeState;
  #quarantinedUntil = -1;
  #alarmedAt = Number.NEGATIVE_INFINITY;

  constructor(baseline: BaselineState = createBaselineState(), state = freshState()) {
    this.#baseline = baseline;
    this.#state = state;
  }

  get baseline(): BaselineState {
    return this.#baseline;
  }

  fork(): SimulatedAgent {
    return new SimulatedAgent(
      restoreBaseline(snapshotBaseline(this.#baseline)),
      structuredClone(this.#state),
    );
  }

  minute(minute: number, volume: Minute): DetectorVerdict | null {
    if (volume.length === 0) return null;
    const time = START + minute * MINUTE_MS;
    const learn = minute >= this.#quarantinedUntil;
    for (const sizes of volume) observeBaseline(this.#baseline, sizes, time, { learn });
    const context = {
      logTime: time,
      grant: null,
      principalGrant: null,
      resourceFact: null,
      actionFact: null,
      baseline: viewOf(this.#baseline, time),
      added: measuresOf(EVENT),
      practice: NO_PRACTICE,
      hearsDecisions: false,
      openBreaker: () => null,
      chainId: () => '',
      counted: true,
    };
    const event = { ...EVENT, time };
    const { spike, drip } = this.#state;
    const verdicts = [
      ...volumeSpike.observe(event, spike, { ...context, config: SPIKE_CONFIG }),
      ...slowDrip.observe(event, drip, { ...context, config: DRIP_CONFIG }),
    ];
    const verdict = verdicts.find(isAlarm) ?? verdicts[0];
    if (verdict && verdict.score >= 70) this.#quarantinedUntil = minute + QUARANTINE_MINUTES;
    return verdict ?? null;
  }

  isNewAlarm(minute: number): boolean {
    const isNew = minute - this.#alarmedAt > MERGE_MINUTES;
    this.#alarmedAt = minute;
    return isNew;
  }
}

const EVENT: Redacted<AccessEvent> = scenario('acme').agent('simulated').at(0).reads(1);
/** The volume detector looks at how much is done, not at what. */
const NO_PRACTICE = new PracticeReading(createPractice(LIMITS.practiceSlotsPerAgent), null, EVENT);

/** Whether it is of level high or above. */
export function isAlarm(verdict: DetectorVerdict | null | undefined): boolean {
  return verdict?.level === 'high' || verdict?.level === 'critical';
}
