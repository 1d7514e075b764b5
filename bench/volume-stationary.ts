import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { SimulatedAgent } from './volume-agent.ts';

const DAY_MINUTES = 1_440;
const WARM_UP_DAYS = 7;
const RATES = [0.7, 3, 6, 12] as const;
const SPREAD = 0.1;
const SEED = 9_001;

/** Agents and days behind their history; `long` makes ten thousand agent-days. */
const SIZES = {
  quick: { agents: 20, days: 10 },
  bench: { agents: 40, days: 25 },
  long: { agents: 200, days: 50 },
} as const;

export const STATIONARY_NOTES: readonly string[] = [
  'stationary: 0.7 to 12 over-dispersed calls a minute without a day or a week; a trip is one of ' +
    'any level.',
];

/** Trips of the volume detectors on agents that are noisy and never change. */
export function stationaryFigures(size: keyof typeof SIZES): Record<string, number> {
  const { agents, days } = SIZES[size];
  let trips = 0;
  let suspensions = 0;
  for (let index = 0; index < agents; index += 1) {
    const random = new SeededRandom(SEED + index);
    const agent = new SimulatedAgent();
    const rate = RATES[index % RATES.length] ?? 1;
    for (let minute = 0; minute < (WARM_UP_DAYS + days) * DAY_MINUTES; minute += 1) {
      const calls = random.negativeBinomial(rate, SPREAD);
      const volume = calls === 0 ? [] : [{ calls, records: 0, bytes: 0, tokens: 0 }];
      const level = agent.minute(minute, volume)?.trip?.level ?? 0;
      if (minute < WARM_UP_DAYS * DAY_MINUTES || level === 0) continue;
      trips += 1;
      if (level >= 4) suspensions += 1;
    }
  }
  return {
    stationary_trips: trips,
    stationary_suspensions: suspensions,
    stationary_agent_days: agents * days,
  };
}
