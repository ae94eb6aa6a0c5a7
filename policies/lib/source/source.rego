# METADATA
# title: Where packets come from, in words
# description: How a cluster's network plug-in decides the address that the rest of the network sees.
package egresslint.lib.source

# METADATA
# description: Why packets of this role have the source address that they have.
reason("terway", "pod") := "with Terway a packet leaves with the pod's own address"

reason("terway", "node") := "a hostNetwork pod and the node itself use the node's address"

reason("flannel", "node") := "with Flannel a packet leaves with the address of the pod's node"

reason(_, "eip") := "a packet to a public endpoint arrives with an EIP of the NAT gateway"

# METADATA
# description: The argument value that refers to a vSwitch, by its address in Terraform or by its id.
vswitch_id(name) := sprintf("%s.id", [name]) if contains(name, "alicloud_vswitch.")

vswitch_id(name) := sprintf("%q", [name]) if not contains(name, "alicloud_vswitch.")
