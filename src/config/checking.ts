import type { Problem } from './problems.ts';
import type { Path } from './schema-path.ts';

/** Makes the problem of one place; `add` is text to paste. */
export type Report = (path: Path, message: string, add?: string) => Problem;

/** One problem for each entry that has the name of an earlier one. */
export function repeated(
  entries: readonly Record<string, unknown>[],
  path: Path,
  at: Report,
): readonly Problem[] {
  const names = entries.map((entry) => entry['name']);
  return names.flatMap((name, index) =>
    typeof name === 'string' && names.indexOf(name) < index
      ? [at([...path, index, 'name'], 'is the name of an earlier entry')]
      : [],
  );
}

/** Whether a host name or address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The value if it is a mapping, else an empty one. */
export function recordOf(value: unknown): Record<string, unknown> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : {};
}

/** The value if it is a list, else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
