"""An application as users write it: an agent run with a model call and a tool call, traced with the
OpenTelemetry SDK and exported as the environment says; then a token metric of another service.
Prints the trace id."""

import sys

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

if sys.argv[1] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

AGENT = {"gen_ai.agent.id": "python-agent"}


def traces() -> str:
    provider = TracerProvider(resource=Resource({"service.name": "invoice-service"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("invoice-agent")
    run_attributes = {**AGENT, "gen_ai.operation.name": "invoke_agent"}
    with tracer.start_as_current_span("invoke_agent", attributes=run_attributes) as run:
        with tracer.start_as_current_span("chat model", kind=SpanKind.CLIENT) as chat:
            chat.set_attributes({**AGENT, "gen_ai.operation.name": "chat"})
            chat.set_attributes(
                {"gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 120}
            )
        with tracer.start_as_current_span("execute_tool send_email") as tool:
            tool.set_attributes({**AGENT, "gen_ai.operation.name": "execute_tool"})
            tool.set_attributes(
                {"gen_ai.tool.name": "send_email", "gen_ai.tool.call.id": "call_1"}
            )
            tool.set_attribute(
                "gen_ai.tool.call.arguments", '{"recipients":["bob@example.com"]}'
            )
    provider.shutdown()
    return format(run.get_span_context().trace_id, "032x")


def metrics() -> None:
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    service = Resource({"service.name": f"python-metrics-{sys.argv[1]}"})
    provider = MeterProvider([reader], resource=service)
    usage = provider.get_meter("m").create_histogram("gen_ai.client.token.usage")
    usage.record(900, {"gen_ai.token.type": "input", "gen_ai.request.model": "m"})
    usage.record(120, {"gen_ai.token.type": "output", "gen_ai.request.model": "m"})
    provider.shutdown()


trace_id = traces()
metrics()
print(trace_id)
