import type { ServerOptions } from './daemon-client.ts';

/** What is known beforehand by whoever verifies. */
export interface VerifyGiven extends Omit<ServerOptions, 'server'> {
  /** Verifier key of one of the logs. */
  readonly key?: string;
  /** Checkpoints kept elsewhere. */
  readonly kept: readonly { readonly file: string; readonly text: string }[];
}

/** The outcome of a verification, whatever was verified. */
export interface Verdict {
  readonly ok: boolean;
  /** For `-o json`. */
  readonly result: unknown;
  /** What is wrong, a line each. */
  readonly lines: readonly string[];
  /** Tells on the terminal what was found sound, and what could not be checked. */
  print(): void;
}
