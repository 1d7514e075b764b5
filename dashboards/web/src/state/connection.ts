/** How the page hears from the server. */
export type Connection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'live' }
  | { readonly phase: 'paused' }
  /** `since` is the last moment the page knew to be true, epoch milliseconds. */
  | { readonly phase: 'lost'; readonly since: number };

export type ConnectionStep =
  | { readonly type: 'opened' }
  | { readonly type: 'lost'; readonly lastHeardAt: number }
  | { readonly type: 'hidden' }
  | { readonly type: 'shown' };

/** Pure: a repeated loss keeps the first moment, so that the age shown is the true one. */
export function stepConnection(before: Connection, step: ConnectionStep): Connection {
  switch (step.type) {
    case 'opened':
      return { phase: 'live' };
    case 'lost':
      if (before.phase === 'lost' || before.phase === 'paused') return before;
      return { phase: 'lost', since: step.lastHeardAt };
    case 'hidden':
      return { phase: 'paused' };
    case 'shown':
      return { phase: 'connecting' };
  }
}
