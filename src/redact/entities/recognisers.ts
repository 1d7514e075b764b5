import type { RedactionPolicy } from '../../core/redaction-policy.ts';
import { type CustomRecogniser, compileRecognisers } from '../custom/recogniser.ts';
import { AMERICAN_ENTITIES } from './americas.ts';
import { ASIAN_ENTITIES } from './asia-pacific.ts';
import type { Entity } from './entity.ts';
import { EAST_EUROPEAN_ENTITIES } from './europe-east.ts';
import { WEST_EUROPEAN_ENTITIES } from './europe-west.ts';
import { WORLDWIDE_ENTITIES } from './worldwide.ts';

/** Every row of the table whose shape is national or otherwise told by its characters. */
export const SHAPED_ENTITIES: readonly Entity[] = [
  ...WORLDWIDE_ENTITIES,
  ...WEST_EUROPEAN_ENTITIES,
  ...EAST_EUROPEAN_ENTITIES,
  ...AMERICAN_ENTITIES,
  ...ASIAN_ENTITIES,
];

/** Regions that may be chosen, sorted. */
export const REGIONS: readonly string[] = [
  ...new Set(SHAPED_ENTITIES.map(({ region }) => region)),
].sort();

/** An entity made ready: its shapes compiled. */
export interface Recogniser {
  readonly entity: Entity;
  /** Near a word; matches at one position, and not in the middle of a longer run. */
  readonly shape: RegExp | null;
  readonly bare: RegExp | null;
}

/** Recognisers that one word, or one length of run, leads to. */
export interface RecogniserGroup {
  readonly members: readonly Recogniser[];
  /** Matches where some member may: one look says that most values are none of them. */
  readonly any: RegExp;
  /** 1 for each ASCII character that stands in some member's pattern: no other joint goes on. */
  readonly mentions: Uint8Array;
}

/** The recognisers of the chosen regions, by what leads to them. */
export interface RecogniserSet {
  readonly byWord: ReadonlyMap<string, RecogniserGroup>;
  /** What the words of keys met so far name. */
  readonly byKey: WeakMap<readonly string[], readonly Recogniser[]>;
  /** By length of the first run of letters and digits. */
  readonly byRun: readonly (RecogniserGroup | undefined)[];
  /** 1 where some word of `byWord` has this beginning and length; see `wordSlot`. */
  readonly wordSlots: Uint8Array;
  /** The tenant's own; none for most. */
  readonly custom: readonly CustomRecogniser[];
}

/** Slot of an ASCII word by its first two characters, case aside, and its length. */
export function wordSlot(first: number, second: number, length: number): number {
  return ((first & 31) << 10) | ((second & 31) << 5) | Math.min(length, 31);
}

/** Words of the longest phrase that leads to a recogniser. */
export const PHRASE_WORDS = 3;

const END = '(?![A-Za-z0-9])(?!-[A-Za-z0-9])';

/** Makes a set of some regions; without a choice, of all. `any` is always in it. */
export function recognisersOf(regions: readonly string[] | null): RecogniserSet {
  const byWord = new Map<string, Recogniser[]>();
  const byRun: Recogniser[][] = [];
  for (const entity of SHAPED_ENTITIES) {
    if (regions !== null && entity.region !== 'any' && !regions.includes(entity.region)) continue;
    const recogniser = {
      entity,
      shape: entity.shape === undefined ? null : new RegExp(`(?:${entity.shape})${END}`, 'iy'),
      bare: entity.bare === undefined ? null : new RegExp(`(?:${entity.bare})${END}`, 'y'),
    };
    for (const word of (entity.words ?? '').split(', ')) {
      // `taxid` is written as often as `tax id`.
      for (const spelling of new Set([word, word.replaceAll(' ', '')])) {
        if (word !== '') byWord.set(spelling, [...(byWord.get(spelling) ?? []), recogniser]);
      }
    }
    for (const run of entity.bareRuns ?? []) {
      const others = byRun[run];
      if (others === undefined) byRun[run] = [recogniser];
      else others.push(recogniser);
    }
  }
  const groups = [...byWord].map(([word, members]) => [word, groupOf(members, 'shape')] as const);
  return {
    byWord: new Map(groups),
    byKey: new WeakMap(),
    byRun: Array.from(byRun, (members) => members && groupOf(members, 'bare')),
    wordSlots: slotsOf(byWord.keys()),
    custom: [],
  };
}

/** Patterns refer to their own groups by name, so that they can stand side by side. */
function groupOf(members: readonly Recogniser[], form: 'shape' | 'bare'): RecogniserGroup {
  const sources = members.flatMap(({ [form]: pattern }) => pattern?.source ?? []);
  const any = sources.length === 0 ? '(?!)' : sources.map((source) => `(?:${source})`).join('|');
  const mentions = new Uint8Array(128);
  for (const char of any.replaceAll(/\(\?(?:[:=!]|<[=!]|<\w+>)/g, '('))
    mentions[char.charCodeAt(0)] = 1;
  return { members, any: new RegExp(any, form === 'shape' ? 'iy' : 'y'), mentions };
}

function slotsOf(phrases: Iterable<string>): Uint8Array {
  const slots = new Uint8Array(1 << 15);
  for (const phrase of phrases) {
    const word = phrase.split(' ').at(-1) ?? '';
    slots[wordSlot(word.charCodeAt(0), word.charCodeAt(1), word.length)] = 1;
  }
  return slots;
}

/** All regions. */
export const ALL_RECOGNISERS = recognisersOf(null);

const chosen = new WeakMap<readonly string[], RecogniserSet>();
const extended = new WeakMap<Pick<RedactionPolicy, 'recognisers'>, RecogniserSet>();

/** The set of a policy: its regions' and its own, made once for each policy. */
export function recognisersFor(
  policy: Pick<RedactionPolicy, 'regions' | 'recognisers'>,
): RecogniserSet {
  const { regions, recognisers } = policy;
  if (recognisers.length === 0) return ofRegions(regions);
  const known = extended.get(policy);
  if (known !== undefined) return known;
  const made = { ...ofRegions(regions), custom: compileRecognisers(recognisers) };
  extended.set(policy, made);
  return made;
}

function ofRegions(regions: readonly string[] | null): RecogniserSet {
  if (regions === null) return ALL_RECOGNISERS;
  const known = chosen.get(regions) ?? recognisersOf(regions);
  chosen.set(regions, known);
  return known;
}
