import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { STILL_CLOCK } from '../../ledger/testing/entries.ts';
import { sealedTestLedger } from '../../ledger/testing/sealed-ledger.ts';
import type { SealedLedger } from '../../ledger/transparency/sealed-ledger.ts';
import type { ExportFormat, ExportOrder, Exports } from '../../ports/exports.ts';
import { createExports } from '../exporter.ts';

/** Thursday, 19 November 2026. */
export const T0 = Date.UTC(2026, 10, 19, 9, 0, 0);

/** The same key in every run, of this seed byte; it protects nothing. */
export function testKey(seed: number): KeyObject {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    createHash('sha256').update(`test ${seed}`).digest(),
  ]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

export interface ExportSite {
  readonly sealed: SealedLedger;
  readonly exports: Exports;
  /** Bodies that were recorded of exports, with their tenants. */
  readonly recorded: {
    readonly tenant: string;
    readonly body: Readonly<Record<string, unknown>>;
  }[];
  close(): Promise<void>;
}

/** A sealed ledger in memory that holds one incident, and what exports it. */
export async function exportSite(options: { readonly key?: number } = {}): Promise<ExportSite> {
  const privateKey = testKey(options.key ?? 1);
  const sealed = await sealedTestLedger(privateKey);
  for (const entry of incident()) await sealed.ledger.append([entry]);
  const recorded: ExportSite['recorded'] = [];
  const exports = createExports({
    ...{ evidence: sealed.evidence, software: '0.1.0', clock: { ...STILL_CLOCK, now: () => T0 } },
    readPage: async () => Buffer.from('<!doctype html><title>verifier</title>\n'),
    redactText: (_, text) => text.replaceAll('alice@example.com', '[EMAIL_1]'),
    record: async (tenant, body) => void recorded.push({ tenant, body }),
  });
  return { sealed, exports, recorded, close: () => sealed.close() };
}

/** The chain of the incident, for an export of its inputs. */
export function incidentOrder(format: ExportFormat = 'bundle'): ExportOrder {
  return {
    tenants: ['acme'],
    subject: { type: 'inputs', seqs: [2, 4, 5], chains: ['x-1'], findings: [] },
    asked: { chain: 'x-1' },
    ...{ format, actor: 'kim', reason: 'case 7, asked by alice@example.com' },
  };
}

const KEY = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' } as const;

/** Most of `acme` and its agent; one of another agent, one of another tenant. */
function incident() {
  const entry = (kind: string, body: unknown, at: number, tenant = 'acme') => ({
    ...{ loggedAt: T0 + at, kind: kind as 'input', tenant, engineVersion: 9 },
    body: JSON.stringify(body),
  });
  const input = (id: string, at: number, own: object = {}) =>
    entry('input', event(id, T0 + at, own), at);
  const decided = (kind: string, inputSeq: number, ordinal: number, at: number, decision: object) =>
    entry(kind, { inputSeq, ordinal, decision }, at);
  const transition = { time: T0 + 3_000, eventId: 'evt-3', key: KEY, findingId: '5-0' };
  return [
    entry('config', { detectors: {} }, 0),
    input('evt-1', 0),
    input('evt-of-other', 500, { agent: { id: 'mail-sorter' } }),
    input('evt-2', 1_000, { action: { name: '=cmd|calc', op: 'read', arguments: {} } }),
    input('evt-3', 2_000, {
      action: { name: 'export_accounts', op: 'list' },
      volume: { records: 4_812 },
    }),
    entry('input', { ...event('evt-9', T0, {}), tenant: { id: 'globex' } }, 2_100, 'globex'),
    decided('finding', 5, 0, 2_200, FINDING),
    decided('transition', 5, 1, 2_200, {
      ...{ ...transition, from: 'closed', to: 'open', level: 4, epoch: 1, actor: null },
      ...{ reason: 'volume_spike', class: 'statistical', feedSeq: 1 },
    }),
    decided('chain', 5, 3, 2_200, {
      ...{ type: 'joined', time: T0, chain: 'x-1', alias: 'session:s-91' },
      ...{ by: 'token', key: 'txn:x-1' },
    }),
    decided('revocation', 5, 2, 2_200, {
      ...{ jti: 'set-1', time: T0 + 2_000, eventId: 'evt-3', key: KEY, agent: null, level: 4 },
      ...{ term: 1, epoch: 1, class: 'statistical', reason: 'volume_spike', title: 'Spike' },
      ...{ findingId: '5-0', txn: 'trip-1', events: [] },
    }),
    entry('ack', { receiver: 'broker-1', jti: 'set-1', key: KEY, term: 1, epoch: 1 }, 2_400),
    entry(
      'command',
      { type: 'reset', actor: 'kim', reason: 'seen to', key: KEY, epoch: 1 },
      60_000,
    ),
    decided('transition', 12, 0, 60_100, {
      ...{ ...transition, time: T0 + 60_000, from: 'open', to: 'closed', level: 0, epoch: 2 },
      ...{ reason: 'seen to', class: 'operator', feedSeq: 2, actor: 'kim' },
    }),
    entry('tick', {}, 61_000, '_system'),
    input('evt-4', 3 * 3_600_000),
  ];
}

function event(id: string, time: number, own: object) {
  return {
    ...{ v: 1, id, time, kind: 'tool_call', phase: 'executed' },
    source: { format: 'native', deliveredBy: 'broker', trust: 'broker' },
    ...{ tenant: { id: 'acme' }, agent: { id: 'invoice-bot', version: '3.1' } },
    ...{ session: { id: 's-91' }, principal: { sub: '[PERSON_7Qx2]', type: 'user' } },
    action: { name: 'send_email', op: 'write', arguments: { to: '[EMAIL_9aa1]' } },
    ...{ resource: { type: 'crm', id: 'account/7' }, decision: { verdict: 'allow', id: 'd-1' } },
    ...{ outcome: { status: 'success' }, token: { txn: 'x-1' }, attrs: {} },
    ...own,
  };
}

const FINDING = {
  ...{ id: '5-0', time: T0 + 2_000, eventId: 'evt-3', tenant: 'acme', agent: 'invoice-bot' },
  ...{ session: 's-91', chain: 'x-1', detector: 'volume_spike', detectorVersion: 1 },
  ...{ family: 'statistical', mode: 'enforce', level: 'high', score: 97, actual: 4812 },
  ...{ typical: 120, probability: 1e-9, title: '-40 times its usual records' },
  explanation: 'It read 4,812 records; 120 is usual.',
  evidence: { events: ['evt-3'], measures: {}, facts: {} },
  decision: { tripped: true, key: KEY, level: 4 },
};
