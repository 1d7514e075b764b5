import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportFormat, ExportOrder } from '../ports/exports.ts';
import { uuid5 } from './stix.ts';
import { type ExportSite, exportSite, incidentOrder, T0 } from './testing/made-bundle.ts';

let site: ExportSite;
beforeAll(async () => {
  site = await exportSite();
});
afterAll(() => site.close());

async function textOf(format: ExportFormat, order: Partial<ExportOrder> = {}): Promise<string> {
  const file = await site.exports.run({ ...incidentOrder(format), ...order });
  return Buffer.from(file.bytes).toString('utf8');
}

async function linesOf(order: Partial<ExportOrder> = {}) {
  const { bytes } = await site.exports.run({ ...incidentOrder(), ...order });
  const text = Buffer.from(unzipSync(bytes)['entries.jsonl'] ?? []).toString('utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { seq: number; kind: string; tenant: string });
}

describe('exports', () => {
  it('take what was asked for, what was decided, and what became of that', async () => {
    const lines = await linesOf();
    expect(lines.map(({ seq, kind }) => `${seq} ${kind}`)).toEqual([
      ...['2 input', '4 input', '5 input', '7 finding', '8 transition', '9 chain'],
      ...['10 revocation', '11 ack', '12 command', '13 transition'],
    ]);
    const ofAgent = await linesOf({
      subject: { type: 'agent', agent: 'invoice-bot', since: T0 + 1_000, until: T0 + 3_600_000 },
    });
    expect(ofAgent.map(({ seq }) => seq)).toEqual([4, 5, 7, 8, 9, 10, 11, 12, 13]);
    const globex = await linesOf({
      tenants: ['globex'],
      subject: { type: 'inputs', seqs: [2, 6], chains: ['x-1'], findings: ['5-0'] },
    });
    expect(globex.map(({ seq }) => seq)).toEqual([6]);
  });

  it('are refused where there is nothing', async () => {
    const none = { type: 'agent', agent: 'nobody', since: 0, until: T0 * 2 } as const;
    await expect(linesOf({ subject: none })).rejects.toMatchObject({ code: 'not_found' });
    const early = { type: 'agent', agent: 'invoice-bot', since: T0 * 2, until: T0 * 3 } as const;
    await expect(linesOf({ subject: early })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are recorded with who, what, why and the hash of what left', async () => {
    site.recorded.length = 0;
    const { bytes } = await site.exports.run(incidentOrder('csv'));
    expect(site.recorded).toEqual([
      {
        tenant: 'acme',
        body: {
          ...{ type: 'export', format: 'csv', actor: 'kim', asked: { chain: 'x-1' } },
          reason: 'case 7, asked by [EMAIL_1]',
          ...{ entries: 10, first: 2, last: 13 },
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      },
    ]);
  });

  it('are not handed over when they cannot be recorded', async () => {
    const other = await exportSite();
    other.recorded.push = () => {
      throw new Error('disk full');
    };
    await expect(other.exports.run(incidentOrder('csv'))).rejects.toThrow('disk full');
    await other.close();
  });

  it('of a bundle can be checked with sha256sum and Python alone', async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'tripcoil-bundle-'));
    try {
      const files = unzipSync((await site.exports.run(incidentOrder())).bytes);
      for (const [name, bytes] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, name)), { recursive: true });
        writeFileSync(join(directory, name), bytes);
      }
      const sums = spawnSync('sha256sum', ['-c', 'manifest.txt'], { cwd: directory });
      if (sums.error) {
        console.warn('SKIPPED: there is no sha256sum');
        return context.skip();
      }
      expect(sums.status, String(sums.stderr)).toBe(0);
      const python = () => spawnSync('python3', ['check.py'], { cwd: directory, encoding: 'utf8' });
      const sound = python();
      if (sound.error) {
        console.warn('SKIPPED: there is no python3');
        return context.skip();
      }
      expect(sound.stdout + sound.stderr).toContain('10 entries proven, 0 faults');
      expect(sound.status).toBe(0);
      writeFileSync(join(directory, 'entries/5.salted'), 'no');
      expect(python().stdout).toContain('FAULT entries/5.salted: altered');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('CSV', () => {
  it('has a row an entry, and no cell that a spreadsheet calculates', async () => {
    const text = await textOf('csv');
    const rows = text.split('\r\n').slice(0, -1);
    expect(rows).toHaveLength(11);
    expect(rows[0]).toMatch(/^seq,time,logged_at,kind,tenant,agent,/);
    expect(text).toContain(`"'=cmd|calc"`);
    expect(text).toContain(`"'-40 times its usual records"`);
    for (const cell of text.split(/[,\r\n]+/)) expect(cell).not.toMatch(/^"?[=+\-@]/);
  });
});

describe('OCSF', () => {
  it('has the classes and what they require', async () => {
    const lines = (await textOf('ocsf')).split('\n').slice(0, -1);
    const events = lines.map((line) => JSON.parse(line) as Record<string, never>);
    expect(events.map(({ class_uid }) => class_uid)).toEqual([6003, 6003, 6003, 2004, 3004, 3004]);
    for (const event of events) {
      for (const name of ['activity_id', 'category_uid', 'severity_id', 'time', 'metadata']) {
        expect(event, name).toHaveProperty(name);
      }
      const { class_uid: classUid, activity_id: activity, type_uid: type } = event;
      expect(type).toBe(100 * Number(classUid) + Number(activity));
      expect(event).toHaveProperty('metadata.product.vendor_name');
      expect(event).toHaveProperty('metadata.version');
      const required = REQUIRED[String(classUid)] ?? [];
      for (const path of required) expect(event, path).toHaveProperty(path);
      expect(event['attestation_list']).toMatchObject([{ fingerprint: { algorithm_id: 3 } }]);
    }
    expect(events[3]).toMatchObject({ is_alert: true, severity_id: 4, risk_score: 97 });
    expect(events[4]).toMatchObject({ activity_id: 12, entity: { uid: 'invoice-bot' } });
    expect(events[5]).toMatchObject({ activity_id: 13, actor: { user: { uid: 'kim' } } });
  });
});

/** By class, from the schema of OCSF 1.9. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  6003: ['actor', 'api.operation', 'src_endpoint.uid'],
  2004: ['finding_info.uid'],
  3004: ['entity.uid'],
  3002: ['user', 'service'],
};

describe('STIX', () => {
  it('is a bundle of objects that refer to each other, the same in every export', async () => {
    const text = await textOf('stix');
    expect(await textOf('stix', { reason: 'again' })).toBe(text);
    const bundle = JSON.parse(text) as { id: string; objects: Record<string, never>[] };
    const ids = new Set(bundle.objects.map(({ id }) => String(id)));
    expect(ids.size).toBe(bundle.objects.length);
    const types = bundle.objects.map(({ type }) => String(type));
    for (const type of ['incident', 'indicator', 'observed-data', 'identity', 'software']) {
      expect(types).toContain(type);
    }
    expect(types.filter((type) => type === 'observed-data')).toHaveLength(3);
    for (const object of bundle.objects) {
      expect(object['spec_version']).toBe('2.1');
      expect(object['id']).toMatch(new RegExp(`^${object['type']}--[0-9a-f]{8}-`));
      const refs = Object.entries(object).flatMap(([name, value]): string[] =>
        name.endsWith('_ref') ? [String(value)] : name.endsWith('_refs') ? value : [],
      );
      for (const ref of refs) expect(ids, `${object['type']} ${ref}`).toContain(ref);
    }
  });

  it('makes the identifiers of RFC 9562', () => {
    // Appendix A.4 of the RFC.
    const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    expect(uuid5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  });
});
