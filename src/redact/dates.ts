import { isCalendarDate } from './checks/calendar.ts';
import { type Hit, personalHit } from './hit.ts';

const MONTHS =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|' +
  'oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const DAYS = 'mon|tues|wednes|thurs|fri|satur|sun';
const TIME =
  '(?:[T ,]{1,2}\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?(?: ?[ap]m)?' +
  '(?:Z|[+-]\\d{2}:?\\d{2})?)?';
const YEAR = '(?:1[89]\\d\\d|20\\d\\d)';
/** A bare year counts where the words around it date something, as people date things. */
const YEAR_BEFORE =
  '(?<=\\b(?:[Ii]n|[Dd]uring|[Ss]ince|since|until|by|of|a|year|before|after|from|around|circa) )';

/** Each bounded, so that looking for them is linear. */
const DATES: readonly RegExp[] = [
  new RegExp(`(?<![\\d.-])${YEAR}([-/.])\\d{1,2}\\1\\d{1,2}${TIME}(?![\\d-])`, 'gi'),
  new RegExp(
    `(?<![\\d./-])\\d{1,2}([-/.])\\d{1,2}\\1(?:${YEAR}|\\d\\d)${TIME}(?![\\d/-]|\\.\\d)`,
    'gi',
  ),
  new RegExp(`\\b\\d{1,2}(?:st|nd|rd|th)?\\.? (?:of )?(?:${MONTHS})\\.?,? ${YEAR}${TIME}\\b`, 'gi'),
  new RegExp(`\\b(?:${MONTHS})\\.? \\d{1,2}(?:st|nd|rd|th)?,? ${YEAR}${TIME}\\b`, 'gi'),
  new RegExp(`\\b(?:${MONTHS})\\.? ${YEAR}\\b`, 'gi'),
  new RegExp(`(?<!\\b(?:last|every|each|next) )\\b(?:${DAYS})day\\b`, 'gi'),
  new RegExp(
    `${YEAR_BEFORE}${YEAR}(?=[\\s,.;:!?)]|$)(?! (?:[A-Z][a-z]+ (?:St|Ave|Rd|Road|Street)|\\d))`,
    'g',
  ),
];

/**
 * Every date of a text, left to right: calendar dates, weekdays and years. Not for telemetry, whose
 * times are no secrets; there only dates of birth are replaced (`birth_date`).
 */
export function datesIn(text: string): readonly Hit[] {
  const hits: Hit[] = [];
  for (const pattern of DATES) {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      const overlaps = hits.some((hit) => match.index < hit.end && end > hit.start);
      if (!overlaps && isCalendarDate(match[0])) {
        hits.push(personalHit('date', match.index, end, 'date'));
      }
    }
  }
  return hits.sort((one, other) => one.start - other.start);
}
