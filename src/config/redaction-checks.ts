import { nearest } from '../core/nearest.ts';
import { listOf, type Report, recordOf, repeated } from './checking.ts';
import type { Problem } from './problems.ts';
import type { Path } from './schema-path.ts';

/** What the configuration needs to know of redaction. */
export interface RedactionChecks {
  /** Types of the entity table. */
  readonly entities: readonly string[];
  /** Names of the checks that a recogniser may ask for. */
  readonly validators: readonly string[];
  /** What is wrong with a recogniser's pattern, or null. */
  readonly patternProblem: (pattern: string) => string | null;
}

/** What is wrong with redaction in general and with each tenant's beyond the schema. */
export function redactionProblems(
  root: Record<string, unknown>,
  readSecret: (path: string) => string | null,
  checks: RedactionChecks | null,
  at: Report,
): readonly Problem[] {
  const tenants = Object.entries(recordOf(root['tenants']));
  const general = recordOf(root['redaction']);
  const sections: readonly (readonly [Path, Record<string, unknown>])[] = [
    [['redaction'], general],
    ...tenants.map(
      ([tenant, own]) =>
        [['tenants', tenant, 'redaction'], recordOf(recordOf(own)['redaction'])] as const,
    ),
  ];
  return sections.flatMap(([path, section]) => [
    ...gazetteerProblems(path, section, readSecret, at),
    ...repeated(recognisersOf(section), [...path, 'recognisers'], at),
    ...(checks === null ? [] : recogniserProblems(path, section, checks, at)),
    ...(checks === null ? [] : modeProblems(path, section, general, checks, at)),
  ]);
}

function recognisersOf(section: Record<string, unknown>): readonly Record<string, unknown>[] {
  return listOf(section['recognisers']).map(recordOf);
}

/** A list of names that cannot be read would let names through in silence. */
function gazetteerProblems(
  path: Path,
  section: Record<string, unknown>,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  const file = recordOf(section['names'])['gazetteer_file'];
  const unreadable = typeof file === 'string' && file !== '' && readSecret(file) === null;
  return unreadable ? [at([...path, 'names', 'gazetteer_file'], 'cannot be read')] : [];
}

function recogniserProblems(
  path: Path,
  section: Record<string, unknown>,
  { entities, validators, patternProblem }: RedactionChecks,
  at: Report,
): readonly Problem[] {
  const modes = recordOf(section['modes']);
  const given = new Map<string, unknown>(Object.entries(modes));
  return recognisersOf(section).flatMap(({ entity, pattern, validator, mode }, index) => {
    const here: Path = [...path, 'recognisers', index];
    const problems: Problem[] = [];
    if (typeof entity === 'string' && !isOwn(entity) && ![...entities, 'secret'].includes(entity)) {
      const message = 'is neither a known type nor one of your own, which begins with x_';
      problems.push(suggest(at([...here, 'entity'], message), entity, [...entities, 'secret']));
    }
    if (typeof validator === 'string' && !validators.includes(validator)) {
      const message = `is not a known check (known: ${validators.join(', ')})`;
      problems.push(suggest(at([...here, 'validator'], message), validator, validators));
    }
    const fault = typeof pattern === 'string' && pattern !== '' ? patternProblem(pattern) : null;
    if (fault !== null) problems.push(at([...here, 'pattern'], fault));
    if (mode !== undefined && typeof entity === 'string') {
      const known = given.get(entity);
      if (!isOwn(entity)) {
        problems.push(at([...here, 'mode'], `belongs into modes.${entity}, which others share`));
      } else if (known !== undefined && known !== mode) {
        problems.push(at([...here, 'mode'], `is not what ${entity} has elsewhere`));
      } else given.set(entity, mode);
    }
    return problems;
  });
}

/** A mode for what nobody finds would be a wish that nobody hears. */
function modeProblems(
  path: Path,
  section: Record<string, unknown>,
  general: Record<string, unknown>,
  { entities }: RedactionChecks,
  at: Report,
): readonly Problem[] {
  const own = [...recognisersOf(section), ...recognisersOf(general)].map(({ entity }) => entity);
  const known = [...entities, 'secret', '*'];
  return Object.keys(recordOf(section['modes'])).flatMap((name) => {
    if (known.includes(name) || own.includes(name)) return [];
    const message = isOwn(name) ? 'is the entity of no recogniser' : 'is not a known entity';
    return [suggest(at([...path, 'modes', name], message), name, known)];
  });
}

function isOwn(entity: string): boolean {
  return entity.startsWith('x_');
}

function suggest(problem: Problem, given: string, known: readonly string[]): Problem {
  const didYouMean = nearest(given, known);
  return didYouMean === null ? problem : { ...problem, didYouMean };
}
