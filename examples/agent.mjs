import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer('my-agent');
const agent = { 'gen_ai.agent.id': 'my-agent', 'gen_ai.conversation.id': 'session-1' };
tracer.startActiveSpan('invoke_agent my-agent', (run) => {
  run.setAttributes({ ...agent, 'gen_ai.operation.name': 'invoke_agent' });
  tracer.startActiveSpan('execute_tool search_tickets', (tool) => {
    tool.setAttributes({ ...agent, 'gen_ai.operation.name': 'execute_tool' });
    tool.setAttributes({ 'gen_ai.tool.name': 'search_tickets' }).end();
  });
  console.log(run.spanContext().traceId);
  run.end();
});
await sdk.shutdown();
