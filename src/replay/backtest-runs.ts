import { REGISTRY } from '../components.ts';
import type { TripcoilConfig } from '../config/load.ts';
import { OWN_FORMAT, type TenantConfig } from '../core/entry.ts';
import type { Registry } from '../engine/registry.ts';
import { Shard } from '../engine/shard.ts';
import { readLedger } from '../offline.ts';
import { redactedConfig } from '../runtime/redacted-orders.ts';
import {
  type Backtest,
  BacktestRecord,
  type Candidates,
  noteRecorded,
  seenOf,
  withCandidates,
} from './backtest.ts';
import { foldLedger, withConfigs } from './ledger-fold.ts';
import { type ReplayOptions, replay } from './replay.ts';

/** Tests candidates on files, against what the configuration finds in them without. */
export async function backtestFiles(
  options: Omit<ReplayOptions, 'write'>,
  candidates: Candidates,
): Promise<Backtest> {
  const record = new BacktestRecord(candidates);
  const side = (name: 'now' | 'before') => async (line: string) => {
    const parsed = JSON.parse(line) as { readonly type: string } & Parameters<typeof record.add>[1];
    if (parsed.type !== 'finding') return;
    const { time, tenant, agent, event_id, detector, level, title } = parsed;
    record.add(name, { time, tenant, agent, event_id, detector, level, title });
  };
  await replay({ ...options, write: side('before') });
  const { events } = await replay({
    ...options,
    config: configWith(options.config, candidates),
    registry: { ...(options.registry ?? REGISTRY), watch: record.watch },
    write: side('now'),
  });
  record.events = events;
  return record.result();
}

function configWith(config: TripcoilConfig, candidates: Candidates): TripcoilConfig {
  const { detectors, rules, exceptions } = withCandidates(config, candidates);
  const ids = new Set([...candidates.detectors, ...candidates.rules.map(({ rule }) => rule.id)]);
  const tenants = Object.entries(config.tenants).map(([tenant, own]) => {
    const settings = Object.entries(own.detectors).filter(([id]) => !ids.has(id));
    const ownRules = own.rules?.filter(({ id }) => !ids.has(id));
    const kept = { ...own, detectors: Object.fromEntries(settings) };
    return [tenant, ownRules === undefined ? kept : { ...kept, rules: ownRules }] as const;
  });
  return {
    ...config,
    detectors,
    rules: rules ?? [],
    exceptions: exceptions ?? [],
    tenants: Object.fromEntries(tenants),
  };
}

/**
 * Tests candidates on what a daemon recorded, against the findings it recorded. Reads only; the
 * daemon may be running.
 */
export async function backtestLedger(
  dataDirectory: string,
  config: TripcoilConfig,
  candidates: Candidates,
  detectors: Registry,
): Promise<Backtest> {
  const record = new BacktestRecord(candidates);
  const { entries, redactor } = await readLedger(dataDirectory, config);
  const registry = { ...detectors, watch: record.watch };
  const shard = new Shard({ registry, initialPosture: 'shadow' });
  const known = new Map();
  const candidateOf = (tenant: string, given: TenantConfig): TenantConfig =>
    withCandidates(given, candidates, (rule) => {
      const { rules = [] } = redactedConfig(redactor, tenant, { detectors: {}, rules: [rule] });
      return rules[0] ?? rule;
    });
  await foldLedger(
    entries,
    shard,
    {
      onEntry: (entry) => {
        noteRecorded(record, entry, known);
        const isOwn = entry.kind === 'input' && entry.body.source.format === OWN_FORMAT;
        if (entry.kind === 'input' && !isOwn) record.events += 1;
      },
      onEffect: (effect) => {
        if (effect.kind === 'finding') record.add('now', seenOf(effect.decision));
      },
    },
    withConfigs(candidateOf),
  );
  return record.result();
}
