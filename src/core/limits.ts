import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts';

/**
 * Every bound of the process, in one place, with the arithmetic. A change here changes memory and
 * the answers given under load; `limits.test.ts` checks the sums.
 */
export const LIMITS = {
  /** OTLP 1.11 recommends 64 MiB, before and after decompression. */
  bodyBytes: 64 * 1024 * 1024,
  /** One event of the native format, as text. 1 MiB holds any sane tool call. */
  eventBytes: 1024 * 1024,
  /** Cumulative sums of metrics remembered over all senders: 200 bytes each, 7 MiB. */
  usageSums: 32_768,
  /** Services remembered as telling tokens by spans or log records, and for how long that holds. */
  usageTellers: 8_192,
  usageToldMs: 1 * HOUR_MS,
  /** Nesting of an OTLP AnyValue or of JSON content. */
  valueDepth: 16,
  /** Nesting of a whole audit record with its envelope, before it is taken apart. */
  recordDepth: 64,
  attributesPerSpan: 1_024,
  /** Configured attributes of one field; 68 fields, and a rank of the table is one byte. */
  aliasesPerField: 32,
  /** Audit profiles of a deployment's own; each is asked of every record that is not named. */
  auditProfiles: 64,
  /** Any identifier: agent, session, tool, resource. Longer ones are cut with a hash behind. */
  identifierChars: 256,
  /** An identifier with its kind and the hash of a source before it: `event:<16 digits>:<id>`. */
  chainIdChars: 288,
  /** Other chains told of when a plain id means several. */
  chainsOfOneId: 20,
  /** Rejects reported back by value; the rest are only counted. */
  rejectsReported: 20,
  /** Spans, log records or events of one body: no more than the queue holds, or it never fits. */
  recordsPerBody: 65_536,
  /** Values of one body. 64 MiB of real attributes at 16 bytes each; 4 M × 64 bytes = 256 MiB. */
  valuesPerBody: 4_194_304,
  /** Brackets open at once in a JSON body, before its meaning is known. */
  jsonDepth: 1_024,
  /** `attrs` of one event; the rest is counted in `attrs_dropped`. */
  attrsPerEvent: 128,
  /**
   * A longer attribute text is replaced by its size, since half a card number hides from redaction.
   */
  attrChars: 4_096,
  /** Text of tool arguments, or of a tool result that is counted, before parsing. */
  argumentsChars: 262_144,
  /** Scopes, roles, destinations, delegations, sources: items of one list of one event. */
  listItems: 256,
  /** No one action moves more; nine such still add up exactly in a double. */
  volumeMax: 1e15,
  /** Read and thrown away beyond `bodyBytes`, so that the sender gets to see its 413. */
  drainBytes: 256 * 1024 * 1024,

  /**
   * Events being redacted or waiting for the ledger: at 1 KiB each 128 MiB. A tenant holds at most
   * half of what the others leave, so one alone 65,536; beyond it its senders get 429.
   */
  queuedEvents: 131_072,
  /** With less room than this left for a tenant that holds nothing, its senders get 503. */
  queuedEventsLeast: 1_024,
  /**
   * Events of one call that are committed together: what a tenant gets served each round. Half of
   * a commit, so that each commit has room for somebody else.
   */
  eventsPerRound: 64,
  /**
   * Events committed and folded before others get their turn: 3 to 8 ms. From 128 to 4,096 the
   * throughput per core is the same within 6 %, while the wait of others grows in proportion.
   */
  eventsPerCommit: 128,
  /** Decoding and redacting for one tenant before others get their turn. */
  ingestSliceMs: 2,
  /** Text of native records read before others get their turn: about 5 ms. */
  ingestSliceChars: 256 * 1024,
  /** Commands, acknowledgements and proposals waiting for the ledger, beside the events. */
  queuedOrders: 4_096,
  /**
   * Bodies of one tenant that wait to be decoded: beyond both, the next one gets 429. It is what is
   * worked off within `retryAfterSeconds`; to hold more would help nobody, and memory beside the
   * heap makes the garbage collector stop the process for 5 to 10 ms at every buffer.
   */
  waitingBodies: 16,
  waitingBodyBytes: 8 * 1024 * 1024,
  /** Bodies being decoded at once: 4 × 64 MiB × (body + decompressed) = 512 MiB at worst. */
  concurrentBodies: 4,
  /**
   * gRPC calls whose message is still arriving, of all senders and of one: grpc-js holds each
   * whole, sent and decompressed, so 16 × 128 MiB = 2 GiB at worst, from credentials that may send.
   */
  grpcReading: 16,
  grpcReadingPerSender: 12,
  /** A sender that takes longer to deliver one message loses its call. */
  grpcReadMs: 30 * SECOND_MS,
  grpcStreamsPerConnection: 128,
  /** One group commit: the smaller of these. 4,096 × 0.6 KiB = 2.4 MiB a write. */
  commitEntries: 4_096,
  commitBytes: 4 * 1024 * 1024,
  segmentBytes: 64 * 1024 * 1024,
  /** One entry's body: grants and configuration may be larger than any event. */
  ledgerEntryBytes: 16 * 1024 * 1024,
  /**
   * Entries waiting for a commit: a whole `queuedEvents`, of which the partition hands over little
   * at a time, so that decisions outlast refused input.
   */
  ledgerWaitingEntries: 131_072,
  /** Plain bytes of one block of a tenant: a commit's, and one entry more, in UTF-8. */
  ledgerBlockBytes: 4 * 1024 * 1024 + 17 * 1024 * 1024,
  /** Data keys in memory, 0.5 KiB each: those in use are kept beside them. */
  dataKeysOpened: 10_000,
  /** Looks at the same evidence by the same person within it are one look. */
  viewWindowMs: 15 * MINUTE_MS,
  /** Looks remembered for that, 0.2 KiB each, and listed by the API since the start. */
  viewsNoted: 10_000,
  viewsListed: 1_000,
  /** Between two publications of a tenant's transparency log: within a second of the append. */
  publishEveryMs: 500,
  /** Between two anchorings of signed checkpoints elsewhere. */
  anchorEveryMs: 5 * MINUTE_MS,
  /** Between two flushes of the logs, which bound what a restart integrates again. */
  flushLogsEveryMs: 5_000,
  /** Finished tiles that wait for the disk, 8 to 13 KiB each: 40 MiB. */
  tilesUnwritten: 4_096,
  /** Files flushed side by side, and directories known to be there. */
  syncsAtOnce: 16,
  /** Times a checkpoint is read anew beside a writer that replaces it every second. */
  checkpointReads: 10,
  knownDirectories: 10_000,
  /** One batch of a ledger read, where a group is not larger, and the buffer of the reader. */
  ledgerReadEntries: 1_024,
  ledgerReadBytes: 1024 * 1024,

  /** Pairs of credential and receiver told apart on the status of ingest: 20 KiB each, 5 MiB. */
  notedIntakes: 256,
  /** Rejects of different kinds kept per intake; names of attributes, and of what may mend it. */
  notedExamples: 8,
  notedKeys: 64,
  notedCandidates: 16,
  /** Records of one batch, and attributes of one record, whose names are looked at. */
  notedRecordsPerBatch: 4,
  notedKeysPerRecord: 32,

  agentsPerTenant: 100_000,
  tenants: 1_000,
  /** Tenants under whose pseudonyms one personal id is looked for; a reader of more names one. */
  tenantsTranslatedFor: 32,
  /**
   * What was seen is remembered in generations of this length of log time, this many of them. With
   * the open one just begun, three whole ones are left: the 15 minutes of `latenessMs`.
   */
  rememberedGenerationMs: 5 * MINUTE_MS,
  rememberedGenerations: 4,
  /** A generation of fewer is not closed by time: a quiet tenant is remembered by number. */
  rememberedGenerationLeast: 16_384,
  /**
   * Event ids of one generation of one tenant: 5,242 a second for its five minutes, 12 bytes each
   * and an index of 8 MiB: 4 x 32 MiB = 128 MiB for a tenant that alone sends the design rate.
   */
  rememberedEventIds: 1_572_864,
  /**
   * Reports of tool calls of one generation, so that two reports of one action count once: 1,310 a
   * second for its five minutes, 44 bytes each and an index: 4 x 23 MiB at most.
   */
  rememberedActions: 393_216,
  /**
   * Join keys of chains remembered per tenant: 28 bytes each with their index, and 120 for a chain
   * of its own, so at most 19 MiB. Half of them at least are the latest.
   */
  chainKeys: 131_072,
  /** A key unused for this long, up to twice, joins no more: four times `latenessMs`. */
  chainRetentionMs: 60 * MINUTE_MS,
  /**
   * Chains that one key may bring together; a constant or much reused id is no evidence. A
   * transaction or trace is made to span many agents, a token or decision is not.
   */
  chainJoinsPerKey: 16,
  chainJoinsPerTrace: 64,
  /** Links kept of one span: as many as SDKs send by default (OTEL_SPAN_LINK_COUNT_LIMIT). */
  linksPerSpan: 128,
  /**
   * Calls with counted ids remembered per tenant, for `latenessMs` at most: 36 a second; with key,
   * source and entries about 400 bytes each, 13 MiB.
   */
  countedCalls: 32_768,
  /** Traces that one span may link to and still be part of their requests; more is a batch. */
  chainLinksPerEvent: 16,
  /**
   * Records held per tenant for the question what ran without a decision, where there is a source
   * of decisions: 350 bytes each, 22 MiB; for twice `latenessMs`.
   */
  chainStepsHeld: 65_536,
  /** Chains looked at in one search for what ran without a decision; the rest a second later. */
  chainsSettledAtOnce: 256,
  /** How often what waits for a slow source of decisions is looked at when nothing else happens. */
  chainsSettledEveryMs: 1 * MINUTE_MS,
  /** Sources of decisions or tokens told apart per tenant. */
  chainSources: 64,
  /** What does not come is missing after this time, unless configured (`chains`). */
  decisionGraceMs: 2 * MINUTE_MS,
  /**
   * One agent takes at most 44 KiB as a chunk of a snapshot, every limit reached by hostile names,
   * in characters of five to 32 bits: facts of practice 768 × 3 × 5 = 11.5 KB and notes 8 × 72 × 5
   * = 2.9 KB; a measure's history 2.6 KB, 0.8 KB where it has no week: seven 13.1 KB; states of
   * detectors 7 KB and what they lack 1.7 KB; open findings 64 × 25 = 1.6 KB; marks of risk 16 ×
   * 115 = 1.8 KB; the rest 4 KB: 44 KB. `engine/agent-size.test.ts` fills an agent and holds it.
   */
  openFindingsPerAgent: 64,
  /** Findings of one detector told of an agent in an hour, beside those that open a breaker. */
  findingsPerAgentHour: 60,
  /** Names new to an agent within an hour from which they are told of as a flood; at most 500. */
  newNamesPerAgentHour: 200,
  /** Reviews kept of a tenant, at most 8 KiB each: those decided longest ago go first. */
  reviewsPerTenant: 1_000,
  /** Chains that wait to be evaluated: at 600 bytes each 6 MiB. */
  evaluationsPending: 10_000,
  /** Chains evaluated in one look at what is due, so that the store keeps its peace. */
  evaluationsAtOnce: 32,
  evaluationLookMs: 1 * SECOND_MS,
  /** What a judge is given of one chain, and what is read of its answer. */
  judgeSteps: 64,
  judgePromptChars: 32_768,
  judgeAnswerBytes: 64 * 1024,
  judgeRationaleChars: 1_000,
  /** What raises an agent's risk: at 200 bytes each 3 KiB, and only of agents with findings. */
  riskMarksPerAgent: 16,
  /** Soft evidence that goes on, by detector and group: 100 bytes each. */
  persistingPerAgent: 16,
  /** Agents of one tenant whose silence is told of in one look. */
  quietAgentsTold: 16,
  /**
   * Entries of one table in the state of a detector: of one agent, 20 bytes each where only times
   * are kept, and of a whole tenant, 32 to 256 bytes each, so at most 2 MiB of JSON a table.
   */
  detectorEntriesPerAgent: 32,
  detectorEntriesPerTenant: 8_192,
  /** What one agent is known to do: slots of 12 bytes, three quarters used; 12 KiB. */
  practiceSlotsPerAgent: 1_024,
  /** The same of a peer group, 96 KiB each, and peer groups of a tenant: 24 MiB at worst. */
  practiceSlotsPerGroup: 8_192,
  peerGroupsPerTenant: 256,
  /** Agents a newcomer looks through for peers of its role, and how many of them lend rates. */
  peersLookedAt: 256,
  peersAsked: 32,
  /** Peers with a day of history below which nothing is lent. */
  peersForPrior: 3,
  /** Sessions counted at most of practices that are merged again and again. */
  practiceSessionsMax: 1_000_000_000,
  /** Sessions whose task is remembered, of one agent, and events of a session learned from. */
  practiceNotesPerAgent: 8,
  practiceEventsPerSession: 128,
  /** Of an intent, this much is read for what it names. */
  intentChars: 2_048,
  intentWords: 64,
  /**
   * Sources told apart in a tenant and of one sender; the rest of a sender counts as one. 2 KiB
   * each, most of it the 168 hours of a week and the holes in its sequence: 1 MiB per tenant.
   */
  sourcesPerTenant: 512,
  sourcesPerSender: 128,
  /** A source that sent nothing for so long makes room for another. */
  sourceForgottenMs: 30 * DAY_MS,
  /** Holes of one source's sequence kept apart; beyond it the youngest are merged. */
  sourceMissingRanges: 64,
  /** Holes that stay open are told of together, at most this often per source. */
  sourceGapEveryMs: 1 * HOUR_MS,
  /** A hole that was told of is shown for so long, and closed by what arrives until then. */
  sourceGapKeptMs: 1 * DAY_MS,
  /** How long a hole may still close, and the shortest silence told of, unless configured. */
  sourceGapGraceMs: 15 * MINUTE_MS,
  sourceSilenceFloorMs: 15 * MINUTE_MS,
  /** Arrivals an hour, each of any size, below which a source is too rare to be missed. */
  sourceRareArrivalsPerHour: 6,
  /** Hours looked ahead for the moment at which a silence is told of: four weeks. */
  sourceSilenceHours: 672,
  /** Agents looked at to find one to forget; the looked at are not looked at again soon. */
  agentsLookedAt: 64,
  /** An agent heard of within this time is not forgotten. */
  agentIdleMs: 1 * HOUR_MS,
  /** Beyond `tenants`: for those that people's orders name, whatever events came before. */
  tenantsForPeople: 64,
  /** Names of erased tenants, whose epochs go on where they stopped: 2 MiB. */
  erasedTenants: 10_000,
  /** What the engine itself told of a tenant lately, so that it is told once an hour. */
  noticesPerTenant: 256,
  /** Failures of a detector in one tenant before it is no longer asked there. */
  detectorFailures: 8,
  /**
   * Microseconds that a detector of the user's own may take each time it is asked, on average, and
   * what it may owe in one tenant before it is set aside there; one event owes an eighth at most.
   */
  detectorMicrosPerAsk: 500,
  detectorDebtMs: 2_000,
  /** Debts remembered, 200 bytes each; the one that changed longest ago is forgotten. */
  detectorDebts: 4_096,
  /** Detectors of your own, and those of them that a tenant remembers as set aside. */
  detectorModules: 256,
  /** How often configured files are looked at; one that still changes is left for the next look. */
  configLookMs: 2 * SECOND_MS,
  /** Rules of one tenant; each is asked about every event of its kinds. */
  rulesPerTenant: 256,
  /** Text of one condition, its nodes and their nesting. A linear walk of it stays under 50 µs. */
  ruleChars: 4_096,
  ruleNodes: 512,
  ruleDepth: 32,
  /** Values of `arguments`, `attrs` or `reasoning` that a condition may read: 0.1 s at worst. */
  ruleContentValues: 4_096,
  /** Selections of one correlation, fields to group by, and fields shown as evidence. */
  ruleSelections: 8,
  ruleFields: 8,
  /** Events counted one by one up to here; more are taken in sixteenths of the timespan. */
  ruleCountedExactly: 32,
  /** Distinct values counted by one group. */
  ruleValues: 64,
  /** Figures remembered by one rule, 17 characters each: 8 KiB an agent, 128 KiB a tenant. */
  ruleMarksPerAgent: 448,
  ruleMarksPerTenant: 7_168,
  /** Longest timespan of a correlation, and of what counts as the same finding. */
  ruleTimespanMs: 30 * DAY_MS,
  /** Events that one line of a rule's test may stand for. */
  ruleTestEvents: 10_000,
  /** Findings that a backtest lists; the rest are counted. */
  backtestFindings: 10_000,
  /** Findings whose feedback is shown, per tenant, 200 bytes each; counts by detector stay. */
  feedbackKept: 4_096,
  feedbackDetectors: 512,
  /** Exceptions of one tenant; each is asked about every finding. */
  exceptionsPerTenant: 1_024,
  breakersPerTenant: 200_000,
  /** Beyond `breakersPerTenant`: a person's trip holds even where automation filled the board. */
  breakersForPeople: 1_000,
  /** Sessions and tokens remembered of an agent, at about 100 bytes each, and for how long. */
  liveNamesPerAgent: 16,
  liveNameMs: 1 * HOUR_MS,
  /**
   * How long the session and token of a task that ended, or of a grant that was withdrawn, stay
   * revoked: as long as a token may live (`revokedBeforeMs`). Where so many breakers are open that
   * room for others runs short, an hour: short-lived tokens are what busy tenants use.
   */
  lifecycleHoldMs: 1 * DAY_MS,
  lifecycleCrowded: 50_000,
  lifecycleCrowdedHoldMs: 1 * HOUR_MS,
  /** Agents and sessions that a preview of an order names; all are counted. */
  previewRows: 100,
  /** Orders of one tenant that wait for a second person; the oldest is forgotten. */
  approvalsPerTenant: 256,
  /** Chains of a tenant remembered for their delegations, and those of each: 13 MiB at most. */
  delegatedChains: 4_096,
  delegationsPerChain: 16,
  /** Chains that are held because one parent is: the latest. */
  cascadedChains: 64,
  /** What does not answer a drill for so long was silent. */
  drillTimeoutMs: 5 * SECOND_MS,
  /** Automatic openings of one breaker remembered for a day, to tell how often it flaps. */
  breakerOpenings: 8,
  /** A breaker that is due but whose agent is still conspicuous is looked at again after this. */
  breakerRecheckMs: 1 * MINUTE_MS,
  /** Level 1 lets an agent do so many times what it does in a usual minute. */
  throttleFactor: 2,
  /** A step of probation takes this many clean calls and this long, of log time. */
  probationCleanCalls: 10,
  probationStepMs: 1 * MINUTE_MS,
  /** A step without a violation ends after this, however few calls came. */
  probationQuietMs: 1 * HOUR_MS,
  /** Minutes of a baseline's window ring: the 15 of `latenessMs` and the open one. */
  baselineRingMinutes: 16,
  /**
   * Longest silence learned from, hour by hour: one week. A longer absence teaches nothing more.
   */
  baselineQuietHours: 168,
  /** Versions of one agent that are no news to its baseline. */
  baselineVersions: 4,
  /** Age that histories joined again and again may claim: ten years. */
  baselineMinutesMax: 10 * 365 * 24 * 60,
  /** Events in a row from before the ring after which the baseline's clock was wrong, not they. */
  baselineBehindEvents: 8,

  /** Transitions a reconnecting broker may resume over without a snapshot, per tenant. */
  feedRing: 4_096,
  feedSubscribers: 1_000,
  acknowledgersPerBreaker: 1_000,
  /** A broker that left the feed is no longer awaited after this. */
  feedReaderForgottenMs: 1 * DAY_MS,
  /** A subscriber whose socket buffers more is cut off and resynchronises. */
  feedBufferBytes: 1024 * 1024,
  feedHeartbeatMs: 1 * SECOND_MS,
  /**
   * So many publications to one tenant's readers follow each other at once; after that, until none
   * has come for as long, one each so often: every one of them wakes a hundred brokers.
   */
  feedPublicationsAtOnce: 4,
  feedCoalesceMs: 100,
  /** A signed message that is older is from the past, whatever it says. */
  feedSignatureMs: 10 * SECOND_MS,
  /** Longest that one question for changes waits for an answer. */
  feedPollWaitMs: 25 * SECOND_MS,
  /** The fingerprint of a tenant's open set is kept this long for the next who asks. */
  feedChannelIdleMs: 60 * SECOND_MS,
  /** Acknowledgements in one request, and its bytes: 500 for each. */
  feedAcknowledgements: 1_000,
  feedAcknowledgementBytes: 512 * 1024,
  /** Those of all brokers that wait to be recorded: 400 bytes each, 38 MiB. */
  feedAcknowledgementsQueued: 100_000,
  /**
   * Recorded by one append, and of how many breakers: half of `queuedOrders` are entries, some ten
   * milliseconds of folding.
   */
  feedAcknowledgementsPerAppend: 16_384,
  feedAcknowledgedPerAppend: 2_048,
  /** Between two appends, for whatever is more urgent. */
  feedAcknowledgementPauseMs: 25,
  /** Such pauses in a row while trips are told, a quarter of a second after the latest. */
  feedAcknowledgementPauses: 20,
  feedTellingMs: 250,
  /** How often the certificate files of listeners are looked at. */
  certificateLookMs: 10 * SECOND_MS,
  /** A subscriber that takes nothing for this long is cut even below `feedBufferBytes`. */
  feedStallMs: 15 * SECOND_MS,
  /**
   * A proposed event is answered within this time, from what the breakers already say if need be.
   */
  proposeAnswerMs: 20,
  /** A revoked agent's earlier tokens are told of for as long: no token may live longer. */
  revokedBeforeMs: 1 * DAY_MS,
  /** Agents whose latest revocation gateways remember: 150 bytes each, 15 MiB. */
  revokedEpochs: 100_000,
  /** Breakers of level 1 whose requests of one minute gateways count: 200 bytes each, 2 MiB. */
  gatewayThrottled: 10_000,
  /** Body of an introspection request: a token and a hint. */
  introspectionBytes: 64 * 1024,
  /** Of the upstream's answer; a longer one is none. */
  introspectionAnswerBytes: 64 * 1024,
  /** Calls to one upstream under way; beyond it the posture of a failure holds. */
  introspectionsAtOnce: 256,
  /** Places of one tenant's status list: 32 KiB of bits, some 200 bytes of zlib when calm. */
  statusListPlaces: 131_072,
  /** Names that places follow, over all tenants: 250 bytes each with their indexes, 125 MiB. */
  statusListNames: 524_288,
  /** Of those by one tenant at most, so that none can take the places of all. */
  statusListNamesPerTenant: 262_144,
  /** Allocations of one request, and those that wait for the disk. */
  statusListItems: 1_000,
  statusListWaiting: 10_000,
  statusListRequestBytes: 1024 * 1024,
  /** Callers who wait for a change, each an idle connection, and for how long. */
  changesAwaited: 1_000,
  changesAwaitedMs: 60 * SECOND_MS,
  /** How often risk, which decays all the time, is looked at for those who wait. */
  riskLookedAtMs: 5 * SECOND_MS,
  /** Bundles kept packed: 32 tenants in four forms. With 1,000 open breakers 20 KiB each. */
  packedBundles: 128,
  /** One question of a gateway over gRPC: the headers of one request, no body. */
  gatewayMessageBytes: 256 * 1024,
  gatewayStreamsPerConnection: 1_024,
  /** Orders owed to all receivers, 500 bytes each: 50 MB. */
  outboxPending: 100_000,
  /** Owed to one; what revokes has a quarter for itself. More waits in the ledger. */
  outboxPerReceiver: 25_000,
  outboxForRevoking: 6_250,
  /** Room of each receiver, however much the others are owed: 1,000 of them add 50 times 1 MB. */
  outboxReserved: 1_000,
  /** Standing orders looked at between two passes of the event loop: 2 ms for 100 receivers. */
  resumedAtOnce: 256,
  streamsPerTenant: 100,
  /** Streams of one receiver; each is told everything once. */
  streamsPerReceiver: 10,
  /** Subjects that a stream says something of: 100 streams of them, 300 bytes each, are 30 MB. */
  streamSubjects: 1_000,
  /** One subject as JSON, and its nesting: aliases of a part of a complex one. */
  streamSubjectChars: 2_048,
  streamSubjectDepth: 4,
  /** Event types that a receiver may ask for. */
  streamEventTypes: 100,
  /** Body of a request that manages a stream or polls. */
  streamRequestBytes: 64 * 1024,
  streamDescriptionChars: 1_000,
  /** Any text that a receiver says of its stream. */
  streamTextChars: 4_096,
  /** How often the lag of streams is told to metrics. */
  streamMeterMs: 5 * SECOND_MS,
  streamVerificationMs: 1 * SECOND_MS,
  /** A verification that nobody asked for, so that a receiver hears a broken stream. */
  streamHeartbeatMs: 30 * SECOND_MS,
  /** How long a poll waits for something to tell. */
  streamLongPollMs: 20 * SECOND_MS,
  /** Security event tokens of one answer to a poll. */
  streamPollTokens: 1_000,
  /** Tries to tell an event about a stream itself, such as a verification: over 6 s. */
  streamOwnAttempts: 6,
  /** Tokens waiting for a signature; those beyond are signed where they are asked for. */
  signaturesPending: 20_000,
  signingWorkers: 2,
  accessTokenMs: 15 * MINUTE_MS,
  /** How long receivers may keep a key set, and how long before its first use a key is in it. */
  keySetMaxAgeMs: 5 * MINUTE_MS,
  signingKeyAheadMs: 10 * MINUTE_MS,
  /** A retired signing key is published for as long: beyond any token, replay or cache. */
  retiredSigningKeyMs: 1 * DAY_MS,
  retiredSigningKeys: 8,
  /**
   * So many orders within so long are a burst: pushes wait until feeds are told, looked at so
   * often and for so long at most.
   */
  burstOrders: 64,
  burstMs: 250,
  burstLookMs: 25,
  burstWaitMs: 5 * SECOND_MS,
  /** Deliveries under way to one receiver; more wait their turn. */
  deliveriesAtOnce: 64,
  /** Acknowledgements recorded by one append: a sixteenth of `queuedOrders`. */
  acknowledgementsPerAppend: 256,
  /** Acknowledgement delays kept for the quantiles of the status page. */
  acknowledgeDelaysKept: 1_024,
  deliveryTimeoutMs: 2 * SECOND_MS,
  deliveryBackoffFirstMs: 100,
  deliveryBackoffMaxMs: 30 * SECOND_MS,
  /** A receiver may ask for patience up to here, no longer. */
  deliveryRetryAfterMaxMs: 5 * MINUTE_MS,
  /** Characters of one text that an external recogniser is asked about; a longer one goes. */
  externalTextChars: 100_000,
  /** Texts that wait for an external recogniser; those beyond go. */
  externalQueue: 1_024,
  /** Of an external recogniser's answer; a longer one is none. */
  externalAnswerBytes: 1024 * 1024,
  /** How long a connection to somebody outside is kept for the next request. */
  guardedIdleMs: 5 * SECOND_MS,
  /** Of a receiver's answer that is read at all. */
  deliveryAnswerBytes: 4 * 1024,
  /** Configured actuators, and steps of one action of a template. */
  actuators: 64,
  actuatorSteps: 8,
  /** One step of an actuator; a target that takes longer is asked again. */
  actuatorTimeoutMs: 2 * SECOND_MS,
  /** Of a target's answer; a longer one cannot be judged. */
  actuatorAnswerBytes: 256 * 1024,
  /** Entries of one mapping table from our ids to a target's. */
  actuatorMappings: 10_000,
  /** Targets one actuator keeps in mind: 0.5 KiB each, 5 MiB; further ones are refused loudly. */
  actuatorTargets: 10_000,
  /** Failures in a row that keep an actuator from being called, and for how long at first. */
  actuatorFailures: 5,
  actuatorRestMs: 5 * SECOND_MS,
  /** How often what is frozen is looked at, unless configured. */
  actuatorObserveMs: 1 * MINUTE_MS,
  /** How long a freeze without an answer may still arrive at its target. */
  actuatorSettleMs: 10 * SECOND_MS,
  /** Looks at targets of one actuator at once. */
  actuatorLooksAtOnce: 4,
  /** How long a closed breaker's orders still tell how high it had been. */
  orderPeakKeptMs: 1 * HOUR_MS,
  /** Orders whose acknowledgements are waited for: 0.3 KiB each, 3 MiB. */
  effectWatched: 10_000,
  /** Breakers of which it is shown who is late, the latest: 0.3 KiB each. */
  lateOrders: 1_000,
  /** Between two lines of the log about those who are late. */
  effectLogMs: 1 * SECOND_MS,
  /** Of a file that holds a credential. */
  credentialBytes: 64 * 1024,
  /** Alerts waiting for the webhook: 2 KiB each, 2 MiB. The oldest that is not grave goes first. */
  alertQueue: 1_000,
  alertAttempts: 8,

  /**
   * Characters of one event that are judged, counted again inside nested JSON: 50 ms of ordinary
   * text at 20 MB/s, up to half a second of a text made to be slow (`adversarial_1mb_ms`).
   */
  redactionChars: 1024 * 1024,
  /** Members of one event's content; beyond it the rest counts as not judged. */
  redactionNodes: 50_000,
  /** Texts in gzip that one record may hold: setting up to unpack one costs 0.1 ms. */
  redactionUnpackings: 256,
  /** Texts in texts in texts: base64 of gzip of base64 goes no deeper. */
  decodingDepth: 5,
  /** Pseudonyms kept so as not to compute them again: 250 bytes each, 8 MiB. */
  rememberedPseudonyms: 32_768,
  /** Identifiers whose plain form is at hand for the brokers: 400 bytes each, 13 MiB. */
  rememberedIdentifiers: 32_768,
  /** Short texts known to be clean, per set of regions: 120 bytes each, 1 MiB. */
  rememberedCleanTexts: 8_192,
  /** Attribute names whose policy is remembered: 200 bytes each, under 1 MiB. */
  rememberedKeyPolicies: 4_096,
  destinationsPerEvent: 64,
  /** Chains of a tenant whose names are looked for, and names of each: 6 MiB when all are full. */
  chainsWithNames: 2_048,
  namesPerChain: 32,
  /** Recognisers of one tenant's own, with their patterns' text and compiled instructions. */
  recognisers: 32,
  recogniserPatternChars: 512,
  recogniserInstructions: 160,
  recogniserKeywords: 32,
  /** From a keyword to a match, and the longest match. */
  recogniserDistance: 256,
  recogniserMatchChars: 256,
  /**
   * Characters times instructions that one recogniser may spend for each character of a text, and
   * on one text: at 3 to 30 ns each 8 µs and 2 s at worst. A text that asks for more is not judged.
   */
  recogniserStepsPerChar: 256,
  recogniserSteps: 64 * 1024 * 1024,
  /** Names of a gazetteer file, and its lines' length. */
  gazetteerNames: 100_000,
  /** Tokens of newer keys remembered per tenant by their first name: 150 bytes each, 7 MiB. */
  tokenAliases: 50_000,
  /** Reveals of sealed values that are open at once, and for how long. */
  openReveals: 1_000,
  /** Erasures of tenants that wait for a second person. */
  openErasures: 64,
  /** Of the hook that wraps data keys, and how much of its answer is read. */
  keyHookTimeoutMs: 10 * SECOND_MS,
  keyHookAnswerBytes: 64 * 1024,
  /** Data keys that one answer lists, the newest. */
  listedKeys: 10_000,
  /** How long an erasure waits for the store, once to count rows and once to delete them. */
  erasureWaitMs: 700,
  revealMs: 15 * MINUTE_MS,
  /** Tokens told in the record of one erasure: every kind of value under every key. */
  tokensPerErasure: 4_096,
  /** Kinds of personal data found, by tenant, source, field and agent: 300 bytes each, 3 MiB. */
  personalFindings: 10_000,

  /** Entries kept for the store; beyond it they are read from the ledger again. 64 MiB at 1 KiB. */
  projectionQueue: 65_536,
  /** Entries of one insert, and the pause in which they gather. */
  projectionEntries: 8_192,
  /** Text of entries read from the ledger for one insert; a batch of its reader may exceed it. */
  projectionChars: 16 * 1024 * 1024,
  projectionPauseMinMs: 50,
  projectionPauseMaxMs: 1_000,

  /** A configuration or grants file: 100,000 agents at 160 bytes of YAML each. */
  documentBytes: 16 * 1024 * 1024,
  documentDepth: 32,
  /** Alias uses per file; each may repeat a whole subtree, so few. */
  documentAliases: 32,
  /** Problems of one file listed by line; a file with more is not read by a person anyway. */
  documentProblems: 100,

  /** Rows the store keeps where chDB is absent: 50,000 × 1.2 KiB = 60 MiB, then the oldest go. */
  memoryStoreEvents: 50_000,
  memoryStoreFindings: 10_000,
  memoryStoreTransitions: 10_000,
  /** Disjoint runs of projected sequences remembered while a gap is open. */
  projectedIntervals: 1_024,
  /** Memory of one statement in the store's process; its caches come on top. */
  storeStatementBytes: 512 * 1024 * 1024,
  /** Text of rows built before others get their turn: about 60 rows, a millisecond. */
  storeSliceChars: 64 * 1024,
  /** Text of one insert, of rows of up to `eventBytes`; the rest goes into another. */
  storeInsertChars: 16 * 1024 * 1024,
  /** Statements waiting for the store's process; beyond it callers are refused. */
  storeCallsInFlight: 64,
  /** A statement that takes longer costs the store's process its life. */
  storeCallTimeoutMs: 30 * SECOND_MS,
  storeStartTimeoutMs: 20 * SECOND_MS,
  /** Longest single wait for a dying predecessor's lock: 0.25 + 0.5 + 1 + 2 s in all. */
  storeDirectoryWaitMs: 2 * SECOND_MS,
  storeRestartFirstMs: 250,
  storeRestartMaxMs: 30 * SECOND_MS,
  /** Rows of one page of the API. */
  pageRows: 500,
  chainSteps: 1_000,
  /** Local ids of one chain that a search follows; a longer chain is cut off anyway. */
  chainAliases: 1_000,
  /** Chains of one page of their list, each read whole, and those looked at to fill it. */
  chainRows: 100,
  chainsLookedAt: 400,
  /** Chains read by one question to the store: up to a thousand steps each, some 40 MB at worst. */
  chainsReadAtOnce: 25,
  /** Names of actions that a row of that list shows. */
  chainActions: 5,
  /** Records of one token, breaker keys that take it along, and their steps: the latest of each. */
  tokenRecords: 1_000,
  tokenKeys: 1_000,
  tokenBreakerSteps: 1_000,
  memoryStoreChainLinks: 20_000,
  activityBuckets: 2_000,
  /** Bodies of orders by people; a grants file of 2,000 agents is about 600 KiB. */
  orderBytes: 4 * 1024 * 1024,
  /** Browsers watching `/v1/stream` at once. */
  streamClients: 100,
  streamStatusMs: 3 * SECOND_MS,
  /** Label combinations of one metric; 60 metrics × 40 in practice stay under 2,500 series. */
  metricSeries: 200,
  /** Spans waiting for the downstream OTLP endpoint: at 2 KiB each 16 MiB. */
  forwardQueue: 8_192,
  forwardBatch: 512,

  /** Records handed over and committed together: the smaller of these, but at least one record. */
  busBatchRecords: 512,
  busBatchBytes: 1024 * 1024,
  /**
   * Of one answer of a bus, compressed; a lone batch of records may be larger. At a compression
   * of 20:1 that is 40 MiB a topic; hostile batches reach `bodyBytes` each before they are refused.
   */
  busFetchBytes: 2 * 1024 * 1024,
  busPartitionFetchBytes: 512 * 1024,
  /** Partitions of one topic handled at once; each waits for the ledger. */
  busPartitionsAtOnce: 4,
  /** How long an answer without records is held back, and how soon a resumed reader goes on. */
  busPollMs: 500,
  /** A consumer that died without goodbye holds its partitions for this long. */
  busSessionMs: 10 * SECOND_MS,
  busHeartbeatMs: 3 * SECOND_MS,
  busConnectMs: 3 * SECOND_MS,
  busRequestMs: 10 * SECOND_MS,
  /** Before a batch that was not taken comes again, and before a lost bus is tried again. */
  busBackoffFirstMs: 100,
  busBackoffMaxMs: 15 * SECOND_MS,
  /** A batch that is not taken comes again at least this often: pressure passes quickly. */
  busRedeliveryMaxMs: 5 * SECOND_MS,
  /** One batch sent: half of what brokers take by default, in UTF-16 units or bytes. */
  busProduceBytes: 512 * 1024,
  /** One call to produce, retries included. */
  busProduceMs: 10 * SECOND_MS,
  /** Leaving the bus, below `shutdownGraceMs`. */
  busCloseMs: 5 * SECOND_MS,
  busLagEveryMs: 10 * SECOND_MS,
  kafkaSources: 64,
  /** Clusters that are told of breakers, and orders of one batch to one of them: 1 MiB. */
  kafkaSinks: 16,
  kafkaSinkOrders: 256,
  kafkaBrokers: 32,

  /** Entries and bytes of text of one export: a bundle keeps three files an entry in memory. */
  exportEntries: 10_000,
  exportBytes: 128 * 1024 * 1024,
  exportsAtOnce: 2,
  /** Entries at the end of a ledger whose decisions may be recorded with what comes next. */
  replayPendingEntries: 4_096,
  /** Entries read behind an export's last input, and how long what became of it is followed. */
  exportScanEntries: 1_000_000,
  exportFollowMs: 1 * HOUR_MS,

  /** One presented token; headers of requests end at 16 KiB too. */
  jwtChars: 16_384,
  /** `act` in `act` (RFC 8693); a longer chain is not believed at all rather than in part. */
  actorChain: 16,
  /** Configured issuers of tokens, and keys and bytes of the key set of one. */
  tokenIssuers: 64,
  jwksKeys: 256,
  jwksBytes: 512 * 1024,
  /** Keys tried for a token that does not say which: a signature costs 100 µs to refuse. */
  jwksKeysTried: 8,
  /** One fetch of keys, and how much of it an event may wait for. */
  jwksFetchMs: 5 * SECOND_MS,
  jwksWaitMs: 1 * SECOND_MS,
  /** Between two fetches, whatever tokens say; and when keys are fetched anew unasked. */
  jwksCooldownMs: 30 * SECOND_MS,
  jwksFreshMs: 10 * MINUTE_MS,
  /** Keys that cannot be fetched anew go on being believed for this long. */
  jwksStaleMs: 24 * HOUR_MS,
  /** Signatures remembered by the token's hash: at most 4 KiB each, 16 MiB. */
  rememberedTokens: 4_096,
  /** Tokens of one batch verified at once. */
  tokensVerifying: 32,
  /** Callers remembered by their signed token: 1 KiB each, 4 MiB. */
  rememberedCallers: 4_096,
  /** Authentications are told as one event per caller and outcome of this time. */
  authenticationWindowMs: 1 * MINUTE_MS,
  /** Callers told apart in one such window; all further ones are told as one. */
  authenticationCallers: 256,

  retryAfterSeconds: 1,
  tickMs: 1 * SECOND_MS,
  /** Events further ahead of the log than this are recorded and not judged. */
  futureSkewMs: 15 * MINUTE_MS,
  /** Events further ahead than any time zone are refused: their unit or their year is wrong. */
  futureRefusedMs: 1 * DAY_MS,
  /** Live events further behind the log than this are recorded and not judged. */
  latenessMs: 15 * MINUTE_MS,
  historyMaxAgeMs: 400 * DAY_MS,
  shutdownGraceMs: 10 * SECOND_MS,
  /**
   * What a restart may have to fold again, beside what came while a snapshot was written: 2 s of
   * it. A snapshot of 10,000 agents takes 0.8 s of one core.
   */
  snapshotEveryEntries: 64_000,
  snapshotEveryMs: 1 * HOUR_MS,
  /** Between two looks for what is older than it is to be kept. */
  retentionEveryMs: 1 * HOUR_MS,
  /** Text of a snapshot written before others get their turn: some sixteen agents, 2 ms. */
  snapshotSliceChars: 128 * 1024,
  /** Then others have the thread, so that a snapshot takes a seventh of it at most. */
  snapshotPauseMs: 12,
} as const;
