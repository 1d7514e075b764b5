import { TripcoilError } from '../core/errors.ts';
import type { SignalStream, StreamSubject } from '../core/signal-stream.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';
import type { SignalStreams } from '../ports/signal-streams.ts';
import type { Outbox } from './outbox.ts';
import type { Partition } from './partition.ts';

/** Streams as the shard has them; each change is in the ledger before it takes effect. */
export function createSignalStreams(options: {
  readonly partition: Partition;
  readonly outbox: Outbox;
  readonly redactor: Redactor;
  /** Sends these what the engine owes them, where deliveries have begun. */
  readonly resume: (receivers: readonly RevocationReceiver[]) => void;
}): SignalStreams {
  const { partition, outbox, redactor, resume } = options;
  const { shard } = partition;
  const get = (tenant: string, id: string) => shard.tenants.get(tenant)?.streams.get(id) ?? null;
  return {
    all: () =>
      [...shard.tenants.values()].flatMap(({ tenant, streams }) =>
        [...streams.values()].map((state) => ({ tenant, state })),
      ),
    get,
    async change(tenant, id, given) {
      const stream = given && redactedStream(redactor, tenant, given);
      redactor.flush?.();
      await partition.decide([{ kind: 'config', tenant, body: { type: 'stream', id, stream } }]);
      const state = get(tenant, id);
      if (stream && !state) throw new TripcoilError('overloaded', 'too many streams');
      return state;
    },
    recordedSubject: (tenant, subject) => recordedSubject(redactor, tenant, subject),
    attach(receiver) {
      outbox.add(receiver);
      resume([receiver]);
    },
    detach: (name) => outbox.remove(name),
  };
}

function redactedStream(redactor: Redactor, tenant: string, stream: SignalStream): SignalStream {
  const text = (given: string | null) => given && redactor.redactText(tenant, given);
  return {
    ...stream,
    description: text(stream.description),
    statusReason: text(stream.statusReason),
    eventsRequested:
      stream.eventsRequested?.map((type) => redactor.redactText(tenant, type)) ?? null,
    subjects: stream.subjects.map(({ subject, included }) => ({
      subject: recordedSubject(redactor, tenant, subject),
      included,
    })),
  };
}

const PLAIN_MEMBERS = ['format', 'iss'];

/** Names of people and agents are replaced; formats and issuers are none. */
function recordedSubject(
  redactor: Redactor,
  tenant: string,
  subject: StreamSubject['subject'],
): StreamSubject['subject'] {
  const recorded = (value: unknown): unknown => {
    if (typeof value === 'string') return redactor.redactIdentifier(tenant, value);
    if (Array.isArray(value)) return value.map(recorded);
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value);
    return Object.fromEntries(
      members.map(([name, member]) => [
        name,
        PLAIN_MEMBERS.includes(name) ? member : recorded(member),
      ]),
    );
  };
  return recorded(subject) as StreamSubject['subject'];
}
