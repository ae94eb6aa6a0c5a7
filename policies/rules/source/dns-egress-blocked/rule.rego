# METADATA
# scope: package
# title: NetworkPolicies block name resolution
# description: >-
#   A workload is isolated for egress by NetworkPolicies and none of them admits UDP port 53 to the resolver it asks,
#   so that it can resolve no name at all.
# entrypoint: true
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   description: Kubernetes, NetworkPolicies
# - ref: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
#   description: Kubernetes, DNS for Services and Pods
# - ref: https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/use-network-policies
#   description: Alibaba Cloud, use network policies in ACK clusters
# schemas:
# - input: schema.model
# custom:
#   id: dns-egress-blocked
#   category: source
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     own-namespace: >-
#       {workloads} in namespace {namespace} cannot resolve names: the rule for port 53 has a podSelector without a
#       namespaceSelector, which selects pods of {namespace} only and never {resolver}.{needed}{assumed}
#     service-address: >-
#       {workloads} in namespace {namespace} cannot resolve names: an ipBlock with the address of the DNS Service
#       never matches, because a policy sees the packet after Service translation, on its way to
#       {resolver}.{needed}{assumed}
#     port: >-
#       {workloads} in namespace {namespace} cannot resolve names: a rule of NetworkPolicy {policies} admits
#       {resolver}, but not on UDP port 53.{needed}{assumed}
#     resolver-address: >-
#       {workloads} in namespace {namespace} cannot resolve names: by dnsPolicy or dnsConfig they ask {resolver},
#       which nothing in NetworkPolicy {policies} admits on UDP port 53.{needed}{assumed}
#     no-rule: >-
#       {workloads} in namespace {namespace} cannot resolve names: they are isolated for egress, and nothing in
#       NetworkPolicy {policies} admits UDP port 53 to {resolver}.{needed}{assumed}
#     denied: >-
#       {workloads} in namespace {namespace} cannot resolve names: {denies}, and they ask {resolver} on UDP port
#       53.{needed}
#   remedies:
#     denied: >-
#       Leave UDP port 53 and TCP port 53 of {resolver} out of that rule, or admit them by a rule in front of it.
#     own-namespace: >-
#       Add to the same element of "to" a namespaceSelector with matchLabels kubernetes.io/metadata.name: kube-system,
#       next to the podSelector k8s-app: kube-dns.
#     service-address: >-
#       Replace the ipBlock by a namespaceSelector with matchLabels kubernetes.io/metadata.name: kube-system and a
#       podSelector with matchLabels k8s-app: kube-dns, in one element of "to".
#     port: >-
#       Add UDP port 53, and TCP port 53 for large answers, to the ports of that rule.
#     resolver-address: >-
#       Add an egress rule with an ipBlock for {resolver} and the ports UDP 53 and TCP 53, or let the pods use
#       dnsPolicy: ClusterFirst.
#     no-rule: >-
#       Add an egress rule to {resolver} with the ports UDP 53 and TCP 53: for CoreDNS, a namespaceSelector with
#       matchLabels kubernetes.io/metadata.name: kube-system and a podSelector with matchLabels k8s-app: kube-dns in
#       one element of "to"; for addresses, an ipBlock.
#   help:
#     effect: >-
#       As soon as one policy isolates a pod for egress, only what some policy admits gets out, and DNS is no
#       exception. Policies are evaluated after Service translation: the packet to the address of kube-dns is judged
#       as one to a CoreDNS pod in kube-system. A podSelector alone means pods of the policy's own namespace. Every
#       connection by name then fails with a resolution error, whatever else is admitted.
#     fix: |
#       ```yaml
#       egress:
#         - to:
#             - namespaceSelector:
#                 matchLabels:
#                   kubernetes.io/metadata.name: kube-system
#               podSelector: # same element: both must match
#                 matchLabels:
#                   k8s-app: kube-dns
#           ports:
#             - protocol: UDP
#               port: 53
#             - protocol: TCP
#               port: 53
#       ```
#     levels: >-
#       Error if a workload is known to need a name resolved, warning if that is only inferred, and warning without a
#       known need when the policies admit something but no DNS.
#     silent: >-
#       When the cluster does not enforce NetworkPolicies (network-policy-not-enforced tells that); when all known
#       destinations are literal addresses; for a policy that denies everything, which is a deliberate default; when
#       NodeLocal DNSCache answers and the files do not say whether the datapath polices it. TCP port 53 alone is
#       dns-tcp-egress-blocked.
package egresslint.rules.source["dns-egress-blocked"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": gate.code,
	"args": {
		"workloads": gate.workloads,
		"namespace": gate.namespace,
		"policies": gate.policies,
		"resolver": gate.resolver,
		"denies": gate.denies,
		"needed": need.destinations(gate.need.evidence),
		"assumed": words.assumed(gate.enforcement),
	},
	"key": array.concat([gate.namespace, gate.code], gate.policies),
	"related": array.concat(places, need.places(gate.need.evidence)),
} if {
	some verdict in _verdicts
	gate := input.gates.dns[verdict.gate]
	gate.udp == "blocked"
	workloads := [{"at": place, "text": "a workload that these policies isolate"} |
		some place in array.slice(gate.workload_origins, 0, need.shown)
	]
	places := array.concat([{"at": gate.miss, "text": "the rule that misses"}], workloads)
}

_verdicts contains {"gate": i, "level": level} if {
	some i, gate in input.gates.dns
	level := need.level(gate.need.strength)
}

# Policies that admit something were not meant to cut everything off.
_verdicts contains {"gate": i, "level": "warning"} if {
	some i, gate in input.gates.dns
	gate.need.strength == "none"
	gate.admits_other
}
