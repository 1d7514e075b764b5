/** What one look came to. `cure` is what to do, exactly; a sound check has none. */
export interface Check {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly what: string;
  readonly why: string | null;
  readonly cure: string | null;
}

export function sound(check: string, what: string): Check {
  return { check, status: 'ok', what, why: null, cure: null };
}

/** Something works less well than it could. */
export function warning(check: string, what: string, why: string, cure: string): Check {
  return { check, status: 'warning', what, why, cure };
}

/** Something does not work. */
export function failed(check: string, what: string, why: string, cure: string): Check {
  return { check, status: 'failed', what, why, cure };
}

/** 0 nothing wrong, 1 warnings only, 2 something does not work. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ status }) => status === 'failed')) return 2;
  return checks.some(({ status }) => status === 'warning') ? 1 : 0;
}
