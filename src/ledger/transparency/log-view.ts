import type { TransparencyView } from '../../ports/transparency.ts';
import { parseCheckpointText } from '../tlog/checkpoint.ts';
import { ProofMaker } from '../tlog/proof.ts';
import { type NoteSigner, parseNote, verifierKey } from '../tlog/signed-note.ts';
import { parseTilePath, type TileName, tileWidth } from '../tlog/tile.ts';
import { formatProof } from '../tlog/tlog-proof.ts';
import { placeOf } from './place-of.ts';
import type { Transparency } from './transparency.ts';

/** What the logs show to whoever asks; everything is as of the newest signed checkpoint. */
export function transparencyView(
  transparency: Transparency,
  signerOf: (tenant: string) => NoteSigner,
): TransparencyView {
  const sizeOf = (checkpoint: string | null): number => {
    const note = checkpoint === null ? null : parseNote(checkpoint);
    return (note && parseCheckpointText(note.text)?.size) ?? 0;
  };
  const read = async (tenant: string, name: TileName): Promise<Buffer> => {
    const bytes = await transparency.file(tenant, name);
    if (bytes === null) throw new Error('assertion failed: what is signed can be read');
    return bytes;
  };
  return {
    logs: (tenants) =>
      transparency
        .tenants()
        .filter((tenant) => tenants === '*' || tenants.includes(tenant))
        .map((tenant) => {
          const { name, privateKey } = signerOf(tenant);
          return { tenant, origin: name, verifierKey: verifierKey(name, privateKey) };
        }),
    checkpoint: (tenant) => transparency.checkpoint(tenant),
    file: async (tenant, path) => {
      const name = parseTilePath(path);
      const size = sizeOf(transparency.checkpoint(tenant));
      if (name === null || tileWidth(name.level, name.index, size) < name.width) return null;
      return transparency.file(tenant, name);
    },
    proof: async (tenant, seq) => {
      const checkpoint = transparency.checkpoint(tenant);
      const size = sizeOf(checkpoint);
      if (checkpoint === null || size === 0) return null;
      const index = await placeOf(seq, size, (name) => read(tenant, name));
      if (index === null) return null;
      const hashes = await new ProofMaker(size, (name) => read(tenant, name)).inclusion(index);
      return formatProof({ index, hashes, checkpoint });
    },
    consistency: async (tenant, from, wanted) => {
      const checkpoint = transparency.checkpoint(tenant);
      const size = sizeOf(checkpoint);
      const to = wanted ?? size;
      if (from < 1 || from > to || to > size) return null;
      const proofs = new ProofMaker(to, (name) => read(tenant, name));
      const hashes = await proofs.consistency(from);
      return {
        ...{ from, to },
        fromRoot: (await proofs.root(from)).toString('base64'),
        toRoot: (await proofs.root()).toString('base64'),
        hashes: hashes.map((hash) => hash.toString('base64')),
        checkpoint: to === size ? checkpoint : null,
      };
    },
  };
}
