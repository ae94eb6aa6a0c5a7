# METADATA
# scope: package
# title: NetworkPolicies admit DNS over UDP but not over TCP
# description: >-
#   A workload may ask its resolver on UDP port 53 but not on TCP port 53. An answer that does not fit into a UDP
#   packet is asked for again over TCP, and that is blocked.
# entrypoint: true
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   description: Kubernetes, NetworkPolicies
# - ref: https://www.rfc-editor.org/rfc/rfc7766
#   description: RFC 7766, DNS transport over TCP
# schemas:
# - input: schema.model
# custom:
#   id: dns-tcp-egress-blocked
#   category: source
#   severity: note
#   precision: high
#   since: 0.1.0
#   messages:
#     tcp: >-
#       {workloads} in namespace {namespace} may ask {resolver} on UDP port 53 but not on TCP port 53: a large answer
#       is repeated over TCP, which nothing in NetworkPolicy {policies} admits.{assumed}
#   remedies:
#     tcp: >-
#       Add TCP port 53 to the ports of this rule.
#   help:
#     effect: >-
#       DNS answers that are too large for UDP are cut, and the client asks again over TCP. Names with many addresses,
#       such as headless Services, and signed zones are the usual cases. NodeLocal DNSCache asks CoreDNS over TCP
#       always.
#     fix: |
#       ```yaml
#       ports:
#         - protocol: UDP
#           port: 53
#         - protocol: TCP
#           port: 53
#       ```
#     levels: Always a note.
#     silent: >-
#       When UDP port 53 is blocked too (dns-egress-blocked tells that); when the cluster does not enforce
#       NetworkPolicies; when all known destinations are literal addresses.
package egresslint.rules.source["dns-tcp-egress-blocked"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": _place(gate.ports, gate.origin),
	"case": "tcp",
	"args": {
		"workloads": gate.workloads,
		"namespace": gate.namespace,
		"policies": gate.policies,
		"resolver": gate.resolver,
		"assumed": words.assumed(gate.enforcement),
	},
	"key": array.concat([gate.namespace], gate.policies),
	"related": array.concat(
		[{"at": place, "text": "a workload that these policies isolate"} |
			some place in array.slice(gate.workload_origins, 0, need.shown)
		],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.dns
	gate.udp == "open"
	gate.tcp == "blocked"
}

_place(ports, _) := ports if ports.ref > 0

_place(ports, origin) := origin if ports.ref == 0
