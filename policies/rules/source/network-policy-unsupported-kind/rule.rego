# METADATA
# scope: package
# title: ACK does not enforce policies of this kind
# description: >-
#   A policy is of a kind that no controller of an ACK cluster serves: one of Cilium, of Calico, or of the Kubernetes
#   network policy API for administrators. ACK supports NetworkPolicies of networking.k8s.io only.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/use-network-policies
#   description: Alibaba Cloud, use network policies in ACK clusters
# - ref: https://github.com/AliyunContainerService/terway/blob/main/README.md
#   description: Terway, README
# - ref: https://network-policy-api.sigs.k8s.io/
#   description: Kubernetes, network policy API for administrators
# schemas:
# - input: schema.model
# custom:
#   id: network-policy-unsupported-kind
#   category: source
#   severity: warning
#   precision: high
#   since: 0.1.0
#   messages:
#     unsupported: >-
#       {kind} {name} of {group} cannot be relied on in cluster {cluster}: ACK enforces NetworkPolicies of
#       networking.k8s.io only. What it should block is taken to be open.
#     flannel: >-
#       {kind} {name} of {group} has no effect: cluster {cluster} uses Flannel, which enforces no policies of any kind.
#       Nothing is blocked.
#   remedies:
#     unsupported: >-
#       Write it as a NetworkPolicy of networking.k8s.io/v1. {unless}
#     flannel: >-
#       Remove it, or move to a cluster with Terway and write it as a NetworkPolicy of networking.k8s.io/v1. {unless}
#   help:
#     effect: >-
#       The API server stores an object of any kind that has a definition, whether or not anything acts on it. On ACK
#       Terway enforces NetworkPolicies of networking.k8s.io/v1. Its datapath is built from parts of Calico or Cilium,
#       but their own kinds of policies are not a feature of the product, and rules for names or HTTP paths cannot work
#       there. egresslint judges connections as if such a policy were not there.
#     fix: |
#       ```yaml
#       apiVersion: networking.k8s.io/v1
#       kind: NetworkPolicy
#       metadata:
#         name: orders
#         namespace: shop
#       spec:
#         podSelector:
#           matchLabels:
#             app: orders
#         policyTypes: [Egress]
#         egress:
#           - to:
#               - podSelector:
#                   matchLabels:
#                     app: payments
#       ```
#
#       A NetworkPolicy has no deny rules: what no policy admits is blocked as soon as one selects the pod. If a
#       controller of your own enforces the kind, say so in `.egresslint.yaml`:
#
#       ```yaml
#       clusters:
#         - name: prod
#           network:
#             networkPolicy:
#               enforces: [CiliumNetworkPolicy]
#       ```
#     levels: Always a warning. Something that the files do not show may enforce the policy.
#     silent: >-
#       When the configuration says that the cluster enforces the kind; when the manifests are bound to no cluster of
#       the scanned files.
package egresslint.rules.source["network-policy-unsupported-kind"]

violation contains {
	"at": gate.origin,
	"case": _case(gate.cluster),
	"args": {
		"cluster": gate.cluster_name,
		"kind": gate.kind,
		"group": gate.group,
		"name": gate.name,
		"unless": _unless(gate.kind),
	},
	"key": [gate.cluster_name, gate.group, gate.kind, gate.name],
	"related": [],
} if {
	some gate in input.gates.unsupported_policies
}

_case(cluster) := "flannel" if cluster in _flannel

_case(cluster) := "unsupported" if not cluster in _flannel

_flannel contains cluster.id if {
	some cluster in input.clusters
	cluster.plugin == "flannel"
}

# How to say that something enforces the kind. Calico has a NetworkPolicy, too, and the configuration's kinds are those
# beyond NetworkPolicy.
_unless("NetworkPolicy") := concat(" ", [
	"If a controller of Calico is on the cluster, say so:",
	"severity: off for network-policy-unsupported-kind under rules in .egresslint.yaml.",
])

_unless(kind) := concat("", [
	"If a controller on the cluster enforces it, say so: ",
	sprintf("network: {networkPolicy: {enforces: [%s]}} for the cluster under clusters in .egresslint.yaml.", [kind]),
]) if {
	kind != "NetworkPolicy"
}
