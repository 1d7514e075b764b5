import { describe, expect, it } from 'vitest';
import { CHECKS, DOUBTFUL, LEFT_OUT } from './testing/check-vectors.ts';
import { countSpans, ratesOf, readCorpus } from './testing/corpus.ts';

interface Vectors {
  readonly valid?: readonly string[];
  readonly invalid?: readonly string[];
  readonly other?: Readonly<Record<string, readonly string[]>>;
}

const vectors = readCorpus('checksum-vectors.json') as Readonly<Record<string, Vectors>> | null;
const spans = countSpans('synth_dataset_v2.json');
if (vectors === null || spans === null) {
  console.warn('SKIPPED: evaluation data for redaction is absent; set TRIPCOIL_DATA');
}

describe('Presidio synthetic set v2', () => {
  it.skipIf(spans === null)('finds the seven structured types', () => {
    const counts = spans ?? new Map();
    const all = ratesOf([...counts].filter(([type]) => type !== 'date').map(([, each]) => each));
    expect(all.f1).toBeGreaterThanOrEqual(0.995);
    const phone = ratesOf([counts.get('phone')]);
    expect(phone.precision).toBeGreaterThanOrEqual(0.98);
    expect(phone.recall).toBeGreaterThanOrEqual(0.98);
    const date = ratesOf([counts.get('date')]);
    expect(date.precision).toBeGreaterThanOrEqual(0.93);
    expect(date.recall).toBeGreaterThanOrEqual(0.98);
  });
});

describe('checksum vectors', () => {
  const names = Object.keys(vectors ?? {});
  it.skipIf(vectors === null)('are each checked or left out for a reason', () => {
    expect(names).toHaveLength(59);
    const known = [...Object.keys(CHECKS), ...Object.keys(LEFT_OUT)];
    expect([...known].sort()).toEqual(names.map(nameOf).sort());
  });

  for (const [name, check] of Object.entries(CHECKS)) {
    it.skipIf(vectors === null)(`agree on ${name}`, () => {
      const given = vectors?.[`${name}.rs`] ?? {};
      const doubtful = DOUBTFUL[name] ?? [];
      const valid = [...(given.valid ?? []), ...Object.values(given.other ?? {}).flat()];
      const missed = valid.filter((text) => !check(text) && !doubtful.includes(text));
      const accepted = (given.invalid ?? []).filter(
        (text) => check(text) && !doubtful.includes(text),
      );
      expect({ missed, accepted }).toEqual({ missed: [], accepted: [] });
    });
  }
});

function nameOf(file: string): string {
  return file.replace(/\.rs$/, '');
}
