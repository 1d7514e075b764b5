import { type ErrorCode, TripcoilError } from '../core/errors.ts';

export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** An operating error that names the field, or every field, at fault. */
export class RequestProblem extends TripcoilError {
  readonly problems: readonly FieldProblem[];

  constructor(code: ErrorCode, message: string, problems: readonly FieldProblem[]) {
    super(code, message);
    this.name = 'RequestProblem';
    this.problems = problems;
  }
}

/** The same words for what does not exist and for what the caller may not see. */
export function notFound(): TripcoilError {
  return new TripcoilError('not_found', 'Nothing by that id, or not visible to this credential.');
}
