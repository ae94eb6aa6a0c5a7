# METADATA
# scope: package
# title: A whitelist admits every address
# description: >-
#   The whitelist of a cloud service instance holds 0.0.0.0/0 or ::/0. Only its other defences, such as accounts and
#   the network it is in, stand between it and everybody.
# entrypoint: true
# related_resources:
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/db_instance
#   description: Terraform, alicloud_db_instance (security_ips)
# - ref: https://aliyun.github.io/infraguard/docs/policies/aliyun/rules
#   description: Infraguard, rules for Alibaba Cloud resources
# schemas:
# - input: schema.model
# custom:
#   id: whitelist-open
#   category: target
#   severity: warning
#   precision: very-high
#   since: 0.1.0
#   messages:
#     open: >-
#       {attribute} of {product} {target} holds {value}, which admits every address.
#   remedies:
#     open: >-
#       Replace {value} with the CIDRs that connections come from. For pods, that is the cidr_block of the pod vSwitches
#       under Terway, and of the node vSwitches under Flannel.
#   help:
#     effect: >-
#       A list with 0.0.0.0/0 or ::/0 admits any source. It is often put there when a pod could not connect, because
#       the entry that was missing is not the obvious one: under Terway a database sees the pod's address, under
#       Flannel the node's.
#     fix: |
#       ```hcl
#       security_ips = [for v in alicloud_vswitch.pod : v.cidr_block] # alicloud_vswitch.node under Flannel
#       ```
#     levels: Always a warning. Nothing is blocked.
#     silent: When the value of the list is not known.
package egresslint.rules.target["whitelist-open"]

violation contains {
	"at": entry.origin,
	"case": "open",
	"args": {
		"product": target.product,
		"target": target.name,
		"attribute": entry.attribute,
		"value": entry.value,
	},
	"key": [target.address, entry.value],
	"related": [{"at": target.origin, "text": "the instance"}],
} if {
	some target in input.targets
	some entry in target.whitelist
	entry.open
}
