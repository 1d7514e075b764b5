import { describe, expect, it } from 'vitest';
import { LIMITS } from './limits.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** The sums that the comments in limits.ts promise; a change of one number must face the others. */
describe('the limits', () => {
  it('keep bodies in flight and queued events within a gibibyte', () => {
    const bodies = LIMITS.concurrentBodies * 2 * LIMITS.bodyBytes;
    const queue = LIMITS.queuedEvents * KIB;
    expect(bodies).toBe(512 * MIB);
    expect(queue).toBe(128 * MIB);
    expect(bodies + queue + LIMITS.projectionQueue * KIB).toBeLessThan(1_024 * MIB);
  });

  it('let one body of events fit into an empty queue', () => {
    expect(LIMITS.recordsPerBody).toBeLessThanOrEqual(LIMITS.queuedEvents / 2);
    expect(LIMITS.eventBytes).toBeLessThanOrEqual(LIMITS.bodyBytes);
    expect(LIMITS.eventBytes).toBeLessThanOrEqual(LIMITS.ledgerEntryBytes);
  });

  it('leave room in the ledger for decisions beside refused input', () => {
    // One commit of events at a time, or the owed decisions of one.
    expect(LIMITS.ledgerWaitingEntries).toBeGreaterThan(LIMITS.commitEntries);
    expect(LIMITS.eventsPerCommit + LIMITS.eventsPerRound).toBeLessThan(LIMITS.commitEntries);
    expect(LIMITS.commitEntries * 0.6 * KIB).toBeLessThan(LIMITS.commitBytes);
    expect(LIMITS.commitBytes).toBeLessThan(LIMITS.segmentBytes);
  });

  it('add volumes exactly', () => {
    expect(9 * LIMITS.volumeMax).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(10 * LIMITS.volumeMax).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  });

  it('never tell a sender to wait longer than an SDK does', () => {
    // The JavaScript exporter drops what it may not retry within its ten seconds.
    expect(LIMITS.retryAfterSeconds).toBeLessThanOrEqual(5);
  });

  it('beat before a client calls the feed stale', () => {
    expect(3 * LIMITS.feedHeartbeatMs).toBeLessThanOrEqual(3_000);
    expect(LIMITS.deliveryBackoffFirstMs).toBeLessThan(LIMITS.deliveryBackoffMaxMs);
    expect(LIMITS.projectionPauseMinMs).toBeLessThan(LIMITS.projectionPauseMaxMs);
  });

  it('are whole numbers above zero', () => {
    const odd = Object.entries(LIMITS).filter(
      ([, value]) => !(Number.isSafeInteger(value) && value > 0),
    );
    expect(odd).toEqual([]);
  });
});
