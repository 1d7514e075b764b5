import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { METRICS } from './declarations.ts';
import { createMetrics } from './metrics.ts';

const create = () => createMetrics({ version: '1.2.3', ofProcess: false, strict: true });

/** Value of the line that starts with `prefix` and has nothing but a number behind it. */
async function reading(metrics: ReturnType<typeof create>, prefix: string) {
  const lines = (await metrics.text()).split('\n');
  return lines.find((line) => line.startsWith(`${prefix} `))?.slice(prefix.length + 1);
}

describe('metrics', () => {
  it('exposes counters, gauges and histograms with their labels', async () => {
    const metrics = create();
    metrics.count('tripcoil_ingest_events_total', { source: 'native', result: 'accepted' }, 41);
    metrics.count('tripcoil_ingest_events_total', { source: 'native', result: 'accepted' });
    metrics.gauge('tripcoil_sse_clients', 3, { kind: 'ui' });
    metrics.observe('tripcoil_time_to_revoke_seconds', 0.2, { broker: 'broker-1' });
    const series = 'tripcoil_ingest_events_total{source="native",result="accepted"}';
    expect(await reading(metrics, series)).toBe('42');
    expect(await reading(metrics, 'tripcoil_sse_clients{kind="ui"}')).toBe('3');
    const bucket = (le: string) =>
      reading(metrics, `tripcoil_time_to_revoke_seconds_bucket{le="${le}",broker="broker-1"}`);
    expect([await bucket('0.1'), await bucket('0.25')]).toEqual(['0', '1']);
    expect(await metrics.text()).toContain('tripcoil_build_info{version="1.2.3",node="v');
    expect(metrics.contentType).toContain('text/plain');
  });

  it('refuses what was not declared', () => {
    const metrics = create();
    expect(() => metrics.count('tripcoil_nonsense_total')).toThrow('not declared');
    expect(() => metrics.gauge('tripcoil_findings_total', 1)).toThrow('not a gauge');
    expect(() => metrics.count('tripcoil_findings_total', { agent: 'a' })).toThrow('no label');
  });

  it('loses only the figure where a bug meets a running process', async () => {
    const metrics = createMetrics({ version: '1.2.3', ofProcess: false });
    metrics.count('tripcoil_nonsense_total');
    metrics.count('tripcoil_findings_total', { agent: 'a' });
    const dropped = (metric: string) =>
      reading(metrics, `tripcoil_metric_series_dropped_total{metric="${metric}"}`);
    expect(await dropped('undeclared')).toBe('1');
    expect(await dropped('tripcoil_findings_total')).toBe('1');
  });

  it('drops and counts series beyond the limit', async () => {
    const metrics = create();
    for (let n = 0; n < LIMITS.metricSeries + 5; n += 1) {
      metrics.count('tripcoil_revocations_total', { broker: `r-${n}` });
    }
    metrics.count('tripcoil_revocations_total', { broker: 'r-0' });
    const dropped = 'tripcoil_metric_series_dropped_total{metric="tripcoil_revocations_total"}';
    expect(await reading(metrics, dropped)).toBe('5');
    const first = 'tripcoil_revocations_total{broker="r-0",transport="",result=""}';
    expect(await reading(metrics, first)).toBe('2');
  });

  it('keeps two registries apart', async () => {
    const [one, other] = [create(), create()];
    one.count('tripcoil_store_restarts_total');
    expect(await reading(one, 'tripcoil_store_restarts_total')).toBe('1');
    expect(await reading(other, 'tripcoil_store_restarts_total')).toBe('0');
  });

  it('follows the naming rules', () => {
    for (const [name, { type, labels = [] }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^tripcoil_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      for (const never of ['agent', 'tenant', 'user', 'trace', 'session', 'resource']) {
        expect(labels).not.toContain(never);
      }
    }
  });

  it('declares every name that the source uses, with its type and labels', () => {
    const used = namesInSource();
    expect(used.length).toBeGreaterThan(10);
    for (const { file, method, name, labels } of used) {
      const type = { count: 'counter', gauge: 'gauge', observe: 'histogram' }[method];
      expect(METRICS[name]?.type, `${name} in ${file}`).toBe(type);
      for (const label of labels) {
        expect(METRICS[name]?.labels ?? [], `${name} in ${file}`).toContain(label);
      }
    }
  });
});

function namesInSource() {
  const root = join(import.meta.dirname, '..');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const calls = text.matchAll(/\.(count|gauge|observe)\(\s*'(tripcoil_\w+)'([^;]*);/g);
      return [...calls].map(([, method, name, rest = '']) => ({
        file,
        method: method as 'count' | 'gauge' | 'observe',
        name: name ?? '',
        labels: labelsIn(rest),
      }));
    });
}

/** Keys of the object literal among the arguments of a call. */
function labelsIn(rest: string): string[] {
  const literal = /\{([^{}]*)\}/.exec(rest.replaceAll(/`[^`]*`/g, "''"))?.[1] ?? '';
  return literal
    .split(',')
    .map((member) => member.split(':')[0]?.trim() ?? '')
    .filter((label) => label !== '');
}
