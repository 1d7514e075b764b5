import type { TransparencyView } from '../../ports/transparency.ts';

/** Transparency logs of a deployment that has recorded nothing. */
export const NO_LOGS: TransparencyView = {
  logs: () => [],
  consistency: async () => null,
  checkpoint: () => null,
  file: async () => null,
  proof: async () => null,
};
