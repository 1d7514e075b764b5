import { describe, expect, it } from 'vitest';
import type { SignalStream, StreamState } from '../../core/signal-stream.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { fixedKeyRing } from '../keys.ts';
import { createFakeClock } from '../testing/fakes.ts';
import type { StreamCaller } from './stream-client.ts';
import { Transmitter } from './transmitter.ts';

const CALLER = {
  ...{ receiver: 'oauth:r', scopes: [] },
  settings: { id: 'r', audience: null, subjectProfile: 'iss_sub', legacySse: false },
} as unknown as StreamCaller;
const ISS = 'https://t.example';
const agent = (sub: string) => ({ format: 'iss_sub', iss: ISS, sub });

/** Over a log that takes its time to write. */
async function started() {
  const written = new Map<string, SignalStream>();
  const transmitter = new Transmitter({
    streams: {
      all: () => [],
      get: () => null,
      attach: () => undefined,
      detach: () => undefined,
      recordedSubject: (_tenant, subject) => subject,
      async change(_tenant, id, stream): Promise<StreamState | null> {
        await new Promise(setImmediate);
        if (stream) written.set(id, stream);
        else written.delete(id);
        return stream && { createdSeq: 0, resumedSeq: 0, stream };
      },
    },
    ...{ keys: fixedKeyRing(), issuer: () => ISS, narrowedScope: 'read', reach: {} },
    ...{ clock: createFakeClock(), metrics: SILENT_METRICS, log: SILENT_LOG },
  });
  return { transmitter, written, live: await transmitter.create('acme', CALLER, {}) };
}

describe('changes of one stream at the same time', () => {
  it('follow each other, so that none is lost', async () => {
    const { transmitter, live } = await started();
    const say = (sub: string, included: boolean) =>
      transmitter.setSubject(live, agent(sub), included);
    await Promise.all([say('a', false), say('b', false)]);
    expect(live.stream.subjects).toHaveLength(2);
    await Promise.all([say('a', true), say('b', true)]);
    expect(live.stream.subjects.filter(({ included }) => !included)).toEqual([]);
    const body = { stream_id: live.stream.id, description: 'ours' };
    await Promise.all([
      transmitter.setStatus(live, 'paused', 'moving'),
      transmitter.update('acme', CALLER, body, false),
    ]);
    expect(live.stream).toMatchObject({ status: 'paused', description: 'ours' });
  });

  it('do not bring back a stream that is deleted meanwhile', async () => {
    const { transmitter, live, written } = await started();
    const deleted = transmitter.delete(live);
    const late = transmitter.setStatus(live, 'paused', null);
    const again = transmitter.delete(live);
    await deleted;
    await expect(late).rejects.toMatchObject({ code: 'not_found' });
    await expect(again).rejects.toMatchObject({ code: 'not_found' });
    expect(written.size).toBe(0);
  });

  it('go on after one that failed', async () => {
    const { transmitter, live } = await started();
    const foreign = { stream_id: live.stream.id, iss: 'https://elsewhere.example' };
    const refused = transmitter.update('acme', CALLER, foreign, false);
    const fine = transmitter.setStatus(live, 'paused', null);
    await expect(refused).rejects.toMatchObject({ code: 'bad_request' });
    await fine;
    expect(live.stream.status).toBe('paused');
  });
});
