# METADATA
# scope: package
# title: Pods have IPv6 addresses without a way to the Internet
# description: >-
#   A workload of a dual-stack cluster needs the IPv6 Internet, and the VPC has no IPv6 gateway, or the pods' IPv6
#   addresses have no public bandwidth. Without both an IPv6 address reaches its VPC only.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/container-service-for-kubernetes/latest/podipv6
#   description: Alibaba Cloud, IPv6 addresses of pods
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/vpc_ipv6_gateway
#   description: Terraform, alicloud_vpc_ipv6_gateway
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/vpc_ipv6_internet_bandwidth
#   description: Terraform, alicloud_vpc_ipv6_internet_bandwidth
# schemas:
# - input: schema.model
# custom:
#   id: ipv6-bandwidth-missing
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     no-gateway: >-
#       Pods of cluster {cluster} cannot reach public IPv6 addresses: {vpc} has no IPv6 gateway, so that IPv6 stays
#       inside the VPC.{affected}
#     no-bandwidth: >-
#       {workloads} cannot reach public IPv6 addresses: an IPv6 address of cluster {cluster} has no public bandwidth
#       until some is allocated to it, and nothing allocates any.{affected}
#   remedies:
#     no-gateway: >-
#       Add an alicloud_vpc_ipv6_gateway with vpc_id = {vpc_id}, and to the pod template the annotation
#       k8s.aliyun.com/ipv6-bandwidth with the bandwidth in Mbit/s.
#     no-bandwidth: >-
#       Add to the pod template the annotation k8s.aliyun.com/ipv6-bandwidth with the bandwidth in Mbit/s, for example
#       "5"; the addon ack-extend-network-controller serves it.
#   help:
#     effect: >-
#       There is no NAT gateway for IPv6: a pod reaches the Internet with its own address. That takes an IPv6 gateway
#       in the VPC, and public bandwidth for each address, of which there is none by default. Without them packets to
#       public IPv6 addresses are lost. Clients that know an IPv4 address too try that one after a delay.
#     fix: |
#       ```hcl
#       resource "alicloud_vpc_ipv6_gateway" "main" {
#         vpc_id = alicloud_vpc.main.id
#       }
#       ```
#
#       ```yaml
#       spec:
#         template:
#           metadata:
#             annotations:
#               k8s.aliyun.com/ipv6-bandwidth: "5" # Mbit/s
#       ```
#     levels: >-
#       Error if a literal public IPv6 address is known to be needed; warning if that is inferred from a name, and for
#       the IPv6 Internet in general, where IPv4 may do as well.
#     silent: >-
#       For names, which may have IPv4 addresses too; when Terraform allocates bandwidth to addresses that are known
#       only at run time; when the VPC is not in the scanned files; when the cluster has IPv4 only (ipv6-single-stack
#       tells that).
package egresslint.rules.internet["ipv6-bandwidth-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": _level(gate.literal, gate.need.strength),
	"case": gate.code,
	"args": {
		"cluster": gate.cluster_name,
		"workloads": gate.workloads,
		"vpc": gate.vpc,
		"vpc_id": words.reference(gate.vpc, "id"),
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat([gate.cluster_name, gate.code], sort(gate.workloads)),
	"related": array.concat(
		[{"at": gate.cause, "text": "the cluster"}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.ipv6
	gate.code in {"no-gateway", "no-bandwidth"}
}

_level(true, strength) := need.level(strength)

_level(false, strength) := "warning" if need.level(strength)
