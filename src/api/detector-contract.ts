/** What a person said of a finding. */
export interface FeedbackBody {
  readonly verdict: 'true' | 'false' | 'benign' | 'missed';
  readonly actor: string;
  readonly reason: string;
  readonly at: string;
}

/** An entry of `detectors.exceptions`. */
export interface ExceptionBody {
  readonly detector: string;
  readonly agent: string;
  readonly tool?: string;
  readonly owner: string;
  readonly reason: string;
  readonly expires: string;
}

export interface FeedbackAnswerBody {
  readonly finding: string;
  readonly tenant: string;
  readonly detector: string;
  readonly verdict: FeedbackBody['verdict'];
  /** What would hold such findings from here on; offered for `benign`. */
  readonly exception: ExceptionBody | null;
}

export interface DetectorBody {
  readonly tenant: string;
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly source: 'built-in' | 'module' | 'rule';
  readonly mode: string;
  /** Why it is no longer asked, whatever its mode; null while it is. */
  readonly set_aside: 'failed' | 'slow' | null;
  readonly blind: number;
  readonly agents: number;
  readonly feedback: Readonly<Record<FeedbackBody['verdict'], number>>;
  /** Of the findings judged by people, the share that was not false. */
  readonly precision: number | null;
}
