import { unzipSync } from 'fflate';
import { expect } from 'vitest';
import type { Answer } from './http.ts';
import { KINDS, type Planter } from './planted-values.ts';

/** What there is to be exported. */
interface Exported {
  readonly agents: readonly { readonly tenant: string; readonly agent: string }[];
  readonly findings: readonly { readonly id: string }[];
}

/**
 * Exports in every form, for planted reasons and by planted names; returns the files of bundles,
 * unpacked.
 */
export async function takeEvidence(
  planter: Planter,
  { agents, findings }: Exported,
  takeOut: (path: string) => Promise<Answer>,
): Promise<readonly { readonly where: string; readonly text: string }[]> {
  const wanted = [
    ...agents.slice(0, 60).map(({ tenant, agent }) => ({ tenant, agent })),
    ...findings.slice(0, 20).map(({ id }) => ({ finding: id })),
    ...KINDS.map((kind) => ({ tenant: 'acme', agent: planter.plant(kind, 'exported agent') })),
  ];
  const unpacked: { where: string; text: string }[] = [];
  let taken = 0;
  for (const [place, what] of wanted.entries()) {
    const kind = KINDS[place % KINDS.length] ?? KINDS[0];
    const [reason, actor] = [planter.plant(kind, 'export'), planter.plant(kind, 'exporter')];
    const format = ['bundle', 'csv', 'ocsf', 'stix', 'bundle'][place % 5] ?? 'bundle';
    const path = `/v1/export?${new URLSearchParams({ ...what, reason, actor, format })}`;
    const answer = await takeOut(path);
    if (answer.status !== 200) continue;
    taken += 1;
    if (format !== 'bundle') continue;
    for (const [name, bytes] of Object.entries(unzipSync(answer.bytes))) {
      unpacked.push({ where: `${name} of a bundle`, text: Buffer.from(bytes).toString() });
    }
  }
  expect(taken).toBeGreaterThan(60);
  return unpacked;
}
