import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { classOf, LEVEL_NAMES } from '../../core/breaker.ts';
import type { BreakerRecord, BreakerView } from '../../ports/breakers.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import { type TarFile, tarOf } from './tar.ts';

/** Risk of agents beside their breakers; in whole points, so that it changes when it matters. */
export type RiskByAgent = Readonly<
  Record<string, { readonly risk: number; readonly level: number }>
>;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Where breakers of each kind stand in the data. */
const PLACES = {
  agent: 'agents',
  session: 'sessions',
  token: 'tokens',
  chain: 'chains',
  tool: 'tools',
  broker: 'brokers',
} as const;

/** The data of one tenant as policies see it: `data.breakers[tenant]`. */
export function bundleData(view: BreakerView, tenant: string, risk: RiskByAgent | null): Json {
  const { term, seq, posture, breakers } = view.snapshot(tenant);
  const data: Record<string, Record<string, Json>> = {};
  // Without a prototype: an agent may call itself `__proto__`.
  for (const place of Object.values(PLACES)) data[place] = Object.create(null);
  for (const record of breakers) {
    const { kind, id, agent } = record.key;
    if (kind === 'tenant' || kind === 'global' || record.state.phase === 'closed') continue;
    // Of a tool that one agent may not use, by the agent; `*` is everybody.
    if (kind === 'tool') {
      const tools = data['tools'] as Record<string, Record<string, Json>>;
      tools[id.toWellFormed()] = {
        ...tools[id.toWellFormed()],
        [(agent ?? '*').toWellFormed()]: breakerData(record),
      };
    } else (data[PLACES[kind]] ?? {})[id.toWellFormed()] = breakerData(record);
  }
  const { level, reason, class: cause } = view.check({ tenant });
  const everything = { level, reason: reason.toWellFormed(), class: cause };
  const risks = risk === null ? {} : { risk };
  return {
    [tenant]: { ...{ term, seq, posture, everything }, ...data, ...risks },
  };
}

function breakerData({ key, state, term }: BreakerRecord): Json {
  if (state.phase === 'closed') return null;
  const { phase, level, epoch } = state;
  return {
    ...{ phase, level, level_name: LEVEL_NAMES[level], term, epoch },
    class: classOf(state),
    reason: state.reason.toWellFormed(),
    ...(key.agent === undefined ? {} : { agent: key.agent.toWellFormed() }),
  };
}

const pack = promisify<Buffer, Buffer>(gzip);

/**
 * An OPA bundle (openpolicyagent.org, "Bundles"): `.manifest`, `breakers/data.json` and, where
 * wanted, `.signatures.json`, whose hashes are of the canonical JSON as OPA computes them.
 */
export async function packBundle(
  data: Json,
  revision: string,
  sign: Pick<KeyRing, 'signJwt'> | null,
): Promise<Buffer> {
  const manifest = { revision, roots: ['breakers'], rego_version: 1 };
  const files: TarFile[] = [
    { name: 'breakers/data.json', text: canonicalJson(data) },
    { name: '.manifest', text: canonicalJson(manifest) },
  ];
  if (sign !== null) {
    const hashes = files.map(({ name, text }) => ({
      ...{ name, algorithm: 'SHA-256' },
      hash: createHash('sha256').update(text).digest('hex'),
    }));
    const token = await sign.signJwt({ files: hashes }, 'JWT');
    files.unshift({ name: '.signatures.json', text: JSON.stringify({ signatures: [token] }) });
  }
  return pack(tarOf(files));
}

/** Keys sorted by their bytes, no blanks, and as Go writes texts: U+2028 and U+2029 escaped. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([one], [other]) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
    const texts = members.map(([key, each]) => `${canonicalJson(key)}:${canonicalJson(each)}`);
    return `{${texts.join(',')}}`;
  }
  const text = JSON.stringify(value);
  return text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
