// Package config reads .egresslint.yaml: what a run leaves out, how severe each
// rule is, and what the files alone do not say about the clusters.
package config

import (
	_ "embed"

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
	// Exclude are globs of files and folders that are not linted.
	Exclude []Glob
	// Rules are the settings of single rules, in the order of the file.
	Rules []Rule
	// Clusters say what the files do not say of clusters, or which files belong to them.
	Clusters []Cluster
	// Stacks say with which variables a Terraform root is evaluated.
	Stacks []Stack
	// Requirements are needs that no manifest shows.
	Requirements []Requirement
	// PrivateDomains are domains whose names have private addresses only.
	PrivateDomains []string
}

// Glob is a pattern and where it is written.
type Glob struct {
	Pattern string // relative to the tree's root
	Text    string // as written, relative to the file's folder
	At      source.Range
}

// Rule is the setting of one rule. Off silences it; otherwise all its findings
// get Severity.
type Rule struct {
	ID       string
	Off      bool
	Severity finding.Severity
	At       source.Range
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
