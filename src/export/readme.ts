import type { BundleIndex } from './check/layout.ts';

/** README.txt: what is in a bundle, and how to check it without Tripcoil. */
export function readmeOf(index: BundleIndex, options: { readonly page: boolean }): string {
  const asked = Object.entries(index.asked).map(([name, value]) => `${name} ${value}`);
  const { from_seq, to_seq } = index.read;
  const page = options.page ? IN_A_BROWSER : '';
  return `EVIDENCE FROM A TRIPCOIL LEDGER

Asked for: ${asked.join(', ')}
Made at:   ${index.made_at} by Tripcoil ${index.software}
Entries:   ${index.entries.length}, found in ${from_seq} to ${to_seq} of the ledger

The entries say what agents did, what was decided because of it, by whom, and who acknowledged
it. Personal data was replaced before anything was written: tokens in brackets stand for values
that the ledger never held.

WHAT IS IN IT

  entries.jsonl        every entry, one a line, for reading
  entries/N.salted     entry N as the ledger has committed to it: 16 bytes of salt, then its text
  proofs/N.tlog-proof  that entry N is in its log (C2SP tlog-proof, RFC 6962)
  logs/L/              of each tenant's log: the newest signed checkpoint, and the key behind it
  bundle.json          what was asked for, and which entry is of which log
  manifest.txt         SHA-256 of every file here, signed (C2SP signed-note, Ed25519)
  signing-key.txt      the key that signed it; public-key.pem is the same key for OpenSSL
  check.py             the checks below in one file that needs Python 3 alone
${options.page ? '  verify.html          the same in a browser, without a network\n' : ''}
WHOSE KEY IS IT?

Nothing in this bundle can tell you whose key signed it. Compare signing-key.txt with the key
that you know from elsewhere: \`GET /v1/ledger/logs\` of the daemon tells it, and so does whoever
runs it.
A checkpoint that you kept from an earlier day shows that no other history was made up since.

CHECK IT WITHOUT US
${page}
With Python 3 (reads every file, recomputes every hash and proof):

  python3 check.py

With what every system has, from this directory:

  1. Every file is as listed. Each line OK; the lines of the signature are not for sha256sum.

       sha256sum -c manifest.txt

     The hash of entries/N.salted is the entry's commitment: what its log holds of it.

  2. The list is signed. The text that was signed is all up to the empty line, the signature is in
     the last line, behind four bytes of key id.

       sed '/^$/,$d' manifest.txt > signed.txt
       tail -n 1 manifest.txt | sed 's/.* //' | base64 -d | tail -c +5 > signature.bin
       openssl pkeyutl -verify -rawin -pubin -inkey public-key.pem \\
         -in signed.txt -sigfile signature.bin

  3. Each commitment is in its log. The leaf is SHA-256 of a byte 00 and the entry's record of 50
     bytes, all numbers big-endian: version (1, one byte), kind (one byte), sequence (8), log time
     in milliseconds (8), commitment (32). The lines of a proof lead from there to the root in the
     checkpoint, as RFC 6962 section 2.1.1 says. Any tool for C2SP tlog-proof does this.

With Tripcoil, from wherever you trust it to come: \`tripcoil verify this-bundle.zip\`.
`;
}

const IN_A_BROWSER = `
In a browser: open verify.html and drop the zip file on it. The page needs no network; better than
the copy in this bundle is one that came to you some other way.
`;
