import type { ClientClock } from './clock.ts';
import { record } from './read-messages.ts';
import type { CheckQuestion } from './verdict.ts';

/** A native event (`POST /v1/events`) of an action that is not done yet. */
export interface ProposedEvent {
  readonly id: string;
  readonly agent: { readonly id: string };
  readonly action: { readonly name: string; readonly op?: string };
  readonly session?: { readonly id?: string };
  readonly token?: { readonly jti?: string; readonly txn?: string };
  readonly trace?: { readonly trace_id?: string };
  readonly [member: string]: unknown;
}

/** What `POST /v1/check` answers, as far as a broker needs it. */
export interface ProposalAnswer {
  readonly allow: boolean;
  readonly level: number;
  readonly reason: string;
  readonly approvalUrl: string | null;
  readonly retryAfter: number | null;
  readonly judged: boolean;
}

/** Asks the daemon about one action before it is done. Null when it gives no answer in time. */
export async function askDaemon(
  event: ProposedEvent,
  options: {
    readonly url: URL;
    readonly token: string;
    readonly fetch: typeof globalThis.fetch;
    readonly clock: ClientClock;
    readonly wallMs: () => number;
    readonly timeoutMs: number;
    readonly onRefused: (status: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<ProposalAnswer | null> {
  const { url, token, clock } = options;
  const limit = new AbortController();
  const late = new AbortController();
  void clock.sleep(options.timeoutMs, late.signal).then(() => limit.abort());
  try {
    const response = await options.fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ time: options.wallMs(), ...event, phase: 'proposed' }),
      redirect: 'error',
      signal: AbortSignal.any([options.signal, limit.signal]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      options.onRefused(response.status);
      return null;
    }
    return answerOf(await response.json());
  } catch {
    return null;
  } finally {
    late.abort();
  }
}

/** The question that the breakers known here can answer. */
export function questionOf(event: ProposedEvent): CheckQuestion {
  const { agent, action, session, token, trace } = event;
  return {
    agent: agent.id,
    tool: action.name,
    ...(action.op !== undefined && { op: action.op }),
    ...(session?.id !== undefined && { session: session.id }),
    ...(token?.jti !== undefined && { jti: token.jti }),
    ...(token?.txn !== undefined && { chain: token.txn }),
    ...(trace?.trace_id !== undefined && { trace: trace.trace_id }),
  };
}

function answerOf(value: unknown): ProposalAnswer | null {
  const { allow, level, reason, approval_url, retry_after, judged } = record(value) as Readonly<
    Record<string, unknown>
  >;
  if (typeof allow !== 'boolean' || typeof level !== 'number') return null;
  return {
    allow,
    level,
    reason: typeof reason === 'string' ? reason : '',
    approvalUrl: typeof approval_url === 'string' ? approval_url : null,
    retryAfter: typeof retry_after === 'number' ? retry_after : null,
    judged: judged === true,
  };
}
