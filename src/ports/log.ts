/** Structured log. Messages are constants; fields never carry payloads, tokens or personal data. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };
