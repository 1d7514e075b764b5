# Denies what a breaker holds back. input: {"tenant", "agent", "session", "jti", "chain", "tool",
# "op", "on_behalf_of": [agents]}; data.breakers comes from /v1/opa/bundles/{tenant}.tar.gz
# (docs/gateways.md). Tested by test/foreign/opa.test.ts.
package tripcoil

default allow := false

# Without a bundle nothing is known, and nothing passes.
allow if {
	breakers
	not stopped
}

breakers := data.breakers[input.tenant]

agents contains input.agent

agents contains agent if some agent in input.on_behalf_of

# Every open breaker that the input falls under.
matches contains breakers.everything

matches contains breakers.agents[agent] if some agent in agents

matches contains breakers.sessions[input.session]

# Without a session nobody can tell them apart: any trip of the agent's counts.
matches contains breaker if {
	not input.session
	some breaker in breakers.sessions
	breaker.agent in agents
}

matches contains breakers.tokens[input.jti]

matches contains breakers.chains[input.chain]

matches contains breakers.tools[input.tool][agent] if some agent in (agents | {"*"})

# A shadow tenant is only watched, but what a person tripped always holds.
in_force(_) if breakers.posture == "enforce"

in_force(breaker) if breaker.class == "operator"

reads := {"read", "list"}

stopped if {
	some breaker in matches
	in_force(breaker)
	breaker.level >= 4
}

# Level 2 wants an approval and level 3 allows reads alone.
stopped if {
	some breaker in matches
	in_force(breaker)
	breaker.level >= 2
	not object.get(input, "op", "") in reads
}
