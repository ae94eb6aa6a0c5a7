package world

import (
	"net/netip"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Input is what Build reads.
type Input struct {
	Objects []*kubernetes.Object
	Roots   []*terraform.Root
	// Rendered are the objects of releases of Terraform whose charts were rendered.
	Rendered map[*terraform.Resource][]*kubernetes.Object
	Options  Options
}

// Options is what the user says about the world outside the files.
type Options struct {
	// ClusterNetwork is the network plug-in of every cluster, terway or flannel;
	// empty if the files are to say it.
	ClusterNetwork string
	Clusters       []ClusterConfig
	Requirements   []RequirementConfig
	Targets        []TargetConfig
	// PrivateDomains are registrable domains whose names do not resolve to public
	// addresses, e.g. corp.example.
	PrivateDomains []string
}

// ClusterConfig describes a cluster beyond what its Terraform says.
type ClusterConfig struct {
	Name string
	// Terraform names the cluster's resource: a root directory, an address, or
	// both as directory:address. If it is empty, the entry describes the clusters of
	// the files that have its name, or else a cluster that is not in the files.
	Terraform string
	// Manifests are doublestar globs, relative to the tree's root, of the manifests
	// that run on the cluster.
	Manifests []string
	Network   NetworkConfig
	// Internet says whether the cluster is meant to reach the Internet; nil if the
	// user does not say.
	Internet *bool
	At       source.Range
}

// NetworkConfig describes a cluster's network.
type NetworkConfig struct {
	Plugin        string // terway, flannel or empty
	Datapath      string // veth, ipvlan, v2 or empty
	NetworkPolicy string // enforced, off or empty
	// Enforces are the kinds of policies beyond NetworkPolicy that a controller on
	// the cluster enforces, e.g. CiliumNetworkPolicy.
	Enforces []string
}

// TargetConfig describes a thing outside the files that workloads reach.
type TargetConfig struct {
	Name string
	// Hosts are its names; * in the place of the first label stands for any below it.
	Hosts []string
	// Addresses are where it is, if the names alone do not tell.
	Addresses []netip.Prefix
	// Allow is whom it lets in; empty if that is not known.
	Allow []AllowEntry
	At    source.Range
}

// AllowEntry is an element of an allow-list with its place.
type AllowEntry struct {
	CIDR netip.Prefix
	At   source.Range
}

// RequirementConfig declares what workloads need to reach.
type RequirementConfig struct {
	From string   // namespace/name of workloads; * matches any name
	To   []string // declarations, e.g. db.corp.example:5432/tcp, rds/orders, internet
	At   source.Range
}
