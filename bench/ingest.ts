import { quantileSorted } from 'simple-statistics';
import { decodeBench } from './decode.ts';
import { fairnessBench } from './fairness.ts';
import { OUTSTANDING, openPipeline } from './ingest-pipeline.ts';
import { cpuSecondsSince } from './machine.ts';
import { memoryGrowthBench } from './memory-growth.ts';
import { rounded } from './rounded.ts';
import { BENCH_AGENTS, BENCH_TENANT, SPANS_PER_BODY } from './workload.ts';

/**
 * What one process takes in, in OTLP; whether a tenant that floods holds up another one; and
 * whether memory grows with what was taken in. `_core` figures divide by the CPU time of the whole
 * process; the bodies are encoded beforehand.
 */
export async function ingestBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const decode = await decodeBench({ quick });
  const seconds = quick ? 5 : 30;
  const protobuf = await measure('protobuf', seconds);
  const json = await measure('json', seconds);
  const fairness = await fairnessBench({ quick });
  const memory = await memoryGrowthBench({ quick });
  return {
    figures: {
      otlp_protobuf_spans_per_s_core: protobuf.perCore,
      otlp_json_spans_per_s_core: json.perCore,
      ...decode.figures,
      ...fairness.figures,
      ...memory.figures,
      otlp_protobuf_spans_per_s_wall: protobuf.perWall,
      otlp_json_spans_per_s_wall: json.perWall,
      otlp_protobuf_ack_ms_p50: protobuf.ackP50,
      otlp_protobuf_ack_ms_p99: protobuf.ackP99,
      otlp_json_ack_ms_p50: json.ackP50,
      otlp_json_ack_ms_p99: json.ackP99,
      batch_entries: protobuf.batchEntries,
      agents_seen: protobuf.agents,
    },
    notes: [
      `${SPANS_PER_BODY} spans a body, 20 attributes a span, ${BENCH_AGENTS} agents by Zipf's law`,
      `${OUTSTANDING} requests outstanding for ${seconds} s each; they are acknowledged after ` +
        'fsync, so acknowledgement times are those of a saturated process',
      'hash chain and fdatasync on; no sealing and no Merkle tiles yet; HTTP is part of fairness ' +
        'alone',
      ...decode.notes.map((note) => `decode: ${note}`),
      ...fairness.notes.map((note) => `fairness: ${note}`),
      ...memory.notes.map((note) => `memory: ${note}`),
    ],
  };
}

interface Measured {
  readonly perCore: number;
  readonly perWall: number;
  readonly ackP50: number;
  readonly ackP99: number;
  readonly batchEntries: number;
  readonly agents: number;
}

async function measure(encoding: 'protobuf' | 'json', seconds: number): Promise<Measured> {
  const pipeline = await openPipeline(encoding);
  const { acksMs, commits } = pipeline;
  try {
    await pipeline.sendFor(2);
    acksMs.length = 0;
    commits.reset();
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const spans = await pipeline.sendFor(seconds);
    const wallS = (performance.now() - startMs) / 1_000;
    const cpuS = cpuSecondsSince(cpu);
    acksMs.sort((left, right) => left - right);
    return {
      perCore: Math.round(spans / cpuS),
      perWall: Math.round(spans / wallS),
      ackP50: rounded(quantileSorted(acksMs, 0.5)),
      ackP99: rounded(quantileSorted(acksMs, 0.99)),
      batchEntries: commits.mean,
      agents: pipeline.host.view.agents([BENCH_TENANT]).length,
    };
  } finally {
    await pipeline.close();
  }
}
