# METADATA
# scope: package
# title: A pod asks for an EIP in a Flannel cluster
# description: >-
#   A workload has a pod EIP annotation, and its cluster uses Flannel. Only Terway pods have a network interface that
#   an EIP can be bound to.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/associate-an-eip-with-a-pod-1
#   description: Alibaba Cloud, associate an EIP with a pod
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# schemas:
# - input: schema.model
# custom:
#   id: pod-eip-with-flannel
#   category: internet
#   severity: error
#   precision: very-high
#   since: 0.1.0
#   messages:
#     flannel: >-
#       {workload} in namespace {namespace} gets no public address from {annotation}: cluster {cluster} uses Flannel,
#       whose pods have addresses that only the cluster knows and no interface that an EIP can be bound to.
#   remedies:
#     flannel: >-
#       Remove {annotation} and let the nodes out: an alicloud_snat_entry for the node vSwitches, or public addresses
#       for the nodes. A pod EIP needs a cluster with Terway.
#   help:
#     effect: >-
#       The annotation is accepted and nothing happens. Under Flannel a packet leaves with the address of the pod's
#       node, so that the pod shares the node's way out: the SNAT entry of the node's vSwitch, or the node's own
#       public address. Where there is none, connections to public addresses time out.
#     fix: |
#       ```hcl
#       resource "alicloud_snat_entry" "node" {
#         for_each          = alicloud_vswitch.node
#         snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
#         source_vswitch_id = each.value.id
#         snat_ip           = alicloud_eip_address.nat.ip_address
#       }
#       ```
#     levels: Always an error.
#     silent: When the network plug-in is not known, or the workload is bound to no cluster.
package egresslint.rules.internet["pod-eip-with-flannel"]

violation contains {
	"at": gate.origin,
	"case": "flannel",
	"args": {
		"workload": gate.workload,
		"namespace": gate.namespace,
		"annotation": gate.annotation,
		"cluster": gate.cluster_name,
	},
	"key": [gate.cluster_name, gate.namespace, gate.workload, gate.annotation],
	"related": [{"at": gate.cause, "text": "what names the network plug-in"}],
} if {
	some gate in input.extensions.alicloud.pod_eips
	gate.code == "flannel"
}
