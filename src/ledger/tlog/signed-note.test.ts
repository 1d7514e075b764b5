import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkpointText, parseCheckpointText } from './checkpoint.ts';
import {
  COSIGNATURE,
  cosignedText,
  isSignedBy,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signNote,
  verifierKey,
} from './signed-note.ts';
import { formatProof, parseProof, proofFault } from './tlog-proof.ts';
import { leafHash, nodeHash } from './tree-hash.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const name = 'tripcoil.example/acme';
const verifier = parseVerifierKey(verifierKey(name, privateKey));
const believed = verifier ? [verifier] : [];

describe('a signed note', () => {
  it('verifies the example of the specification', () => {
    const key = parseVerifierKey(
      'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    );
    const note = parseNote(
      'This is an example message.\n\n— example.com/foo ' +
        'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj' +
        'OBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
    );
    if (!key || !note) throw new Error('the example is read');
    expect(isSignedBy(note, [key])).toBe(true);
    expect(isSignedBy({ ...note, text: 'This is another message.\n' }, [key])).toBe(false);
  });

  it('is believed by nobody who does not know the key', () => {
    const note = parseNote(signNote('text\n', { name, privateKey }));
    if (!note) throw new Error('a note is read');
    expect(isSignedBy(note, believed)).toBe(true);
    expect(isSignedBy(note, [])).toBe(false);
    const other = generateKeyPairSync('ed25519').privateKey;
    const stranger = parseVerifierKey(verifierKey(name, other));
    expect(isSignedBy(note, stranger ? [stranger] : [])).toBe(false);
  });

  it('carries cosignatures with the time of the look', () => {
    const witness = generateKeyPairSync('ed25519').privateKey;
    const key = parseVerifierKey(verifierKey('witness.example/w1', witness, COSIGNATURE));
    const text = checkpointText({ origin: name, size: 1, root: leafHash(Buffer.from('a')) });
    const seconds = 1_679_315_147n;
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(seconds);
    const signature = Buffer.concat([
      time,
      sign(null, Buffer.from(cosignedText(seconds, text)), witness),
    ]);
    if (!key) throw new Error('a key is read');
    const line = signatureLine({ name: key.name, keyId: key.keyId, signature });
    const note = parseNote(signNote(text, { name, privateKey }) + line);
    if (!note) throw new Error('a note is read');
    expect(isSignedBy(note, [key])).toBe(true);
    time[7] = 0;
    time.copy(note.signatures[1]?.signature ?? Buffer.alloc(0));
    expect(isSignedBy(note, [key])).toBe(false);
  });

  it.each(['', 'text', 'text\n\nno signature\n', 'te\txt\n\n— a AAAAAAA=\n', 'text\n\n— a b \n'])(
    'is not %j',
    (text) => {
      expect(parseNote(text)).toBeNull();
    },
  );

  it('refuses a verifier key whose id is another', () => {
    const key = verifierKey(name, privateKey);
    expect(parseVerifierKey(key.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).toBeNull();
    expect(parseVerifierKey(`${key}x`)).toBeNull();
  });
});

describe('a checkpoint', () => {
  it('is read as it was written', () => {
    const head = { origin: name, size: 20_852_163, root: leafHash(Buffer.from('a')) };
    expect(parseCheckpointText(checkpointText(head))).toEqual(head);
    expect(parseCheckpointText(`${checkpointText(head)}extension\n`)).toEqual(head);
  });

  it.each(['', `${name}\n01\nAAAA\n`, `${name}\n1\nAAAA\n`, `${name}\n1\n${'A'.repeat(43)}=`])(
    'is not %j',
    (text) => {
      expect(parseCheckpointText(text)).toBeNull();
    },
  );
});

describe('a proof for offline use', () => {
  const entries = ['a', 'b'].map((text) => Buffer.from(text));
  const [left, right] = entries.map(leafHash) as [Buffer, Buffer];
  const head = { origin: name, size: 2, root: nodeHash(left, right) };
  const checkpoint = signNote(checkpointText(head), { name, privateKey });
  const proof = { index: 1, hashes: [left], checkpoint };
  const entry = Buffer.from('b');

  it('holds after writing and reading', () => {
    const read = parseProof(formatProof(proof));
    expect(read).toEqual(proof);
    expect(read && proofFault(read, entry, name, believed)).toBeNull();
  });

  it('says what is wrong', () => {
    expect(proofFault(proof, Buffer.from('c'), name, believed)).toBe('not_included');
    expect(proofFault(proof, entry, 'other.example', believed)).toBe('wrong_origin');
    expect(proofFault(proof, entry, name, [])).toBe('wrong_key');
    expect(proofFault({ ...proof, checkpoint: 'x' }, entry, name, believed)).toBe(
      'not_a_checkpoint',
    );
    expect(proofFault({ ...proof, hashes: [] }, entry, name, believed)).toBe('not_included');
  });
});
