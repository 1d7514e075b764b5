import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { REGISTRY } from '../components.ts';
import { DETECTOR_MODES } from '../core/finding.ts';
import type { AnyDetector } from '../engine/detect/detector.ts';
import type { Registry } from '../engine/registry.ts';
import { CliError, EXIT } from './output.ts';

const isFunction = z.custom<() => unknown>((value) => typeof value === 'function');

/** What a definition must have before it is asked anything; see detectors/README.md. */
const DEFINITION = z.looseObject({
  id: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  version: z.int().min(1),
  title: z.string().min(1),
  family: z.enum(['deterministic', 'statistical', 'novelty']),
  scope: z.enum(['agent', 'chain', 'tenant']),
  defaultMode: z.enum(DETECTOR_MODES),
  config: z.custom<object>(
    (value) => typeof (value as AnyDetector['config'])?.parse === 'function',
  ),
  init: isFunction,
  judges: isFunction,
  observe: isFunction,
});

/**
 * The detectors of this build and, behind them, those of the user's files in their order. A module
 * is code of the daemon: it runs with all its rights.
 * @throws CliError where a file holds no detector, or one whose id is taken.
 */
export async function registryOf(files: readonly string[]): Promise<Registry> {
  if (files.length === 0) return REGISTRY;
  const taken = new Set(REGISTRY.detectors.map(({ id }) => id));
  const own: AnyDetector[] = [];
  for (const file of files) {
    const detector = await readDetector(file);
    if (taken.has(detector.id)) {
      throw new CliError(EXIT.config, `${file}: the id ${detector.id} is taken`);
    }
    taken.add(detector.id);
    own.push(detector);
  }
  const sources = new Map(own.map(({ id }) => [id, 'module'] as const));
  return { detectors: [...REGISTRY.detectors, ...own], sources };
}

/** The default export of a file. */
export async function readDetector(file: string): Promise<AnyDetector> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(file)).href)) as typeof loaded;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.config, `${file}: cannot be loaded: ${why}`);
  }
  const checked = DEFINITION.safeParse(loaded.default);
  if (checked.success) return loaded.default as AnyDetector;
  const [issue] = checked.error.issues;
  const path = issue?.path.join('.') || 'default export';
  throw new CliError(EXIT.config, `${file}: ${path}: ${issue?.message ?? 'is no detector'}`);
}
