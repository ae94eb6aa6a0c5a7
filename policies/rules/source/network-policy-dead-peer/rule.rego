# METADATA
# scope: package
# title: A NetworkPolicy has a peer or port that can never match
# description: >-
#   A rule of a NetworkPolicy names addresses or a port that no packet has when the policy judges it: the addresses or
#   ports of Services, pods by their addresses where blocks do not match pods, or a port name that no pod has.
# entrypoint: true
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   description: Kubernetes, NetworkPolicies
# - ref: https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/use-network-policies
#   description: Alibaba Cloud, use network policies in ACK clusters
# - ref: https://github.com/cilium/cilium/issues/9209
#   description: Cilium, blocks of addresses and pods
# schemas:
# - input: schema.model
# custom:
#   id: network-policy-dead-peer
#   category: source
#   severity: warning
#   precision: high
#   since: 0.1.0
#   messages:
#     service-cidr: &never >-
#       The {direction} rules of {kind} {policy}{namespace} have a part that never matches: {says}.
#     pod-cidr: >-
#       The {direction} rules of {kind} {policy}{namespace} have a part that never matches a pod: {says}.
#     service-port: *never
#     named-port: *never
#   remedies:
#     service-cidr: &selectors >-
#       Replace the ipBlock by a podSelector for the pods, with a namespaceSelector if they are in another namespace.
#     pod-cidr: *selectors
#     service-port: >-
#       Write the port that the pods listen on, or its name.
#     named-port: >-
#       Write the number of the port, or give the container port that name.
#   help:
#     effect: >-
#       NetworkPolicies only admit. A part that never matches admits nothing, and what it was meant to admit is blocked
#       as soon as the policy isolates the pod. Policies judge a packet after Service translation, with the address and
#       the port of a pod. With DataPath V2 and IPvlan the pods of the cluster are told apart by their labels, and an
#       `ipBlock`, even 0.0.0.0/0, is for everything else.
#     fix: |
#       ```yaml
#       egress:
#         - to:
#             - namespaceSelector: # not an ipBlock with the address of a Service or a pod
#                 matchLabels:
#                   kubernetes.io/metadata.name: orders
#               podSelector:
#                 matchLabels:
#                   app: api
#           ports:
#             - port: 8080 # the container's port, not the Service's
#       ```
#     levels: Always a warning. Whether anything needs what the part was meant to admit is for other rules to say.
#     silent: >-
#       When the cluster's CIDR of Services, its data path or its vSwitches are not known; when nodes have addresses in
#       a pod vSwitch too; when the pods, or the ports of their containers, are not in the scanned files.
package egresslint.rules.source["network-policy-dead-peer"]

violation contains {
	"at": gate.origin,
	"case": gate.code,
	"args": {
		"direction": gate.direction,
		"kind": gate.kind,
		"policy": gate.policy,
		"namespace": _in_namespace(gate.namespace),
		"says": gate.says,
	},
	"key": [gate.kind, gate.namespace, gate.policy, gate.direction, gate.code, gate.says],
	"related": [],
} if {
	some gate in input.gates.dead_peers
	gate.code in {"service-cidr", "pod-cidr", "service-port", "named-port"}
}

_in_namespace("") := ""

_in_namespace(name) := sprintf(" in namespace %s", [name]) if name != ""
