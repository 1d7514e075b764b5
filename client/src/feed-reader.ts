import type { BreakerMap, Change } from './breaker-map.ts';
import type { StreamEvent } from './event-stream.ts';
import type { TransitionMessage } from './messages.ts';
import { heartbeatOf, list, record, snapshotOf, text, transitionOf } from './read-messages.ts';
import type { FeedVerifier, VerifiedMessage } from './verify.ts';

export interface FeedReaderOptions {
  readonly map: BreakerMap;
  /** Absent where TLS alone vouches for the daemon. */
  readonly verifier: FeedVerifier | null;
  /** Whose feed it is; told where there is a verifier. */
  readonly tenant: string | null;
  readonly onChange: (change: Change) => void;
  /** The copy is what the daemon has now. */
  readonly onConfirmed: () => void;
  readonly onSnapshot: () => void;
  /** The daemon asks whether it is heard. */
  readonly onDrill: (tenant: string, drill: string) => void;
}

/** Puts the messages of the feed, streamed or asked for, into a map of breakers. */
export class FeedReader {
  readonly #options: FeedReaderOptions;
  #resynchronise = false;
  #answered: string | null = null;

  constructor(options: FeedReaderOptions) {
    this.#options = options;
  }

  /** `term:seq` to resume from, or null for a snapshot. */
  get position(): string | null {
    const { tenant, term, seq } = this.#options.map;
    return tenant === null || term === 0 || this.#resynchronise ? null : `${term}:${seq}`;
  }

  /** @throws when the message is forged or not understood. */
  async take(event: StreamEvent): Promise<'stay' | 'reconnect'> {
    switch (event.event) {
      case 'resync':
        this.#resynchronise = true;
        return 'stay';
      case 'snapshot':
        return this.#snapshot(await this.#open(event));
      case 'transition':
        // Signed feeds have deltas in their place.
        return this.#transitions(await this.#open(event), (body) => [body]);
      case 'delta':
        return this.#transitions(await this.#open(event), (body) => list(body, 'transitions'));
      case 'heartbeat':
        return this.#heartbeat(await this.#open(event));
      case 'drill':
        this.#drill(await this.#open(event));
        return 'stay';
      case 'changes': {
        const message = await this.#open(event);
        if (message.body['drill'] !== undefined) this.#drill(message);
        if (message.body['breakers'] !== undefined) this.#snapshot(message);
        else if (this.#transitions(message, (body) => list(body, 'transitions')) === 'reconnect') {
          return 'reconnect';
        }
        return this.#heartbeat(message);
      }
      default:
        return 'stay';
    }
  }

  async #open({ event, data }: StreamEvent): Promise<VerifiedMessage> {
    const { verifier, tenant } = this.#options;
    if (verifier) return verifier.read(data, event, tenant ?? '');
    return { body: record(JSON.parse(data)), isCurrent: true, isNews: true };
  }

  #snapshot({ body, isCurrent, isNews }: VerifiedMessage): 'stay' {
    const { map, onChange, onConfirmed, onSnapshot } = this.#options;
    const snapshot = snapshotOf(body);
    if (!isCurrent) {
      onChange(map.applyTrips(snapshot));
      return 'stay';
    }
    const refusedBefore = map.refused;
    onChange(map.applySnapshot(snapshot));
    this.#resynchronise = false;
    // Something older than what is held confirms nothing; the copy goes stale instead.
    if (map.refused === refusedBefore && isNews) onConfirmed();
    onSnapshot();
    return 'stay';
  }

  #transitions(
    { body, isCurrent }: VerifiedMessage,
    of: (body: VerifiedMessage['body']) => readonly unknown[],
  ): 'stay' | 'reconnect' {
    const messages: readonly TransitionMessage[] = of(body).map(transitionOf);
    let verdict: 'stay' | 'reconnect' = 'stay';
    for (const message of messages) {
      const change = this.#options.map.applyTransition(message, isCurrent);
      this.#options.onChange(change);
      if (!change.resync) continue;
      this.#resynchronise = true;
      verdict = 'reconnect';
    }
    return verdict;
  }

  /** Each is answered once, though those who poll are told of it again. */
  #drill({ body, isCurrent }: VerifiedMessage): void {
    const drill = text(body, 'drill');
    if (!isCurrent || drill === this.#answered) return;
    this.#answered = drill;
    this.#options.onDrill(text(body, 'tenant'), drill);
  }

  #heartbeat({ body, isCurrent, isNews }: VerifiedMessage): 'stay' | 'reconnect' {
    if (!isCurrent) return 'stay';
    const verdict = this.#options.map.confirm(heartbeatOf(body));
    if (verdict === 'confirmed' && isNews) this.#options.onConfirmed();
    if (verdict !== 'drifted') return 'stay';
    this.#resynchronise = true;
    return 'reconnect';
  }
}
