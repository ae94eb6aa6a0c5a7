# METADATA
# title: Facts in words
# description: Phrases that the messages of several rules share.
package egresslint.lib.words

# How many elements of a list a message names.
shown := 5

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
# description: >-
#   Labels without what each repeats of the one before it: instances of one resource are named by their keys, after
#   the first of them.
brief(labels) := [_brief(label, _resource_before(labels, i)) | some i, label in labels]

# METADATA
# description: The same for labels that a message names behind others.
# scope: document
brief_after(before, labels) := array.slice(both, count(before), count(both)) if {
	count(before) <= shown
	both := brief(array.concat(before, labels))
}

brief_after(before, labels) := brief(labels) if count(before) > shown

_brief(label, resource) := substring(label, count(resource), -1) if _resource(label) == resource

_brief(label, resource) := label if _resource(label) != resource

_resource_before(_, 0) := ""

_resource_before(labels, i) := _resource(labels[i - 1]) if i > 0

# The address of the resource whose instance a label names; empty if it is no instance of several.
default _resource(_) := ""

_resource(label) := concat("[", array.slice(steps, 0, count(steps) - 1)) if {
	endswith(name(label), "]")
	steps := split(name(label), "[")
}

# METADATA
# description: >-
#   The argument that refers to something by its Terraform address, or by its id if it has none here. Inside a module
#   it has no name that its caller could write.
# scope: document
reference(name, attribute) := sprintf("%s.%s", [name, attribute]) if {
	contains(name, "alicloud_")
	not _in_module(name)
}

reference(name, attribute) := sprintf("the %s of %s", [attribute, name]) if _in_module(name)

reference(name, _) := sprintf("\"%s\"", [name]) if not contains(name, "alicloud_")

_in_module(name) if {
	startswith(name, "module.")
	contains(name, ".alicloud_")
}

# METADATA
# description: The ids of what labels name, as references.
# scope: document
ids(labels) := array.concat(
	[sprintf("the ids of %s", [names[0]])],
	array.slice(brief(names), 1, count(names)),
) if {
	_several_in_modules(labels)
	names := [name(label) | some label in labels]
}

ids(labels) := [reference(name(label), "id") | some label in labels] if not _several_in_modules(labels)

_several_in_modules(labels) if {
	count(labels) > 1
	every label in labels {
		_in_module(label)
	}
}

# METADATA
# description: >-
#   What to write into a list for sources that are given by their labels: references to the attributes of resources;
#   for those inside modules, which cannot be referred to, the CIDRs and whose they are.
# scope: document
admitted(labels) := [concat("", [cidr(label), _owners(labels, i)]) | some i, label in labels] if {
	_several_with_cidrs(labels)
}

admitted(labels) := [_admitted(name(label), cidr(label)) | some label in labels] if not _several_with_cidrs(labels)

# Behind the last CIDR, whose they all are.
_owners(labels, i) := "" if i < count(labels) - 1

_owners(labels, i) := sprintf(" (the CIDRs of %s and %s)", [concat(", ", array.slice(names, 0, i)), names[i]]) if {
	i == count(labels) - 1
	names := brief([name(label) | some label in labels])
}

# All are named, with a known CIDR and a name that cannot be written.
_several_with_cidrs(labels) if {
	_several_in_modules(labels)
	count(labels) <= shown
	every label in labels {
		cidr(label) != ""
	}
}

_admitted(name, _) := reference(name, "cidr_block") if {
	contains(name, "alicloud_vswitch.")
	not _in_module(name)
}

_admitted(name, cidr) := sprintf("%s (%s)", [cidr, reference(name, "cidr_block")]) if {
	_in_module(name)
	cidr != ""
}

_admitted(name, "") := reference(name, "cidr_block") if {
	contains(name, "alicloud_vswitch.")
	_in_module(name)
}

_admitted(name, cidr) := cidr if {
	not contains(name, "alicloud_vswitch.")
	cidr != ""
}

# An address that a resource is asked for already, or one that is written.
_admitted(name, "") := _attribute(name) if not contains(name, "alicloud_vswitch.")

_attribute(name) := reference(trim_suffix(name, concat("", [".", attribute])), attribute) if {
	_in_module(name)
	steps := split(name, ".")
	attribute := steps[count(steps) - 1]
}

_attribute(name) := name if not _in_module(name)

# METADATA
# description: What a value of the files says, without the marks of a reference.
written(value) := trim_suffix(trim_prefix(value, "${"), "}")

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
#   What a finding about NetworkPolicies adds where it is not known whether they are enforced; with a space in front,
#   else empty.
# scope: document
default assumed(_) := ""

assumed("unknown") := concat("", [
	" The files do not say whether the cluster enforces NetworkPolicies;",
	" they are taken to be enforced.",
])

# METADATA
# description: The cluster that a gate is about, with the pods of it if it is about certain ones only.
# scope: document
cluster(gate) := gate.cluster_name if gate.scope == ""

cluster(gate) := sprintf("%s (%s)", [gate.cluster_name, gate.scope]) if gate.scope != ""

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

# METADATA
# description: The same for SNAT entries, one of which can cover several vSwitches by their CIDR.
# scope: document
each_or_cidr([_]) := ""

each_or_cidr(list) := concat("", [each(list), ", or one whose source_cidr contains them all"]) if count(list) != 1
