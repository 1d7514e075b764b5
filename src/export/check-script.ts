import { ENTRY_KINDS } from '../core/entry.ts';

/** check.py: every check of a bundle by Python 3 alone, and OpenSSL for the signatures. */
export const CHECK_SCRIPT = `#!/usr/bin/env python3
"""Checks an evidence bundle of a Tripcoil ledger. Needs Python 3; OpenSSL for the signatures."""
import base64, hashlib, json, os, re, subprocess, sys, tempfile

KINDS = ${JSON.stringify(ENTRY_KINDS)}
here = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
faults = []

def read(name):
    with open(os.path.join(here, name), "rb") as file:
        return file.read()

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def signed(note, key_text, what):
    """The text of a signed note, if the key signed it."""
    text, lines = note[: note.rindex("\\n\\n") + 1], note[note.rindex("\\n\\n") + 2 :]
    name, key_id, material = re.match(r"([^\\s+]+)\\+([0-9a-f]{8})\\+(\\S+)", key_text).groups()
    raw = base64.b64decode(material)
    if sha(name.encode() + b"\\n", raw)[:4].hex() != key_id:
        faults.append(what + ": the key does not have its own id")
    for line in lines.splitlines():
        signer, blob = line[2:].rsplit(" ", 1)
        blob = base64.b64decode(blob)
        if signer == name and blob[:4].hex() == key_id:
            verify(raw[1:], text.encode(), blob[4:], what)
            return text
    faults.append(what + ": not signed by its key")
    return text

def verify(public, text, signature, what):
    der = bytes.fromhex("302a300506032b6570032100") + public
    with tempfile.TemporaryDirectory() as scratch:
        paths = {name: os.path.join(scratch, name) for name in ("key", "text", "signature")}
        for name, data in (("key", der), ("text", text), ("signature", signature)):
            with open(paths[name], "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey",
                   paths["key"], "-in", paths["text"], "-sigfile", paths["signature"]]
        try:
            done = subprocess.run(command, capture_output=True)
        except FileNotFoundError:
            print("not checked, there is no openssl: the signature of", what)
            return
        if done.returncode != 0:
            faults.append(what + ": the signature does not fit")

def root_of(index, size, leaf, siblings):
    """RFC 9162 section 2.1.3.2."""
    first, last, hash = index, size - 1, leaf
    for sibling in siblings:
        if last == 0:
            return None
        if first % 2 == 1 or first == last:
            hash = sha(b"\\x01", sibling, hash)
            while first % 2 == 0 and first != 0:
                first, last = first // 2, last // 2
        else:
            hash = sha(b"\\x01", hash, sibling)
        first, last = first // 2, last // 2
    return hash if last == 0 and index < size else None

manifest = signed(read("manifest.txt").decode(), read("signing-key.txt").decode(), "manifest.txt")
listed = {}
for line in manifest.splitlines()[1:]:
    digest, name = line.split("  ", 1)
    listed[name] = digest
    if not os.path.exists(os.path.join(here, name)):
        faults.append(name + ": missing")
    elif sha(read(name)).hex() != digest:
        faults.append(name + ": altered")
for folder, _, names in os.walk(here):
    for name in names:
        path = os.path.relpath(os.path.join(folder, name), here).replace(os.sep, "/")
        if path != "manifest.txt" and path not in listed and not path.endswith(".zip"):
            faults.append(path + ": the manifest does not name it")

proven = 0
if not faults:
    bundle = json.loads(read("bundle.json"))
    roots = []
    for place, log in enumerate(bundle["logs"]):
        note = read("logs/%d/checkpoint.txt" % place).decode()
        text = signed(note, read("logs/%d/verifier-key.txt" % place).decode(), "log %d" % place)
        origin, size, root = text.splitlines()[:3]
        if origin != log["origin"]:
            faults.append("log %d: of another origin" % place)
        roots.append((note, int(size), base64.b64decode(root)))
    for entry in bundle["entries"]:
        seq = entry["seq"]
        salted = read("entries/%d.salted" % seq)
        head = salted[16:].split(b"\\n", 5)
        record = bytes([1, KINDS.index(head[2].decode()) + 1]) + int(head[0]).to_bytes(8, "big") \\
            + int(head[1]).to_bytes(8, "big") + sha(salted)
        proof = read("proofs/%d.tlog-proof" % seq).decode()
        body, checkpoint = proof.split("\\n\\n", 1)
        lines = body.splitlines()
        note, size, root = roots[entry["log"]]
        siblings = [base64.b64decode(line) for line in lines[2:]]
        found = root_of(int(lines[1].split()[1]), size, sha(b"\\x00", record), siblings)
        if int(head[0]) != seq or checkpoint != note or found != root:
            faults.append("entry %d: not what its log has committed to" % seq)
        else:
            proven += 1

for fault in faults[:50]:
    print("FAULT", fault)
print("%d files, %d entries proven, %d faults" % (len(listed), proven, len(faults)))
print("signed by", read("signing-key.txt").decode().strip())
sys.exit(1 if faults else 0)
`;
