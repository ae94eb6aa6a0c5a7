// Package config reads .egresslint.yaml: what a run leaves out, how severe each
// rule is, and what the files alone do not say about the clusters.
package config

import (
	_ "embed"
	"net/netip"
	"time"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// FileName is the name of the configuration file. It is looked for from the
// folder that holds all linted paths up to the root of the tree.
const FileName = ".egresslint.yaml"

// Schema is the JSON Schema of the configuration file, for editors.
//
//go:embed schema.json
var Schema []byte

// Config is the content of a configuration file. All paths and globs in it are
// relative to the tree's root, although the file has them relative to its own
// folder. The zero Config says nothing.
type Config struct {
	// File is the path of the file relative to the tree's root, empty if there is none.
	File string
	// Paths are the files and folders to lint when the command line names none.
	Paths []string
	// Exclude are globs of files and folders that are not linted.
	Exclude []Glob
	// Rules are the settings of single rules, in the order of the file.
	Rules []Rule
	// Clusters say what the files do not say of clusters, or which files belong to them.
	Clusters []Cluster
	// Stacks say with which variables a Terraform root is evaluated.
	Stacks []Stack
	// Helm says with what charts are rendered. Several entries of one chart are
	// its variants.
	Helm []Chart
	// Requirements are needs that no manifest shows.
	Requirements []Requirement
	// Targets are things outside the files that pods reach.
	Targets []Target
	// Suppressions are findings that the project has decided to live with.
	Suppressions []Suppression
	// Policies are the folders and OPA bundles that hold the project's own rules.
	Policies []Path
	// Baseline is the file of the findings that were there when the project began
	// to use egresslint; its Name is empty if there is none.
	Baseline Path
	// FailOn is the lowest severity of a finding that fails a run.
	FailOn FailOn
	// Unknowns says what facts that the files do not decide mean for a run.
	Unknowns Unknowns
	// PrivateDomains are domains whose names have private addresses only.
	PrivateDomains []string
}

// Glob is a pattern and where it is written.
type Glob struct {
	Pattern string // relative to the tree's root
	Text    string // as written, relative to the file's folder
	At      source.Range
}

// Path is the name of a file or folder and where it is written.
type Path struct {
	Name string // relative to the tree's root
	At   source.Range
}

// FailOn is the least severity that fails a run, as a word. The empty FailOn
// leaves it to the command line.
type FailOn string

// FailOnNever is the FailOn with which findings do not fail a run; the others are
// the names of the severities.
const FailOnNever FailOn = "never"

// Unknowns says what a run makes of facts that the files do not decide. The empty
// Unknowns is UnknownsNote.
type Unknowns string

// What unknown facts are for a run.
const (
	UnknownsIgnore Unknowns = "ignore" // not told in the summary
	UnknownsNote   Unknowns = "note"   // counted in the summary
	UnknownsFail   Unknowns = "fail"   // exit code 1, as with --fail-on-unknown
)

// Rule is the setting of one rule. Off silences it; otherwise all its findings
// get Severity, if that is set.
type Rule struct {
	ID       string
	Off      bool
	Severity finding.Severity
	// Parameters are in the order of the file.
	Parameters []Parameter
	At         source.Range
}

// Parameter is the value of a rule's parameter: a string, a number, a truth value
// or a list of them, as JSON has them.
type Parameter struct {
	Name  string
	Value any // string, float64, bool or []any of these
	At    source.Range
}

// Cluster describes one ACK cluster.
type Cluster struct {
	Name string
	// Terraform names the resource that creates it: the directory of the root
	// module, an address, or both as directory:address. Empty if it is not in the tree.
	Terraform string
	// Manifests are globs of the manifests that are deployed to it.
	Manifests []string
	Network   Network
	// Internet says whether its pods are meant to reach the Internet; nil is "not said".
	Internet *bool
	At       source.Range
}

// Network is what the configuration says of a cluster's network. An empty field
// leaves it to the files.
type Network struct {
	Plugin        string // terway or flannel
	Datapath      string // of Terway: veth, ipvlan or v2, which is DataPath V2
	NetworkPolicy string // enforced or off
	// Enforces are kinds of policies beyond NetworkPolicy that a controller on the
	// cluster enforces.
	Enforces []string
}

// Stack is one way to evaluate a Terraform root module.
type Stack struct {
	Name     string
	Dir      string // of the root module
	VarFiles []string
	Vars     []Var // in the order of the file
	At       source.Range
}

// Var is the value of one Terraform variable, as after -var NAME=.
type Var struct{ Name, Value string }

// Requirement says that a workload needs to reach destinations. From is
// namespace/name, kind/namespace/name or a glob of these; To are destinations as
// in the egresslint.io/egress annotation.
type Requirement struct {
	From string
	To   []string
	At   source.Range
}

// Chart is one release of a Helm chart.
type Chart struct {
	Dir       string   // the chart's folder
	Release   string   // name of the release; empty for the chart's name
	Namespace string   // of the release; empty for default
	Values    []string // files, the later ones win
	At        source.Range
}

// Target is a thing outside the files, such as a partner's interface or a database
// that another team runs.
type Target struct {
	Name string
	// Hosts are its names; * in the place of the first label stands for any.
	Hosts []string
	// Addresses are where it is, if the names alone do not tell.
	Addresses []netip.Prefix
	// Allow is whom it lets in; nil if it is not known, or if it lets in everybody.
	Allow []AllowEntry
	At    source.Range
}

// AllowEntry is one element of an allow-list and where it is written.
type AllowEntry struct {
	CIDR netip.Prefix
	At   source.Range
}

// Suppression silences the findings of Rules in Files about Address. What is empty
// matches everything, but one of Files and Address is set.
type Suppression struct {
	Rules []string
	Files []Glob
	// Address is a Terraform address or kind/namespace/name, in which * stands for
	// any number of characters.
	Address string
	Reason  string
	// Until is the last day on which it counts; the zero Time is no end.
	Until time.Time
	At    source.Range
}
