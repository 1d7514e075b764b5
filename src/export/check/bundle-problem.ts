/** What is wrong with a bundle, and where. */
export interface BundleProblem {
  /**
   * `altered`: bytes differ from what was signed. `missing`: a file is gone. `reordered`: a file
   * stands in the place of another. `truncated`: its end is gone. `forked`: sound in itself, but of
   * another history. `wrong_key`: signed by somebody else. `unexpected`: nobody signed for it.
   */
  readonly kind:
    | 'altered'
    | 'missing'
    | 'reordered'
    | 'truncated'
    | 'forked'
    | 'wrong_key'
    | 'unexpected';
  readonly file: string;
  readonly message: string;
  /** Of an entry of the ledger alone. */
  readonly seq?: number;
}
