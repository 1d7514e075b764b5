import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../core/access-event.ts';
import type { TokenReading } from '../core/token-reading.ts';
import { createReports, type Novelty, noveltyOf } from '../engine/idempotency.ts';
import { START } from '../engine/testing/entries.ts';
import { decodeEntry } from './entries.ts';
import { createIngest } from './ingest.ts';
import { Partition } from './partition.ts';
import { FakeClock } from './testing/fake-clock.ts';
import {
  BROKER,
  obedientShard,
  RecordingLog,
  RecordingMetrics,
  receivedOf,
  SECRET_REDACTOR,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';
import { Turns } from './turns.ts';

const CLAIMS = { jti: 't-1', iss: 'https://as.example', sub: 'alice' };
const AWAY: TokenReading = {
  facts: { ...CLAIMS, verified: false, failure: 'jwks_unavailable' },
  assertions: {},
  tenants: [],
};
const BACK: TokenReading = {
  facts: { ...CLAIMS, verified: true },
  assertions: {
    agent: 'spiffe://example.org/bot',
    principal: { sub: 'alice' },
    delegation: [{ sub: 'bot' }],
    scopes: ['mail.send'],
    intentScope: 'billing',
    clientIp: '192.0.2.1',
  },
  tenants: '*',
};

/** What the engine makes of these, each sent with the same token and read as given. */
async function noveltiesOf(
  sent: readonly (readonly [TokenReading, Partial<ReceivedEvent>])[],
): Promise<readonly Novelty[]> {
  const clock = new FakeClock(START);
  const ledger = new MemoryLedger();
  const metrics = new RecordingMetrics();
  const shard = obedientShard();
  const partition = new Partition({ shard, ledger, clock, log: new RecordingLog(), metrics });
  let reading = AWAY;
  const verifier = {
    verify: async () => reading,
    reference: (tenant: string, text: string) => `hmac-sha256:${tenant} ${text.length}`,
  };
  const turns = new Turns(clock);
  const options = { partition, redactor: SECRET_REDACTOR, verifier, clock, metrics, turns };
  const ingest = createIngest(options);
  for (const [read, differences] of sent) {
    reading = read;
    const event = receivedOf({ id: 'a', jwt: 'eyJ.e30.s', ...differences });
    await ingest.submit({ sender: BROKER, events: [event] });
  }
  const reports = createReports();
  return ledger.entries.flatMap((stored) => {
    const entry = decodeEntry(stored);
    return entry.kind === 'input' ? [noveltyOf(reports, entry)] : [];
  });
}

describe('an event resent after its issuer came back', () => {
  it('is the same event, though its token is believed now', async () => {
    const sent = [
      [AWAY, {}],
      [BACK, {}],
      [AWAY, {}],
    ] as const;
    expect(await noveltiesOf(sent)).toEqual(['new', 'duplicate', 'duplicate']);
  });

  it('is another one where its sender says something else', async () => {
    const sent = [
      [AWAY, {}],
      [BACK, { agent: { id: 'somebody-else' } }],
      [BACK, { action: { name: 'delete_all', op: 'delete' } }],
    ] as const;
    expect(await noveltiesOf(sent)).toEqual(['new', 'id_conflict', 'id_conflict']);
  });
});
