import * as z from 'zod';
import type { TenantConfig } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { DetectionException, Rule } from '../core/rule.ts';
import { listOf, recordOf } from './checking.ts';
import type { DetectorOptions } from './checks.ts';
import type { ParsedDocument } from './document.ts';
import { EXCEPTION_SCHEMA, exceptionOf } from './exceptions.ts';
import { type Problem, pathText } from './problems.ts';
import { parseRules, type ReadRule, type RuleLanguage } from './rules.ts';
import type { Path } from './schema-path.ts';

/** How files of rules are found, read and judged. */
export interface RuleFiles extends RuleLanguage {
  /** The files of a path or glob, in a fixed order. */
  readonly list: (pattern: string) => readonly string[];
  /** Returns the text of a file or throws. */
  readonly read: (path: string) => string;
}

type Detection = Required<Pick<TenantConfig, 'rules' | 'exceptions'>>;

/** The rules and exceptions of a configuration, or what is wrong with them. */
export interface ReadDetection {
  readonly problems: readonly Problem[];
  readonly general: Detection;
  readonly tenants: ReadonlyMap<string, Detection>;
  /** The rules as detectors that the configuration may name. */
  readonly named: readonly DetectorOptions[];
}

/** Reads what `detectors.rules` and `detectors.exceptions` name, in general and for each tenant. */
export function readDetection(
  document: ParsedDocument,
  files: RuleFiles | null,
  detectors: readonly DetectorOptions[],
  inBase: (path: string) => string,
): ReadDetection {
  const root = recordOf(document.value);
  const problems: Problem[] = [];
  const named = new Set<string>();
  const taken = new Set(detectors.map(({ id }) => id));
  const section = (given: unknown, path: Path): Detection => {
    const { rules, exceptions } = recordOf(given);
    const read = files === null ? [] : rulesOf(listOf(rules), [...path, 'rules']);
    for (const { rule } of read) named.add(rule.id);
    return {
      rules: read.map(({ rule }) => rule),
      exceptions: [
        ...read.flatMap((each) => each.exceptions),
        ...listOf(exceptions).flatMap((each) => {
          const checked = EXCEPTION_SCHEMA.safeParse(each);
          return checked.success ? [exceptionOf(checked.data)] : [];
        }),
      ],
    };
  };
  const rulesOf = (patterns: readonly unknown[], path: Path): readonly ReadRule[] => {
    const say = (at: Path, message: string): void => {
      problems.push({ path: pathText(at), ...document.locate(at, 'value'), message });
    };
    const read: ReadRule[] = [];
    for (const [index, pattern] of patterns.entries()) {
      if (typeof pattern !== 'string' || files === null) continue;
      const found = readRuleFiles(inBase(pattern), files);
      if (found.files === 0) say([...path, index], 'names no file');
      problems.push(...found.problems);
      for (const each of found.rules) {
        const { id } = each.rule;
        if (taken.has(id)) say([...path, index], `holds a rule with the id of a detector: ${id}`);
        if (read.some(({ rule }) => rule.id === id)) {
          say([...path, index], `holds a rule whose id another file has: ${id}`);
        }
        read.push(each);
      }
    }
    if (read.length > LIMITS.rulesPerTenant) {
      say(path, `are more than ${LIMITS.rulesPerTenant} rules`);
    }
    return read;
  };
  const general = section(root['detectors'], ['detectors']);
  const tenants = new Map<string, Detection>();
  for (const [tenant, settings] of Object.entries(recordOf(root['tenants']))) {
    const own = recordOf(settings)['detectors'];
    tenants.set(tenant, section(own, ['tenants', tenant, 'detectors']));
  }
  const config = z.strictObject({});
  return { problems, general, tenants, named: [...named].map((id) => ({ id, config })) };
}

/** Reads every rule of the files that a path or glob names. */
export function readRuleFiles(
  pattern: string,
  files: RuleFiles,
): {
  readonly files: number;
  readonly rules: readonly ReadRule[];
  readonly problems: readonly Problem[];
} {
  const names = files.list(pattern);
  const rules: ReadRule[] = [];
  const problems: Problem[] = [];
  for (const file of names) {
    let text: string;
    try {
      text = files.read(file);
    } catch {
      problems.push({ path: '', line: 1, column: 1, message: 'cannot be read', file });
      continue;
    }
    const read = parseRules(text, file, files);
    if ('rules' in read) rules.push(...read.rules);
    else problems.push(...read.problems);
  }
  return { files: names.length, rules, problems };
}

/** What holds in a tenant: its own rules behind the general ones, of one id its own. */
export function detectionOf(
  rules: readonly Rule[],
  exceptions: readonly DetectionException[],
  own: Partial<Detection> = {},
): Partial<Detection> {
  const ownRules = own.rules ?? [];
  const general = rules.filter(({ id }) => !ownRules.some((each) => each.id === id));
  const all = {
    rules: [...general, ...ownRules],
    exceptions: [...exceptions, ...(own.exceptions ?? [])],
  };
  return {
    ...(all.rules.length === 0 ? {} : { rules: all.rules }),
    ...(all.exceptions.length === 0 ? {} : { exceptions: all.exceptions }),
  };
}
