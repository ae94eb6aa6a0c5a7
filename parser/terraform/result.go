// Package terraform evaluates Terraform configurations without a provider and
// without state: every resource instance that the files decide, with values that
// are known, identities, or unknown with a reason.
package terraform

import (
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Root is one root module, evaluated for one variant of its variables.
type Root struct {
	// Dir is the root module's directory relative to the tree's root, "." for the
	// tree's root itself.
	Dir string
	// Variant names the variable files the root was evaluated with, e.g. "staging"
	// for staging.tfvars; empty when there is only one way to evaluate it.
	Variant string
	// VarFiles are the variable files of the variant, weakest first, without those
	// that Terraform reads by itself and those of --var-file. Names in the tree.
	VarFiles []string
	// Incomplete says that part of the configuration could not be read (a file with
	// syntax errors, a limit that was reached), so that what is missing here may be
	// there after all. Unread modules and uncertain resources do not count.
	Incomplete bool
	// Uncalled says that this is a module which no module block leads to, rather than
	// something that is deployed: nothing gives its variables values, and it has neither
	// providers nor a backend of its own.
	Uncalled bool
	// Resources are the managed and data resource instances, ordered by address.
	Resources []*Resource
	// Providers are the provider blocks of the root and its modules, ordered by
	// module and name.
	Providers []*Provider
	// Modules are the module instances that were read, each after its caller.
	Modules []ModuleInstance
	// UnreadModules are module calls whose source is not in the tree. Anything they
	// create is unknown.
	UnreadModules []UnreadModule
}

// ID identifies the root among all roots of a run: its directory, followed by @ and
// the variant if there is one. References to its resources from other roots carry
// it, see [located.Ref].
func (r *Root) ID() string { return rootID(r.Dir, r.Variant) }

func rootID(dir, variant string) string {
	if variant == "" {
		return dir
	}
	return dir + "@" + variant
}

// Resource is one instance of a resource or data block.
type Resource struct {
	// Address is unique in its root, e.g. module.net["a"].alicloud_vswitch.pod[0],
	// with "data." before the type of a data resource.
	Address string
	// Module is the address of the module instance it belongs to, "" for the root module.
	Module string
	Data   bool
	Type   string // e.g. alicloud_vswitch
	Name   string // the block's second label
	// Body is a Map of the arguments and nested blocks that the configuration sets.
	// A nested block type is always a List of Maps, also for a single block; the
	// Range of such a Map is the block's header line. The Range of Body is the
	// resource block's header line.
	Body *located.Value
	// Uncertain says why it cannot be told whether, or how many times, the instance
	// exists (an unknown count or for_each); empty when it certainly does.
	Uncertain string
	// IgnoreChanges are the attributes in lifecycle.ignore_changes: what the
	// configuration says of them may not be what is there. "all" stands for all.
	IgnoreChanges []string
	// Provider is the provider configuration it uses, e.g. alicloud or alicloud.shanghai.
	Provider string
	// Values are the documents that a helm_release lists in values, as far as they are
	// known, see [Open]; nil for all others, and if Body alone has them.
	Values []*located.Value
}

// Provider is a provider block.
type Provider struct {
	Name   string // as in Resource.Provider: alicloud, or alicloud.shanghai with an alias
	Module string // the address of the module instance it stands in, "" for the root module
	Body   *located.Value
}

// ModuleInstance is one instance of a module that was read.
type ModuleInstance struct {
	Address string // e.g. module.net["a"].module.vswitches
	// Blocks are the header lines of the module blocks that lead to it, its own first
	// and that of the root module last.
	Blocks []source.Range
}

// UnreadModule is a module call that could not be followed.
type UnreadModule struct {
	Address string // e.g. module.vpc
	Source  string
	// Arguments is a Map of what the call passes in.
	Arguments *located.Value
	Range     source.Range // the call block's header line
	Reason    string
}
