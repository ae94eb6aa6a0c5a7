// Package parser reads the files of a tree, Kubernetes manifests and Terraform,
// into located resources. It knows syntax and evaluation, and nothing of what a
// resource means.
package parser

import (
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Files counts what was read, by kind. Files that were found but hold nothing
// egresslint understands, as most .json files, do not count.
type Files struct {
	Terraform int // .tf, .tf.json and .tofu files of the linted roots and modules
	Variables int // .tfvars and .tfvars.json files
	YAML      int
	JSON      int
}

// Total is the number of files read.
func (f Files) Total() int { return f.Terraform + f.Variables + f.YAML + f.JSON }

// Result is everything that was read.
type Result struct {
	Objects []*kubernetes.Object // by file, then in the order of the file
	Roots   []*terraform.Root    // by directory, then variant
	// Diagnostics are in the order of their places.
	Diagnostics []source.Diagnostic
	Files       Files
}
