/** What a breaker level means for one action. */
export interface LevelQuestion {
  readonly level: number;
  /** `read` and `list` are reads; everything else, also nothing, counts as a write. */
  readonly op: string | undefined;
  readonly posture: 'shadow' | 'enforce';
  /** A named person tripped it, so that it holds in a shadow tenant too. */
  readonly class: string | null;
}

export interface LevelRuling {
  readonly allow: boolean;
  readonly needsApproval: boolean;
  readonly throttle: boolean;
}

/** The classes of action that a posture tells apart. */
export function isRead(op: string | undefined): boolean {
  return op === 'read' || op === 'list';
}

/**
 * The daemon's own table: 0 and 1 allow (1 asks for patience), 2 allows reads and wants an approval
 * for the rest, 3 allows reads alone, 4 and above deny. A shadow tenant is always allowed, but for
 * what a named person tripped.
 */
export function ruleOnLevel(question: LevelQuestion): LevelRuling {
  const { level, posture } = question;
  const read = isRead(question.op);
  if (posture === 'shadow' && question.class !== 'operator') {
    return { allow: true, needsApproval: false, throttle: false };
  }
  return {
    allow: level <= 1 || (level <= 3 && read),
    needsApproval: level === 2 && !read,
    throttle: level === 1,
  };
}
