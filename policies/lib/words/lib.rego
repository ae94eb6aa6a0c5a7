# METADATA
# title: Facts in words
# description: Phrases that the messages of several rules share.
package egresslint.lib.words

# METADATA
# description: Why packets of a role of source have the address that they have.
# scope: document
default source(_, _) := "packets leave with an address of these vSwitches"

source("terway", "pod") := "with Terway a packet leaves with the pod's own address"

source("terway", "node") := "nodes and hostNetwork pods send packets with the node's address"

source("flannel", "node") := "with Flannel a packet leaves with the address of the pod's node"

source(_, "eip") := "through the NAT gateway a packet arrives with one of the gateway's EIPs"

# METADATA
# description: The name in a label, which is a name with a CIDR in parentheses behind it.
name(label) := split(label, " (")[0]

# METADATA
# description: The CIDR in a label; empty if the label has none.
# scope: document
default cidr(_) := ""

cidr(label) := trim_suffix(split(label, " (")[1], ")")

# METADATA
# description: The argument that refers to something by its Terraform address, or by its id if it has none here.
# scope: document
reference(name, attribute) := sprintf("%s.%s", [name, attribute]) if contains(name, "alicloud_")

reference(name, _) := sprintf("\"%s\"", [name]) if not contains(name, "alicloud_")

# METADATA
# description: >-
#   What to write into a whitelist for a source: the attribute of its resource, else its CIDR, else what is known of
#   it.
# scope: document
listed(name, _) := concat("", [name, ".cidr_block"]) if contains(name, "alicloud_vswitch.")

listed(name, cidr) := cidr if {
	not contains(name, "alicloud_vswitch.")
	cidr != ""
}

listed(name, "") := name if not contains(name, "alicloud_vswitch.")

# METADATA
# description: The same for sources that are given by their labels.
admitted(labels) := [listed(name(label), cidr(label)) | some label in labels]

# METADATA
# description: The type of resource that adds an entry to the access control list of a CLB or ALB listener.
# scope: document
acl_entry(listener) := "alicloud_alb_acl_entry_attachment" if contains(listener, "alicloud_alb_listener.")

acl_entry(listener) := "alicloud_slb_acl_entry_attachment" if not contains(listener, "alicloud_alb_listener.")

# METADATA
# description: A destination port; 0 stands for any.
# scope: document
port(protocol, number) := sprintf("%s port %d", [protocol, number]) if number > 0

port(_, 0) := "any port"

# METADATA
# description: Destinations beside the one that a message is about, with a space in front; empty without any.
# scope: document
also([]) := ""

also(destinations) := sprintf(" The same stops %s.", [concat(", ", destinations)]) if {
	count(destinations) in {1, 2, 3}
}

also(destinations) := text if {
	more := count(destinations) - 3
	more > 0
	text := sprintf(" The same stops %s … and %d more.", [concat(", ", array.slice(destinations, 0, 3)), more])
}

# METADATA
# description: >-
#   What a finding about NetworkPolicies adds where the network plug-in, and so whether they are enforced, is not
#   known; with a space in front, else empty.
# scope: document
default assumed(_) := ""

assumed("unknown") := concat("", [
	" The files do not say which network plug-in the cluster has;",
	" the policies are taken to be enforced.",
])

# METADATA
# description: Whose packets leave from the interfaces of a role.
# scope: document
interfaces("pod", cluster) := sprintf("Pods of cluster %s", [cluster])

interfaces("node", cluster) := sprintf("Nodes of cluster %s, and pods that use their addresses,", [cluster])

# METADATA
# description: A hint after a list of vSwitches that each of them needs an entry, with a space in front.
# scope: document
each([_]) := ""

each(list) := " (one entry for each)" if count(list) != 1
