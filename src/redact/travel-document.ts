import {
  isNamesLine,
  isZoneLine,
  passesZoneChecks,
  ZONE_LENGTHS,
} from './checks/travel-document.ts';
import { type Hit, personalHit, type Subject } from './hit.ts';

/** The `<` of a closing tag is no filler. */
const RUN = /(?:[A-Z0-9]|<(?!\/)){30,91}/y;
/** Between two lines, also where the break was written as an escape. */
const BREAK = /(?:\r?\n|(?:\\r)?\\n| {1,4}|,)/y;
const MOST_LINES = 3;

/** Whether a word that ends at `end` may begin a machine readable zone: a filler follows it. */
export function mayBeginZone(text: string, at: number, end: number): boolean {
  return text.charCodeAt(end) === FILLER || ZONE_LENGTHS.includes(end - at);
}

const FILLER = 0x3c;

/**
 * The machine readable zone of a passport, visa or identity card that begins at `at`: the lines
 * that follow each other, when the check digits of one pass or two have the form of a zone; else a
 * line of names alone (ICAO 9303).
 */
export function zoneAt({ text }: Subject, at: number): Hit | null {
  if (/[A-Z0-9<]/.test(text.charAt(at - 1))) return null;
  const lines: string[] = [];
  let end = at;
  for (let next = at; lines.length < MOST_LINES; ) {
    RUN.lastIndex = next;
    const run = RUN.exec(text)?.[0] ?? '';
    const more = linesOf(run);
    if (more.length === 0 || more[0]?.length !== (lines[0] ?? more[0])?.length) break;
    lines.push(...more);
    end = next + run.length;
    BREAK.lastIndex = end;
    if (!BREAK.test(text)) break;
    next = BREAK.lastIndex;
  }
  if (lines.length === 0) return null;
  const checked = lines.some(passesZoneChecks);
  const formed = lines.filter((line) => isZoneLine(line) || isNamesLine(line)).length;
  const [first = ''] = lines;
  if (checked) return zoneHit(at, end, 'checked');
  if (formed > 1) return zoneHit(at, end, 'shaped');
  const named = first.length > 30 && isNamesLine(first);
  return named ? zoneHit(at, at + first.length, 'shaped') : null;
}

/** The lines of a run; two or three may have been joined. */
function linesOf(run: string): readonly string[] {
  const size = ZONE_LENGTHS.find((length) => run.length === length || run.length === 2 * length);
  if (run.length === 90) return [run.slice(0, 30), run.slice(30, 60), run.slice(60)];
  if (size === undefined) return [];
  return run.length === size ? [run] : [run.slice(0, size), run.slice(size)];
}

function zoneHit(start: number, end: number, confidence: 'checked' | 'shaped'): Hit {
  return personalHit('id_document', start, end, 'machine_readable_zone', confidence);
}
