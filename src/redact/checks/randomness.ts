/** The commonest pairs of letters of English text and of code written in it. */
const COMMON_PAIRS = new Set(
  (
    'th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of ' +
    'al de se le sa si ar ve ra ld ur me ne wi ly om li ll co ec ro ri io ic us el ta la ' +
    'ho be ma em no ch di pe tr ac ce fo so rs id ie ct un im do ot sh ut ad mo ad up pl ' +
    'lo ow po so pr ge ag eb us ke ey ap pi go oe ex mp am pa ss em tt wa wh ay yo ul il ' +
    'nc ns ai fi fe ol ig gh bl ab av ev if ee oo pp ff rt rd rm rn rk ry ty ny my by bo ' +
    'br gr cr cl fr fl dr qu ow ew aw ok ck ks ts ds ls ms ws ys su sp sc sk sl sm sn sw ' +
    'ue ui ua ub uc ud ug um va vi vo wo gi ga gu lu lt lf lk ci cu tu tw bu du da fa fu ' +
    'hu ju jo je ja ki mi mu na ni nu nk oa ob od op os ov pu ph rc rg rp rr ru rv rw ef ' +
    'eg ei ek ep eq ev xp xt ze zi za iz iv ir ib'
  ).split(' '),
);

/** Shannon entropy in bits per character, over at most the first 4,096. */
export function entropyOf(text: string): number {
  const size = Math.min(text.length, ENTROPY_CHARS);
  const counts = new Uint16Array(128);
  let foreign: Map<number, number> | null = null;
  for (let at = 0; at < size; at++) {
    const code = text.charCodeAt(at);
    if (code < 128) counts[code] = (counts[code] ?? 0) + 1;
    else {
      foreign ??= new Map();
      foreign.set(code, (foreign.get(code) ?? 0) + 1);
    }
  }
  let bits = 0;
  for (const count of counts) bits -= share(count, size);
  for (const count of foreign?.values() ?? []) bits -= share(count, size);
  return bits;
}

/** Of one character to the sum of entropy. */
function share(count: number, size: number): number {
  return count === 0 ? 0 : (count / size) * Math.log2(count / size);
}

const ENTROPY_CHARS = 4_096;
/** Words of a lock name it; the letters of a key do not: bits per character, as gitleaks asks. */
const ENTROPY_FLOOR = 3;
const SHORTEST = 8;
/** More than this share of letters in common pairs is language. */
const LANGUAGE_SHARE = 0.5;

/**
 * Whether a text looks drawn by lot: enough entropy, and its letters do not pair as words do. Names
 * of keys, sentences and placeholders fail; tokens, digests and generated passwords pass.
 */
export function looksRandom(text: string): boolean {
  if (text.length < SHORTEST || entropyOf(text) < ENTROPY_FLOOR) return false;
  let pairs = 0;
  let common = 0;
  const lower = text.slice(0, ENTROPY_CHARS).toLowerCase();
  for (let at = 0; at + 1 < lower.length; at++) {
    const pair = lower.slice(at, at + 2);
    pairs++;
    if (COMMON_PAIRS.has(pair)) common++;
  }
  return common / Math.max(1, pairs) < LANGUAGE_SHARE;
}
