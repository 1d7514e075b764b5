import type { Random } from '../src/demo/random.ts';

export const BENCH_AGENTS = 10_000;
export const BENCH_TENANT = 'acme';
export const SPANS_PER_BODY = 100;

/** Draws agents by Zipf's law with exponent 1: the busiest sends a tenth of everything. */
export function createZipf(random: Random, items: number): () => number {
  const cumulative = new Float64Array(items);
  let total = 0;
  for (let rank = 0; rank < items; rank += 1) {
    total += 1 / (rank + 1);
    cumulative[rank] = total;
  }
  return () => {
    const wanted = random.next() * total;
    let low = 0;
    let high = items - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const TOOLS = ['search_orders', 'read_account', 'send_email', 'list_invoices'] as const;

/** A native event as a broker sends it: an e-mail address to redact, volume, decision, scopes. */
export function nativeEvent(id: string, agent: number, timeMs: number, random: Random): object {
  const tool = random.pick(TOOLS);
  return {
    v: 1,
    id,
    time: timeMs,
    kind: 'tool_call',
    agent: { id: `agent-${agent}`, version: '3.1' },
    session: { id: `session-${agent}-${Math.floor(timeMs / 3_600_000)}` },
    principal: { sub: `user-${agent % 97}`, type: 'user' },
    action: {
      name: tool,
      tool_call_id: `call-${id}`,
      arguments: { recipients: [`user-${agent % 97}@example.com`], note: 'Order 4711, please' },
    },
    resource: { type: 'crm', id: `account/${agent % 1_000}`, tenant: BENCH_TENANT },
    scopes: { granted: ['crm.read', 'mail.send'], required: ['crm.read'] },
    volume: { records: random.integer(1, 50), bytes_out: random.integer(2_048, 6_144) },
    decision: { verdict: 'allow', id: `d-${id}`, policy: { id: 'tools', version: '12' } },
    token: { jti: `t-${agent}` },
    outcome: { status: 'success' },
    latency_ms: random.integer(20, 400),
  };
}

/** Where the digits of the round begin in a call id or decision id, eight of them. */
export const ROUND_AT = 'decision-00000000'.length;

/** As long as those that model providers draw, and as unlike any other. */
export function callId(serial: number): string {
  return `call_tool${word(serial)}00000000c3`;
}

export function decisionId(serial: number): string {
  return `decision-${word(serial)}00000000`;
}

function word(serial: number): string {
  return serial.toString(16).padStart(8, '0');
}

/** Twenty attributes as a broker that follows the conventions sends them, with one address. */
export function spanAttributes(
  serial: number,
  agent: number,
  random: Random,
  tenant = BENCH_TENANT,
): readonly object[] {
  return [
    text('gen_ai.operation.name', 'execute_tool'),
    text('gen_ai.provider.name', 'openai'),
    text('gen_ai.agent.id', `agent-${agent}`),
    text('gen_ai.agent.name', 'Order assistant'),
    text('gen_ai.conversation.id', `conversation-${agent}`),
    text('gen_ai.tool.name', random.pick(TOOLS)),
    text('gen_ai.tool.type', 'function'),
    text('gen_ai.tool.call.id', callId(serial)),
    text('gen_ai.tool.call.arguments', `{"customer":"user-${serial}@example.com","limit":50}`),
    text('tripcoil.tenant.id', tenant),
    text('tripcoil.principal.sub', `user-${agent % 97}`),
    text('tripcoil.resource.type', 'crm'),
    text('tripcoil.resource.id', `account/${agent % 1_000}`),
    integer('tripcoil.volume.records', random.integer(1, 50)),
    integer('tripcoil.volume.bytes_out', random.integer(2_048, 6_144)),
    text('tripcoil.decision.verdict', 'allow'),
    text('tripcoil.decision.id', decisionId(serial)),
    text('tripcoil.decision.policy.version', '12'),
    text('server.address', 'crm.internal'),
    {
      key: 'tripcoil.scopes.granted',
      value: {
        arrayValue: { values: ['crm.read', 'mail.send'].map((stringValue) => ({ stringValue })) },
      },
    },
  ];
}

function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}

function integer(key: string, intValue: number): object {
  return { key, value: { intValue } };
}
