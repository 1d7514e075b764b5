import { LIMITS } from '../core/limits.ts';
import type { RecogniserSet } from './entities/recognisers.ts';

/** Longer texts are content, and content is seldom the same twice. */
const LONGEST = 64;

/**
 * Short texts in which nothing was found: what telemetry says over and over (models, services,
 * operations, verdicts) is read once. A text is kept from its second sighting on, in a slot that
 * its hash tells, so that identifiers that never come again neither cost room nor drive out others.
 */
export class CleanTexts {
  readonly #texts: string[] = new Array(LIMITS.rememberedCleanTexts).fill('');
  readonly #keyWords: (readonly string[] | null)[] = new Array(LIMITS.rememberedCleanTexts).fill(
    null,
  );
  readonly #hints = new Uint8Array(LIMITS.rememberedCleanTexts);
  readonly #sightings = new Int32Array(LIMITS.rememberedCleanTexts);

  /** Whether nothing was found in this text before, under the same hints and the same key. */
  has(text: string, hints: number, keyWords: readonly string[]): boolean {
    if (text.length > LONGEST) return false;
    const slot = slotOf(hashOf(text, hints));
    return (
      this.#texts[slot] === text && this.#hints[slot] === hints && this.#keyWords[slot] === keyWords
    );
  }

  /** Notes that nothing is in this text. */
  add(text: string, hints: number, keyWords: readonly string[]): void {
    if (text.length > LONGEST) return;
    const hash = hashOf(text, hints);
    const slot = slotOf(hash);
    if (this.#sightings[slot] !== hash) {
      this.#sightings[slot] = hash;
      return;
    }
    // A part of a long text would keep the whole of it in memory.
    const copy = Buffer.from(text, 'latin1').toString('latin1');
    if (copy !== text) return;
    this.#texts[slot] = copy;
    this.#hints[slot] = hints;
    this.#keyWords[slot] = keyWords;
  }
}

/** The clean texts of each set of recognisers: what is clean to one is not to another. */
export class CleanTextMemory {
  #bySet = new WeakMap<RecogniserSet, CleanTexts>();

  of(recognisers: RecogniserSet): CleanTexts {
    const known = this.#bySet.get(recognisers);
    if (known !== undefined) return known;
    const made = new CleanTexts();
    this.#bySet.set(recognisers, made);
    return made;
  }

  /** Forgets everything, as an erasure asks for. */
  clear(): void {
    this.#bySet = new WeakMap();
  }
}

/** FNV-1a over at most sixteen characters; never 0, which is no sighting. */
function hashOf(text: string, hints: number): number {
  const step = (text.length >> 4) + 1;
  let hash = 0x811c9dc5 ^ (text.length | (hints << 8));
  for (let at = text.length - 1; at >= 0; at -= step) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash | 1;
}

function slotOf(hash: number): number {
  return ((hash >>> 1) ^ (hash >>> 15)) % LIMITS.rememberedCleanTexts;
}
