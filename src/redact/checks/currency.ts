import { createHash } from 'node:crypto';
import { keccak256 } from './keccak.ts';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** Longest address looked at; longer runs are no addresses and cost time. */
const MAX_CHARS = 110;

/** Bitcoin: Base58Check (versions 0 and 5) or Bech32 and Bech32m (BIP 173, BIP 350). */
export function isBitcoin(text: string): boolean {
  const value = text
    .trim()
    .replace(/\\[nt]$/, '')
    .replace(/^\\t/, '');
  if (value.length > MAX_CHARS) return false;
  if (/^bc1/i.test(value)) return isBech32(value);
  if (!/^[13][1-9A-HJ-NP-Za-km-z]{25,34}$/.test(value)) return false;
  const bytes = fromBase58(value, 25);
  if (bytes === null || (bytes[0] !== 0 && bytes[0] !== 5)) return false;
  const check = sha256(sha256(bytes.subarray(0, 21)));
  return check.subarray(0, 4).equals(bytes.subarray(21));
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function fromBase58(text: string, size: number): Buffer | null {
  let number = 0n;
  for (const char of text) {
    const digit = BASE58.indexOf(char);
    if (digit < 0) return null;
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16);
  return hex.length > size * 2 ? null : Buffer.from(hex.padStart(size * 2, '0'), 'hex');
}

function isBech32(text: string): boolean {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) return false;
  const value = text.toLowerCase();
  let check = 1;
  const feed = (symbol: number): void => {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ symbol;
    for (const [bit, generator] of GENERATORS.entries()) {
      if (((top >>> bit) & 1) === 1) check ^= generator;
    }
  };
  for (const symbol of [3, 3, 0, 2, 3]) feed(symbol);
  for (const char of value.slice(3)) {
    const symbol = BECH32.indexOf(char);
    if (symbol < 0) return false;
    feed(symbol);
  }
  return value.length >= 14 && (check === 1 || check === 0x2bc830a3);
}

const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** Ethereum: forty hexadecimal digits whose letters' case is the check (EIP-55). */
export function isEthereum(text: string): boolean {
  const value = text.replace(/^0x/, '');
  if (!/^[0-9a-fA-F]{40}$/.test(value)) return false;
  const hash = keccak256(Buffer.from(value.toLowerCase())).toString('hex');
  for (let at = 0; at < 40; at++) {
    const char = value.charAt(at);
    const upper = Number.parseInt(hash.charAt(at), 16) >= 8;
    if (/[a-fA-F]/.test(char) && (char === char.toUpperCase()) !== upper) return false;
  }
  return true;
}

/** Monero: Base58 in blocks of eleven, Keccak over all but the last four bytes. */
export function isMonero(text: string): boolean {
  if (!/^[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?$/.test(text)) return false;
  const blocks: Buffer[] = [];
  for (let at = 0; at < text.length; at += 11) {
    const block = text.slice(at, at + 11);
    const size = block.length === 11 ? 8 : 5;
    const bytes = fromBase58(block, size);
    if (bytes === null) return false;
    blocks.push(bytes);
  }
  const bytes = Buffer.concat(blocks);
  const check = keccak256(bytes.subarray(0, -4));
  return check.subarray(0, 4).equals(bytes.subarray(-4));
}
