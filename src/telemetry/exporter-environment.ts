/**
 * Takes `OTEL_EXPORTER_OTLP*` out of an environment, so that what this process sends elsewhere
 * follows its configuration alone. The exporters read these variables behind their options, and on
 * a machine whose agents report here they hold the ingest token, which no other endpoint may see.
 */
export function forgetExporterVariables(environment: Record<string, string | undefined>): void {
  for (const name of Object.keys(environment)) {
    if (name.toUpperCase().startsWith('OTEL_EXPORTER_OTLP')) delete environment[name];
  }
}
