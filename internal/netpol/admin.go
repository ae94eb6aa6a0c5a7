package netpol

import (
	"slices"

	"github.com/egresslint/egresslint/parser/kubernetes"
)

// Admin is a policy of policy.networking.k8s.io that the API server accepts: an
// AdminNetworkPolicy, a BaselineAdminNetworkPolicy or a ClusterNetworkPolicy. Its
// rules are read in order and the first that matches decides.
// https://network-policy-api.sigs.k8s.io/reference/spec/
type Admin struct {
	Kind   string
	Name   string
	Object *kubernetes.Object
	Tier   Tier

	// priority orders the policies of a tier, the lowest first. Where ranked is
	// false, the policy may stand before or after any other of its tier: the files
	// leave its priority undecided, or its kind has none.
	priority int
	ranked   bool
	// unsureTier is set if the files leave the tier undecided.
	unsureTier bool
	// namespaces and pods are the selectors of its subject.
	namespaces, pods selector
	rules            [2][]adminRule
}

// Tier is a layer of policies. The policies of Admin decide before those that add
// to each other, such as NetworkPolicies; those of Baseline decide for pods that
// none of these isolates.
type Tier int8

// Tiers.
const (
	AdminTier Tier = iota
	BaselineTier
)

// String renders t as "Admin" or "Baseline".
func (t Tier) String() string {
	if t == BaselineTier {
		return "Baseline"
	}
	return "Admin"
}

// action is what a rule of an Admin does with what matches it.
type action uint8

const (
	allow action = iota
	deny
	pass // on to the next tier
	actions
)

// adminRule is one element of spec.egress or spec.ingress of an Admin.
type adminRule struct {
	rule
	name string
	// actions are the possible actions; more than one if the files leave it
	// undecided.
	actions []action
}

// does reports whether the rule's action is or may be a.
func (r *adminRule) does(a action) bool { return slices.Contains(r.actions, a) }
