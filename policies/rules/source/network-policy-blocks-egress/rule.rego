# METADATA
# scope: package
# title: NetworkPolicies block a connection that a workload needs
# description: >-
#   A workload needs a destination that the policies which apply to it do not admit, or that one of them denies.
# entrypoint: true
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   description: Kubernetes, NetworkPolicies
# - ref: https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/use-network-policies
#   description: Alibaba Cloud, use network policies in ACK clusters
# schemas:
# - input: schema.model
# custom:
#   id: network-policy-blocks-egress
#   category: source
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     port: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: NetworkPolicy {closest} admits {says},
#       which is the right peer but not {port}.{also}{assumed}
#     service-port: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: NetworkPolicy {closest} admits {says},
#       which is the port of the Service, but a policy sees the packet after Service translation, on its way to
#       {port}.{also}{assumed}
#     protocol: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: NetworkPolicy {closest} admits {says},
#       which is another protocol than {port} (without protocol, a port is TCP).{also}{assumed}
#     peer: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: the nearest rule, of NetworkPolicy
#       {closest}, admits {says}, which does not include it.{also}{assumed}
#     family: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: NetworkPolicy {closest} admits {says},
#       which is the other IP family.{also}{assumed}
#     no-rule: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: they are isolated for egress, and
#       NetworkPolicy {policies} has no rule that admits anything.{also}{assumed}
#     admin-deny: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: a rule of {closest} denies {says},
#       whatever NetworkPolicies admit.{also}
#     baseline-deny: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: a rule of {closest} denies {says}, and no
#       NetworkPolicy isolates them.{also}
#     cilium-deny: >-
#       {workloads} in namespace {namespace} cannot reach {destination}{seen}: a rule of {closest} denies {says},
#       whatever other rules admit.{also}
#   remedies:
#     admin-deny: >-
#       Put a rule that admits {target} on {port}, or passes it on to NetworkPolicies, in front of that rule, or narrow
#       that rule.
#     baseline-deny: >-
#       Add a NetworkPolicy that selects these pods and admits {target} on {port}, or narrow that rule.
#     cilium-deny: >-
#       Narrow that rule so that it leaves out {target} on {port}.
#     port: >-
#       Add {port} to the ports of that rule.
#     service-port: >-
#       Write the port of the pods, {port}, instead of the Service's port, or the name of the container port.
#     protocol: >-
#       Add {port} to the ports of that rule, with its protocol.
#     peer: >-
#       Add an egress rule that admits {target} on {port}.
#     family: >-
#       Add an ipBlock of the family that {target} has, on {port}.
#     no-rule: >-
#       Add an egress rule that admits {target} on {port}, to this policy or to one more that selects the same pods.
#   help:
#     effect: >-
#       Once a policy with policyTypes Egress selects a pod, only what some policy of that pod admits gets out; the
#       policies are added up, there is no order and no deny rule. They are evaluated after Service translation: what
#       counts is the address and port of the backend pod, not those of the Service. A blocked connection times out.
#     fix: |
#       ```yaml
#       egress:
#         - to:
#             - namespaceSelector:
#                 matchLabels:
#                   kubernetes.io/metadata.name: orders
#               podSelector:
#                 matchLabels:
#                   app: api
#           ports:
#             - port: 8080 # the container's port, not the Service's
#       ```
#
#       Destinations outside the cluster need an `ipBlock`. Under DataPath V2 and IPvlan an `ipBlock` never matches pods
#       of the cluster: use selectors for those.
#       Policies of other kinds count where the configuration says that the cluster enforces them (`networkPolicy` of a
#       cluster's `network`). What a rule of theirs denies is reported at that rule.
#     levels: >-
#       Error if a workload is known to need the destination, warning if that is only inferred from a name.
#     silent: >-
#       When the workload is not isolated for egress, or uses hostNetwork; when the cluster does not enforce
#       NetworkPolicies; when a label, a namespace or the destination's address is not known.
package egresslint.rules.source["network-policy-blocks-egress"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": gate.code,
	"args": {
		"workloads": gate.workloads,
		"namespace": gate.namespace,
		"destination": gate.destination,
		"seen": _seen(gate.translated),
		"target": _target(gate.translated, gate.destination),
		"port": words.port(gate.protocol, gate.port),
		"policies": gate.policies,
		"closest": gate.closest,
		"says": gate.says,
		"also": words.also(gate.also),
		"assumed": words.assumed(gate.enforcement),
	},
	"key": array.concat([gate.namespace, gate.closest], sort(array.concat([gate.destination], gate.also))),
	"related": array.concat(
		[{"at": place, "text": "another NetworkPolicy that isolates them"} | some place in gate.related],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.egress_policy
}

_seen("") := ""

_seen(translated) := sprintf(" (%s after Service translation)", [translated]) if translated != ""

_target("", destination) := destination

_target(translated, _) := translated if translated != ""
