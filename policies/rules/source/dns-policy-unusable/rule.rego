# METADATA
# scope: package
# title: A pod's DNS settings cannot resolve the names it needs
# description: >-
#   A workload needs the name of a Service and its DNS settings ask a resolver that knows no Services, or it needs any
#   name and its settings list no resolver.
# entrypoint: true
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
#   description: Kubernetes, DNS for Services and Pods
# - ref: https://github.com/kubernetes/kubernetes/issues/35761
#   description: Kubernetes, hostNetwork pods and the names of Services
# schemas:
# - input: schema.model
# custom:
#   id: dns-policy-unusable
#   category: source
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     host-network: >-
#       Pods of {workload} in namespace {namespace} cannot resolve the names of Services: with hostNetwork, dnsPolicy
#       ClusterFirst (also where none is written) asks the resolvers of the node, which know no Services.{needed}
#     default: >-
#       Pods of {workload} in namespace {namespace} cannot resolve the names of Services: dnsPolicy Default asks the
#       resolvers of the node, which know no Services.{needed}
#     no-nameserver: >-
#       Pods of {workload} in namespace {namespace} cannot resolve any name: with dnsPolicy None only the nameservers
#       of dnsConfig are asked, and it lists none.{needed}
#   remedies:
#     host-network: >-
#       Set dnsPolicy: ClusterFirstWithHostNet next to hostNetwork.
#     default: >-
#       Remove dnsPolicy: Default; without it CoreDNS is asked, which resolves public names too (pods with hostNetwork
#       need ClusterFirstWithHostNet for that).
#     no-nameserver: >-
#       Add the address of a resolver under dnsConfig.nameservers, or remove dnsPolicy: None; without it CoreDNS is
#       asked.
#   help:
#     effect: >-
#       Names of Services exist in the cluster's DNS only. A pod asks it with dnsPolicy ClusterFirst, which applies when
#       none is written. `Default` is not the default: it means the resolvers of the node, on Alibaba Cloud those of
#       the VPC. A hostNetwork pod with ClusterFirst is treated as if it had Default. The names then do not exist, and
#       connecting by them fails at once. A pod with dnsPolicy None and no nameserver is refused by the API server.
#     fix: |
#       ```yaml
#       spec:
#         template:
#           spec:
#             hostNetwork: true
#             dnsPolicy: ClusterFirstWithHostNet # without hostNetwork leave dnsPolicy out
#       ```
#     levels: Error; warning if the need for the name is only inferred.
#     silent: >-
#       With dnsPolicy ClusterFirstWithHostNet; for names outside the cluster, which the node's resolvers know; for
#       literal addresses; when a setting, or whether a name is that of a Service, is not in the scanned files.
package egresslint.rules.source["dns-policy-unusable"]

import data.egresslint.lib.need

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": gate.code,
	"args": {
		"workload": gate.workload,
		"namespace": gate.namespace,
		"needed": need.destinations(gate.need.evidence),
	},
	"key": [gate.namespace, gate.workload, gate.code],
	"related": need.places(gate.need.evidence),
} if {
	some gate in input.gates.dns_settings
	gate.code in {"host-network", "default", "no-nameserver"}
}
