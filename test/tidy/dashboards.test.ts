import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { METRICS } from '../../src/telemetry/declarations.ts';
import { ROOT } from './source-tree.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The parts of Prometheus' rule file that we use; anything else is a typing error. */
const rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Tripcoil[A-Z]\w+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[sm]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'warn']) }),
          annotations: z.strictObject({
            summary: z.string(),
            description: z.string().optional(),
          }),
        }),
      ),
    }),
  ),
});

const alerts = rules
  .parse(parse(read('dashboards/prometheus/alerts.yml')))
  .groups.flatMap((group) => group.rules);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}
const dashboard = JSON.parse(read('dashboards/grafana/overview.json')) as {
  readonly id: null;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string }[];
  };
};
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

/** What an expression gets wrong about the metrics it names: a name, a part or a label. */
function faultsOf(expr: string): readonly string[] {
  const faults: string[] = [];
  const labels = new Set<string>();
  for (const [, name = '', selector = ''] of expr.matchAll(/\b(tripcoil_\w+)(\{[^}]*\})?/g)) {
    const base = Object.hasOwn(METRICS, name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
    const declared = Object.hasOwn(METRICS, base) ? METRICS[base] : undefined;
    if (declared === undefined) {
      faults.push(`${name} does not exist`);
      continue;
    }
    if (base !== name && declared.type !== 'histogram') faults.push(`${base} is no histogram`);
    if (base === name && declared.type === 'histogram') faults.push(`${name} has no bare series`);
    for (const label of declared.labels ?? []) labels.add(label);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]/g)) {
      if (!(declared.labels ?? []).includes(label)) faults.push(`${name} has no label ${label}`);
    }
  }
  for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(',').map((one) => one.trim())) {
      if (label !== 'le' && !labels.has(label)) faults.push(`nothing here has a label ${label}`);
    }
  }
  const opened = expr.split('(').length;
  if (opened !== expr.split(')').length) faults.push('parentheses do not match');
  return faults;
}

/** Labels a template speaks of that the expression does not keep. */
function lostLabels(text: string, expr: string): readonly string[] {
  const kept = new Set(
    [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
      list.split(',').map((label) => label.trim()),
    ),
  );
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)]
    .map(([, label = '']) => label)
    .filter((label) => !kept.has(label));
}

describe('the check itself', () => {
  it('finds a wrong name, a wrong label, a bare histogram and a lost label', () => {
    expect(faultsOf('sum(tripcoil_nothing_total)')).toHaveLength(1);
    expect(faultsOf('sum by (agent) (tripcoil_trips_total{tenant="a"})')).toHaveLength(2);
    expect(faultsOf('tripcoil_time_to_revoke_seconds')).toHaveLength(1);
    expect(faultsOf('tripcoil_trips_total_bucket')).toHaveLength(1);
    expect(lostLabels('{{agent}}', 'sum by (level) (x)')).toEqual(['agent']);
  });
});

describe('the alerts', () => {
  it.each(alerts)('$alert names what the process exposes', ({ expr, annotations }) => {
    expect(faultsOf(expr)).toEqual([]);
    const words = `${annotations.summary} ${annotations.description ?? ''}`;
    expect(lostLabels(words, expr)).toEqual([]);
  });

  it('have names of their own, and say what to think when they page', () => {
    expect(new Set(alerts.map((one) => one.alert)).size).toBe(alerts.length);
    for (const one of alerts.filter(({ labels }) => labels.severity === 'page')) {
      expect(one.annotations.description, one.alert).toBeDefined();
    }
  });
});

describe('the Grafana dashboard', () => {
  it.each(targets)('asks for what the process exposes: $expr', ({ expr, legendFormat }) => {
    expect(faultsOf(expr)).toEqual([]);
    expect(lostLabels(legendFormat, expr)).toEqual([]);
  });

  it('can be provisioned anywhere: no id, a stable uid, the data source a variable', () => {
    expect(dashboard.id).toBeNull();
    expect(dashboard.uid).toBe('tripcoil-overview');
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource' }),
    );
    for (const { datasource } of targets) expect(datasource.uid).toBe(`\${datasource}`);
  });

  it('lays panels side by side, none over another', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x}/${y}`), title).toBeUndefined();
          taken.set(`${x}/${y}`, title);
        }
      }
    }
  });
});
