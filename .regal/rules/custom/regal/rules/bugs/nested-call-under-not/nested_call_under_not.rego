# METADATA
# description: Negate one helper without nested calls
# related_resources:
#   - description: why a nested call under not loses results
#     ref: https://github.com/egresslint/egresslint/blob/main/CONTRIBUTING.md#rego
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.bugs["nested-call-under-not"]

import data.regal.ast
import data.regal.result

# The inner call of `not f(g(x))` is evaluated before the negation. Where g(x) is
# undefined the whole body is undefined, so the very object that lacks something
# is dropped from the result.
report contains violation if {
	some rule_index, expression
	ast.found.expressions[rule_index][expression].negated
	is_array(expression.terms)

	some position, argument in expression.terms
	position > 0
	argument.type == "call"

	violation := result.fail(rego.metadata.chain(), result.location(argument))
}
