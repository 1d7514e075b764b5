/** A breaker that is open, as its key says what it guards. */
export interface OpenBreaker {
  readonly kind: 'token' | 'session' | 'chain' | 'tool' | 'agent' | 'broker' | 'tenant' | 'global';
  readonly id: string;
  readonly agent?: string;
  readonly level: 1 | 2 | 3 | 4 | 5 | 6 | 7;
  /** A named person holds it; automation opened it otherwise. */
  readonly byPerson?: true;
}

/** Who asks: what every implementation of the match rule must find for them. */
export interface MatchCase {
  readonly what: string;
  readonly open: readonly OpenBreaker[];
  readonly subject: {
    readonly agent?: string;
    readonly session?: string;
    readonly chain?: string;
    readonly trace?: string;
    readonly jti?: string;
    readonly tool?: string;
  };
  /** Of the tenant; enforced where it is absent. */
  readonly posture?: 'shadow' | 'enforce';
  /** The enforcement point that asks is `gateway`. Level 0: nothing matches. */
  readonly level: number;
}

const agent = (id: string, level: OpenBreaker['level']): OpenBreaker => ({
  kind: 'agent',
  id,
  level,
});
const session = (id: string, level: OpenBreaker['level'], of?: string): OpenBreaker => ({
  kind: 'session',
  id,
  level,
  ...(of === undefined ? {} : { agent: of }),
});
const tool = (id: string, level: OpenBreaker['level'], of?: string): OpenBreaker => ({
  kind: 'tool',
  id,
  level,
  ...(of === undefined ? {} : { agent: of }),
});

export const MATCH_CASES: readonly MatchCase[] = [
  { what: 'nothing open', open: [], subject: { agent: 'a' }, level: 0 },
  { what: 'the agent', open: [agent('a', 4)], subject: { agent: 'a' }, level: 4 },
  { what: 'another agent', open: [agent('b', 4)], subject: { agent: 'a' }, level: 0 },
  { what: 'nobody named', open: [agent('a', 4)], subject: {}, level: 0 },
  {
    what: 'the graver of two',
    open: [agent('a', 2), session('s', 4, 'a')],
    subject: { agent: 'a', session: 's' },
    level: 4,
  },
  {
    what: 'the session alone, without its agent',
    open: [session('s', 4, 'a')],
    subject: { session: 's' },
    level: 4,
  },
  {
    what: 'another session of the agent',
    open: [session('s', 4, 'a')],
    subject: { agent: 'a', session: 't' },
    level: 0,
  },
  {
    what: 'an agent that names no session: any of its sessions',
    open: [session('s', 3, 'a'), session('t', 4, 'a'), session('u', 5, 'b')],
    subject: { agent: 'a' },
    level: 4,
  },
  {
    what: 'an agent that names no session, and a session that names no agent',
    open: [session('s', 4)],
    subject: { agent: 'a' },
    level: 0,
  },
  {
    what: 'the chain',
    open: [{ kind: 'chain', id: 'x', level: 4 }],
    subject: { agent: 'a', chain: 'x' },
    level: 4,
  },
  {
    what: 'the chain by its trace, of an action that has a transaction too',
    open: [{ kind: 'chain', id: 'trace-1', level: 4 }],
    subject: { agent: 'a', chain: 'txn-1', trace: 'trace-1' },
    level: 4,
  },
  {
    what: 'the graver of transaction and trace',
    open: [
      { kind: 'chain', id: 'txn-1', level: 5 },
      { kind: 'chain', id: 'trace-1', level: 2 },
    ],
    subject: { chain: 'txn-1', trace: 'trace-1' },
    level: 5,
  },
  {
    what: 'the token',
    open: [{ kind: 'token', id: 'j', level: 5 }],
    subject: { jti: 'j' },
    level: 5,
  },
  {
    what: 'a token of the same text as the agent',
    open: [{ kind: 'token', id: 'a', level: 5 }],
    subject: { agent: 'a' },
    level: 0,
  },
  {
    what: 'the whole tenant',
    open: [{ kind: 'tenant', id: 'acme', level: 6 }],
    subject: {},
    level: 6,
  },
  {
    what: 'this broker',
    open: [{ kind: 'broker', id: 'gateway', level: 4 }],
    subject: { agent: 'a' },
    level: 4,
  },
  {
    what: 'another broker',
    open: [{ kind: 'broker', id: 'other', level: 4 }],
    subject: { agent: 'a' },
    level: 0,
  },
  {
    what: 'a tool for everybody',
    open: [tool('send', 3)],
    subject: { agent: 'a', tool: 'send' },
    level: 3,
  },
  {
    what: 'a tool for everybody, asked without an agent',
    open: [tool('send', 3)],
    subject: { tool: 'send' },
    level: 3,
  },
  {
    what: 'another tool',
    open: [tool('send', 3)],
    subject: { agent: 'a', tool: 'read' },
    level: 0,
  },
  {
    what: "an agent's use of a tool, by its agent",
    open: [tool('send', 3, 'a')],
    subject: { agent: 'a', tool: 'send' },
    level: 3,
  },
  {
    what: "another agent's use of the tool",
    open: [tool('send', 3, 'b')],
    subject: { agent: 'a', tool: 'send' },
    level: 0,
  },
  {
    what: 'two agents’ use of one tool are two breakers',
    open: [tool('send', 3, 'a'), tool('send', 2, 'b')],
    subject: { agent: 'a', tool: 'send' },
    level: 3,
  },
  {
    what: "an agent's use of a tool, asked without an agent",
    open: [tool('send', 3, 'a')],
    subject: { tool: 'send' },
    level: 0,
  },
  {
    what: "an agent's use of a tool, joined in the id",
    open: [tool('a/send', 3)],
    subject: { agent: 'a', tool: 'send' },
    level: 3,
  },
  {
    what: 'ids that would run together without a separator',
    open: [tool('bsend', 3, 'a')],
    subject: { agent: 'ab', tool: 'send' },
    level: 0,
  },
  {
    what: 'in shadow, what a person holds behind what is graver and not in force',
    open: [agent('a', 5), { ...session('s', 4, 'a'), byPerson: true }],
    subject: { agent: 'a', session: 's' },
    posture: 'shadow',
    level: 4,
  },
  {
    what: 'in shadow, the gravest of what people hold',
    open: [
      { ...agent('a', 2), byPerson: true },
      { ...session('s', 3, 'a'), byPerson: true },
      { kind: 'tenant', id: 'acme', level: 6 },
    ],
    subject: { agent: 'a', session: 's' },
    posture: 'shadow',
    level: 3,
  },
  {
    what: 'in shadow, the gravest of all where nobody holds anything',
    open: [agent('a', 5), session('s', 4, 'a')],
    subject: { agent: 'a', session: 's' },
    posture: 'shadow',
    level: 5,
  },
  {
    what: 'enforced, the gravest, whoever holds it',
    open: [agent('a', 5), { ...session('s', 4, 'a'), byPerson: true }],
    subject: { agent: 'a', session: 's' },
    level: 5,
  },
];
