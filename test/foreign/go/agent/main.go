// An application as users write it: an agent run with a model call and a tool call, traced with the
// OpenTelemetry SDK and exported as the environment says. Prints the trace id.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

func client(protocol string) otlptrace.Client {
	if protocol == "grpc" {
		return otlptracegrpc.NewClient(otlptracegrpc.WithCompressor("gzip"))
	}
	return otlptracehttp.NewClient(otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
}

func main() {
	ctx := context.Background()
	exporter, err := otlptrace.New(ctx, client(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	service := resource.NewSchemaless(attribute.String("service.name", "invoice-service"))
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(service))
	tracer := provider.Tracer("invoice-agent")

	agent := attribute.String("gen_ai.agent.id", "go-agent")
	ctx, run := tracer.Start(ctx, "invoke_agent Invoice agent", api.WithAttributes(agent,
		attribute.String("gen_ai.operation.name", "invoke_agent")))
	_, chat := tracer.Start(ctx, "chat model", api.WithSpanKind(api.SpanKindClient),
		api.WithAttributes(agent,
			attribute.String("gen_ai.operation.name", "chat"),
			attribute.Int("gen_ai.usage.input_tokens", 900),
			attribute.Int("gen_ai.usage.output_tokens", 120)))
	chat.End()
	_, tool := tracer.Start(ctx, "execute_tool send_email", api.WithAttributes(agent,
		attribute.String("gen_ai.operation.name", "execute_tool"),
		attribute.String("gen_ai.tool.name", "send_email"),
		attribute.String("gen_ai.tool.call.id", "call_1"),
		attribute.String("gen_ai.tool.call.arguments", `{"recipients":["bob@example.com"]}`)))
	tool.End()
	run.End()
	// An error of the exporter is one of this program.
	if err := provider.ForceFlush(ctx); err != nil {
		log.Fatal(err)
	}
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.SpanContext().TraceID())
}
