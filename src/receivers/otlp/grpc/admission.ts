import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import { ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import { TripcoilError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { Authenticator } from '../../../ports/authenticator.ts';
import type { Clock } from '../../../ports/clock.ts';
import { type Principal, type Refusal, shareOf } from '../../../ports/ingest.ts';
import { authenticateBearer, bearerToken } from '../../http-answer.ts';
import type { CallStatus } from './status.ts';

function busy(code: Refusal): TripcoilError {
  const message = 'too many messages are arriving; retry later';
  return new TripcoilError(code, message, { retryable: true });
}

export interface AdmissionOptions {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  /** @throws TripcoilError when a call of this method had better not be read now. */
  readonly admit: (path: string, sender: Principal) => void;
  /** Called for each call refused; says how. */
  readonly refused: (path: string, error: unknown) => CallStatus;
}

/**
 * Decides by its metadata whether a call may send its message, before any byte of that is taken:
 * the sender is known and may ingest, the queue has room, and not too many messages are arriving
 * already. grpc-js holds a message whole, so their number bounds the memory.
 */
export class Admission {
  private readonly options: AdmissionOptions;
  private readonly senders = new WeakMap<Metadata, Principal>();
  private readonly readingByShare = new Map<string, number>();
  private reading = 0;

  constructor(options: AdmissionOptions) {
    this.options = options;
  }

  /** Who sent the call with this metadata, once admitted. */
  senderOf(metadata: Metadata): Principal | undefined {
    return this.senders.get(metadata);
  }

  readonly interceptor: ServerInterceptor = (method, call) => {
    let arrived = (): void => {};
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const admit = (): void => {
          try {
            const sender = this.admit(method.path, metadata);
            this.senders.set(metadata, sender);
            arrived = this.read(call, shareOf(sender));
            next(metadata);
          } catch (error) {
            call.sendStatus(this.options.refused(method.path, error));
          }
        };
        const preparing = this.prepare(metadata);
        if (preparing === null) admit();
        else void preparing.then(admit);
      })
      .withOnReceiveMessage((message, next) => {
        arrived();
        next(message);
      })
      .withOnCancel(() => arrived())
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((status, next) => {
        arrived();
        next(status);
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };

  /** A promise where the credential may be signed; in bounded time, without rejection. */
  private prepare(metadata: Metadata): Promise<unknown> | null {
    const { prepare } = this.options.authenticator;
    if (prepare === undefined) return null;
    const token = bearerToken(metadata.get('authorization')[0]?.toString());
    return token === undefined ? null : prepare(token);
  }

  private admit(path: string, metadata: Metadata): Principal {
    const [authorization] = metadata.get('authorization');
    const sender = authenticateBearer(authorization?.toString(), this.options.authenticator);
    const ofSender = this.readingByShare.get(shareOf(sender)) ?? 0;
    if (ofSender >= LIMITS.grpcReadingPerSender) throw busy('over_share');
    if (this.reading >= LIMITS.grpcReading) throw busy('overloaded');
    this.options.admit(path, sender);
    return sender;
  }

  /** Counts a message as arriving, until it has, or too much time went by. Returns its end. */
  private read(call: ServerInterceptingCallInterface, share: string): () => void {
    this.reading++;
    this.readingByShare.set(share, (this.readingByShare.get(share) ?? 0) + 1);
    const waiting = new AbortController();
    const end = (): void => {
      if (waiting.signal.aborted) return;
      waiting.abort();
      this.reading--;
      const left = (this.readingByShare.get(share) ?? 1) - 1;
      if (left === 0) this.readingByShare.delete(share);
      else this.readingByShare.set(share, left);
    };
    void this.options.clock.sleep(LIMITS.grpcReadMs, waiting.signal).then(() => {
      if (waiting.signal.aborted) return;
      end();
      const message = 'the message took too long to arrive';
      call.sendStatus(this.options.refused('', new TripcoilError('bad_request', message)));
    });
    return end;
  }
}
