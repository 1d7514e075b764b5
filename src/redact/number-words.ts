import { wordSlot } from './entities/recognisers.ts';
import type { Subject } from './hit.ts';

/** How far before a number a word may stand that says what it is. */
export const NUMBER_CONTEXT_CHARS = 48;

/** Every word that one of the patterns of `number.ts` and `phone.ts` has in it. */
const WORDS =
  'card cards cc pan visa mastercard amex maestro kreditkarte ssn social security itin taxpayer ' +
  'phone phones tel tele telphone telephone telfon telefon mobil mobile cell cellphone cellular ' +
  'fax desk office landline call called calling callback dial dialed dialled ring text sms ' +
  'whatsapp contact reach reached answering hotline msisdn message messages registered handy ' +
  'numero';

/** 1 where some word has this beginning and length; see `wordSlot`. */
export const NUMBER_WORD_SLOTS = new Uint8Array(1 << 15);
for (const word of WORDS.split(' ')) {
  NUMBER_WORD_SLOTS[wordSlot(word.charCodeAt(0), word.charCodeAt(1), word.length)] = 1;
}

/** The text before a number that may speak for it; empty when no word in it can. */
export function wordsBefore({ text, floor, numberWordEnd }: Subject, start: number): string {
  const from = Math.max(floor, start - NUMBER_CONTEXT_CHARS);
  return numberWordEnd <= from ? '' : text.slice(from, start);
}
