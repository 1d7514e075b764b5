import type { LedgerProblem } from '../verify.ts';

/** What is wrong with a transparency log, and where. The first problem ends the check. */
export interface LogProblem {
  /** As for segments; `wrong_key`: signed or wrapped by another key than the one known. */
  readonly kind: LedgerProblem['kind'] | 'wrong_key';
  /** Null where a file is at fault that all tenants share. */
  readonly tenant: string | null;
  /** Path below the ledger's directory, or of the checkpoint kept elsewhere. */
  readonly file: string;
  /** The first entry that can no longer be relied upon, in the partition's log; null for none. */
  readonly seq: number | null;
  readonly message: string;
}

/** Ends a check from wherever it is; caught where the check began. */
export class LogFault extends Error {
  readonly problem: LogProblem;

  constructor(problem: LogProblem) {
    super(problem.message);
    this.problem = problem;
  }
}
