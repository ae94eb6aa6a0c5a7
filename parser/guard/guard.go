// Package guard names what keeps a hostile tree from harm, so that tests can switch
// one guard off and show that the next one holds. No other code switches anything: a
// test of the architecture and the linter see to it.
package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// Name is that of a guard.
type Name string

// The guards, in the order in which an input meets them.
const (
	PathLinks        Name = "path-links"        // path arguments lead out of their work tree by no symlink
	Boundaries       Name = "boundaries"        // of a folder with several trees nothing else is seen
	FlagFiles        Name = "flag-files"        // files of flags are regular, small, and not reached by symlinks of the tree
	GitConfig        Name = "git-config"        // git runs only with harmless keys in the repository's configuration
	GitEnvironment   Name = "git-environment"   // git runs with a closed environment
	Sandbox          Name = "sandbox"           // the worker has given up what it does not need
	WorkerEnv        Name = "worker-env"        // the worker sees few variables of the environment
	Ceiling          Name = "ceiling"           // the worker's memory and time are limited from outside
	GitDirectory     Name = "git-directory"     // .git is no data
	GlobBudgets      Name = "glob-budgets"      // patterns of ignore files, excludes and suppressions
	ManifestBudgets  Name = "manifest-budgets"  // YAML and JSON
	KustomizeFields  Name = "kustomize-fields"  // what fields of a kustomization may hold
	KustomizeProcess Name = "kustomize-process" // no program and no connection while kustomize runs
	KustomizeBudgets Name = "kustomize-budgets"
	HelmBudgets      Name = "helm-budgets"
	TerraformBudgets Name = "terraform-budgets"
	TerraformEnv     Name = "terraform-env" // TF_VAR_* is read only if asked for
	RegoBudgets      Name = "rego-budgets"
	Deadline         Name = "deadline"      // long computations look whether their time is over
	Taint            Name = "taint"         // secret values have a mark and keep it
	Conceal          Name = "conceal"       // what has the mark is told by where it comes from
	ErrorText        Name = "error-text"    // errors of libraries are not quoted
	SnippetMask      Name = "snippet-mask"  // source lines are shown with values masked
	OutputFilter     Name = "output-filter" // what is known to be secret is taken out of all that is printed
	Weakenings       Name = "weakenings"    // what a change does to the checks is said
	WriteLinks       Name = "write-links"   // nothing is written through a symlink of the tree
)

var off []Name

// On reports whether a guard is in force.
func On(n Name) bool { return !slices.Contains(off, n) }

// Off switches guards off for the rest of the process. Only tests call it.
func Off(names ...Name) { off = append(off, names...) }

// Overdue returns the error of ctx if its time is over. Long computations ask for it
// again and again, so that they end soon after.
func Overdue(ctx context.Context) error {
	if !On(Deadline) {
		return nil
	}
	return ctx.Err()
}

// PanicText is what is told of a value that code panics with: what a mistake of Go
// says, which quotes nothing, and of anything else the type. It may be a part of a
// file.
func PanicText(value any) string {
	var mistake runtime.Error
	switch err, ok := value.(error); {
	case !On(ErrorText):
		return fmt.Sprint(value)
	case ok && errors.As(err, &mistake):
		return mistake.Error()
	default:
		return fmt.Sprintf("a panic with a value of type %T", value)
	}
}
