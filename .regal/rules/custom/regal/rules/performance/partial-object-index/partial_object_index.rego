# METADATA
# description: Build an index in Go or as a complete rule
# related_resources:
#   - description: how rules look things up
#     ref: https://github.com/egresslint/egresslint/blob/main/CONTRIBUTING.md#rego
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.performance["partial-object-index"]

import data.regal.result

# A rule of the form `by_id[id] := x` or `by_id[id] contains x` looks like an index
# and is none: each lookup by a known key evaluates its body again, so that a join
# through it takes quadratic time.
report contains violation if {
	some rule in input.rules

	some position, part in rule.head.ref
	position > 0
	part.type == "var"

	violation := result.fail(rego.metadata.chain(), result.location(part))
}
