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

/** Whether a name may be repeated to its sender: a word or a few, and nobody's address or token. */
export function isFieldName(name: string): boolean {
  return /^[a-z]{1,24}(?:_[a-z]{1,24}){0,3}$/.test(name);
}

/** The leading part of a path as far as its parts are field names and positions. */
export function namedPath(path: string): string {
  return NAMED_PATH.exec(path)?.[0] ?? '';
}

const NAMED_PATH =
  /^(?:(?:^|\.)(?:[a-z]{1,24}(?:_[a-z]{1,24}){0,3}|\d{1,6})(?=[.[]|$)|\[\d{1,6}\])*/;

/** The same words for what does not exist and for what the caller may not see. */
export function notFound(): TripcoilError {
  return new TripcoilError('not_found', 'Nothing by that id, or not visible to this credential.');
}
