# METADATA
# scope: package
# title: A bucket policy denies the addresses or the VPC of pods
# description: >-
#   A Deny statement of an OSS bucket's policy applies to everybody but the addresses or VPCs that its condition
#   lists, and the cluster's packets come from others.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/en/oss/user-guide/bucket-policy/
#   description: Alibaba Cloud, OSS bucket policies
# - ref: https://help.aliyun.com/zh/oss/user-guide/0030-00000008
#   description: Alibaba Cloud, acs:SourceIp needs acs:SourceVpc
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/oss_bucket_policy
#   description: Terraform, alicloud_oss_bucket_policy
# schemas:
# - input: schema.model
# custom:
#   id: bucket-policy-blocks
#   category: target
#   severity: error
#   precision: medium
#   since: 0.1.0
#   messages:
#     source-ip: >-
#       OSS bucket {bucket} denies requests from cluster {cluster}: {source}, from {uncovered}, and a Deny statement of
#       the policy spares only acs:SourceIp {listed}.{affected}
#     source-vpc: >-
#       OSS bucket {bucket} denies requests from cluster {cluster}: they come from {uncovered}, and a Deny statement of
#       the policy spares only acs:SourceVpc {listed}.{affected}
#   remedies:
#     source-ip: >-
#       Add {values} to acs:SourceIp of that statement, and the cluster's VPC to acs:SourceVpc in the same statement.
#     source-vpc: >-
#       Add {ids} to acs:SourceVpc of that statement.
#   help:
#     effect: >-
#       A Deny of a bucket policy beats every Allow, and with a condition it applies to the bucket's owner too. OSS
#       answers requests that meet it with 403 AccessDenied. Over the internal endpoint OSS sees private addresses: the
#       pod's under Terway, the node's under Flannel and for hostNetwork pods. Over the public endpoint it sees an EIP
#       and no VPC.
#     fix: |
#       ```hcl
#       resource "alicloud_oss_bucket_policy" "assets" {
#         bucket = alicloud_oss_bucket.assets.bucket
#         policy = jsonencode({
#           Version = "1"
#           Statement = [{
#             Effect    = "Deny"
#             Principal = ["*"]
#             Action    = ["oss:GetObject"]
#             Resource  = ["acs:oss:*:*:assets/*"]
#             Condition = {
#               NotIpAddress    = { "acs:SourceIp" = [for v in alicloud_vswitch.pod : v.cidr_block] }
#               StringNotEquals = { "acs:SourceVpc" = [alicloud_vpc.main.id] }
#             }
#           }]
#         })
#       }
#       ```
#     levels: Error; warning if the need for the bucket is only inferred from a name.
#     silent: >-
#       When a source is listed; when a statement has other conditions as well, which may not hold; when the policy is
#       not in the scanned files or a part of it is not known; over the public endpoint when the list holds public
#       addresses and the EIP has none of its own choice, so that it may be one of them.
package egresslint.rules.target["bucket-policy-blocks"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": gate.code,
	"args": {
		"bucket": gate.bucket_name,
		"cluster": words.cluster(gate),
		"source": _sources[gate.role],
		"listed": [words.written(value) | some value in gate.listed],
		"uncovered": words.brief(gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"ids": words.ids(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.bucket, words.cluster(gate), gate.role, gate.code],
	"related": need.places(gate.need.evidence),
} if {
	some gate in input.gates.bucket_policy
	gate.code in {"source-ip", "source-vpc"}
}

_sources := {
	"pod": "requests arrive with the pods' own addresses",
	"node": "requests arrive with the nodes' addresses",
	"eip": "requests arrive with the NAT gateway's addresses",
}
