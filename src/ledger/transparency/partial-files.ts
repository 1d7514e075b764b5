import { dirname } from 'node:path';
import { TILE_WIDTH, type TileName, tilePath } from '../tlog/tile.ts';
import type { LogDirectory } from './log-directory.ts';

/**
 * What is left of earlier states of a log's files. A directory is listed once for the thousand
 * tiles in it: most have nothing beside them.
 */
export class PartialFiles {
  readonly #directory: LogDirectory;
  readonly #tenant: string;
  /** Names in the directory asked about last, of each level. */
  readonly #listed = new Map<TileName['level'], { readonly of: string; names: Set<string> }>();

  constructor(directory: LogDirectory, tenant: string) {
    this.#directory = directory;
    this.#tenant = tenant;
  }

  /** Widths of the partial files that lie beside a tile or bundle. */
  async widthsBeside(name: TileName): Promise<readonly number[]> {
    const partial = dirname(tilePath({ ...name, width: 1 }));
    const directory = dirname(partial);
    let listed = this.#listed.get(name.level);
    if (listed?.of !== directory) {
      const names = await this.#directory.names(this.#tenant, directory);
      listed = { of: directory, names: new Set(names.filter((each) => each.endsWith('.p'))) };
      this.#listed.set(name.level, listed);
    }
    if (!listed.names.has(partial.slice(directory.length + 1))) return NONE;
    const widths = await this.#directory.names(this.#tenant, partial);
    return widths.map(Number).filter((width) => width > 0 && width < TILE_WIDTH);
  }
}

const NONE: readonly number[] = [];
