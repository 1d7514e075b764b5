import { SpanKind, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';

/**
 * An application as users write it: an agent run with a model call and a tool call, traced with the
 * OpenTelemetry SDK and exported as the environment says. Prints the trace id.
 */
const exporters = { json: JsonExporter, protobuf: ProtobufExporter, grpc: GrpcExporter };
const Exporter = exporters[process.argv[2] as keyof typeof exporters] ?? JsonExporter;
const sdk = new NodeSDK({
  serviceName: 'invoice-service',
  traceExporter: new Exporter(),
  instrumentations: [],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();

const tracer = trace.getTracer('invoice-agent');
const agent = { 'gen_ai.agent.id': 'sdk-agent', 'gen_ai.agent.name': 'Invoice agent' };

const traceId = await tracer.startActiveSpan('invoke_agent Invoice agent', async (run) => {
  run.setAttributes({ ...agent, 'gen_ai.operation.name': 'invoke_agent' });
  run.setAttribute('gen_ai.conversation.id', 'conversation-1');
  await tracer.startActiveSpan('chat model', { kind: SpanKind.CLIENT }, async (chat) => {
    chat.setAttributes({ ...agent, 'gen_ai.operation.name': 'chat' });
    chat.setAttributes({ 'gen_ai.usage.input_tokens': 900, 'gen_ai.usage.output_tokens': 120 });
    chat.end();
  });
  await tracer.startActiveSpan('execute_tool send_email', async (tool) => {
    tool.setAttributes({ ...agent, 'gen_ai.operation.name': 'execute_tool' });
    tool.setAttributes({ 'gen_ai.tool.name': 'send_email', 'gen_ai.tool.call.id': 'call_1' });
    tool.setAttribute('gen_ai.tool.call.arguments', '{"recipients":["bob@example.com"]}');
    tool.end();
  });
  run.end();
  return run.spanContext().traceId;
});
await sdk.shutdown();
process.stdout.write(`${traceId}\n`);
