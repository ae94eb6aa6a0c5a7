// Package policies holds the built-in rules and the schema of their input.
package policies

import "embed"

// FS holds lib/, rules/ and schemas/, without tests.
//
//go:embed lib/*/lib.rego rules/*/*/rule.rego schemas/*.json
var FS embed.FS
