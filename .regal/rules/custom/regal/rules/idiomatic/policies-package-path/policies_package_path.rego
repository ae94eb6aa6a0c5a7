# METADATA
# description: Name the package after its directory under policies
# related_resources:
#   - description: where a rule's files are
#     ref: https://github.com/egresslint/egresslint/blob/main/CONTRIBUTING.md#rego
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.idiomatic["policies-package-path"]

import data.regal.ast
import data.regal.result

# policies/rules/internet/snat-missing holds the package
# egresslint.rules.internet["snat-missing"] and, in its test, the same with _test.
report contains violation if {
	_directories
	not _named_after_directory

	violation := result.fail(rego.metadata.chain(), result.location(input.package))
}

_named_after_directory if ast.package_path == _expected

_named_after_directory if {
	endswith(input.regal.file.name, "_test.rego")

	last := count(_expected) - 1
	ast.package_path == array.concat(
		array.slice(_expected, 0, last),
		[concat("", [_expected[last], "_test"])],
	)
}

_expected := array.concat(["egresslint"], _directories)

_directories := array.slice(rest, 0, count(rest) - 1) if {
	path := replace(input.regal.file.abs, input.regal.environment.path_separator, "/")
	[_, relative] := split(path, "/policies/")
	rest := split(relative, "/")
}
