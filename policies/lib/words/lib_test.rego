package egresslint.lib.words_test

import data.egresslint.lib.words

test_source_by_plugin_and_role if {
	words.source("terway", "pod") == "with Terway a packet leaves with the pod's own address"
	words.source("flannel", "node") == "with Flannel a packet leaves with the address of the pod's node"
	contains(words.source("terway", "node"), "hostNetwork")
	contains(words.source("terway", "eip"), "EIPs")
	contains(words.source("flannel", "eip"), "EIPs")
	words.source("other", "pod") == "packets leave with an address of these vSwitches"
}

test_name_of_a_label if {
	words.name(`alicloud_vswitch.pod["b"] (10.0.1.0/24)`) == `alicloud_vswitch.pod["b"]`
	words.name("vsw-1") == "vsw-1"
}

test_cidr_of_a_label if {
	words.cidr(`alicloud_vswitch.pod["b"] (10.0.1.0/24)`) == "10.0.1.0/24"
	words.cidr("vsw-1") == ""
}

test_brief_names_instances_after_the_first_by_their_keys if {
	labels := [
		`module.network.alicloud_vswitch.pod["cn-hangzhou-h"] (10.0.1.0/24)`,
		`module.network.alicloud_vswitch.pod["cn-hangzhou-i"] (10.0.2.0/24)`,
		"alicloud_vswitch.node[0]",
		"alicloud_vswitch.node[1]",
	]
	words.brief(labels) == [labels[0], `["cn-hangzhou-i"] (10.0.2.0/24)`, labels[2], "[1]"]
}

test_brief_after_others if {
	covered := ["alicloud_vswitch.pod[0] (10.0.1.0/24)", "alicloud_vswitch.pod[1] (10.0.2.0/24)"]
	words.brief_after(covered, ["alicloud_vswitch.pod[2] (10.0.3.0/24)"]) == ["[2] (10.0.3.0/24)"]
	words.brief_after([], covered) == [covered[0], "[1] (10.0.2.0/24)"]
	many := [sprintf("alicloud_vswitch.pod[%d]", [n]) | some n in numbers.range(1, 6)]
	words.brief_after(many, ["alicloud_vswitch.pod[7]"]) == ["alicloud_vswitch.pod[7]"]
}

test_brief_keeps_what_does_not_repeat if {
	labels := [
		"alicloud_vswitch.a (10.0.1.0/24)",
		"alicloud_vswitch.b (10.0.2.0/24)",
		`module.net["a"].alicloud_vswitch.c (10.0.3.0/24)`,
		`module.net["b"].alicloud_vswitch.c (10.0.4.0/24)`,
		"vsw-1",
		"vsw-2",
	]
	words.brief(labels) == labels
	words.brief([]) == []
}

test_reference_to_a_resource if words.reference("alicloud_vswitch.pod", "id") == "alicloud_vswitch.pod.id"

test_reference_to_an_id if words.reference("vsw-1", "id") == `"vsw-1"`

# The caller of a module cannot write the address of a resource in it.
test_reference_into_a_module if {
	words.reference("module.network.alicloud_vswitch.pod[0]", "id") == "the id of module.network.alicloud_vswitch.pod[0]"
}

test_ids_of_root_resources if {
	labels := ["alicloud_vswitch.a (10.0.1.0/24)", "vsw-1 (10.0.2.0/24)"]
	words.ids(labels) == ["alicloud_vswitch.a.id", `"vsw-1"`]
}

test_ids_of_resources_in_modules if {
	one := `module.network.alicloud_vswitch.pod["h"] (10.0.1.0/24)`
	words.ids([one]) == [`the id of module.network.alicloud_vswitch.pod["h"]`]
	both := [one, `module.network.alicloud_vswitch.pod["i"] (10.0.2.0/24)`]
	words.ids(both) == [`the ids of module.network.alicloud_vswitch.pod["h"]`, `["i"]`]
	words.ids([one, "alicloud_vswitch.a"]) == [
		`the id of module.network.alicloud_vswitch.pod["h"]`,
		"alicloud_vswitch.a.id",
	]
}

test_admitted_labels if {
	labels := ["alicloud_vswitch.pod (10.0.1.0/24)", "alicloud_vswitch.more", "vsw-1 (10.0.2.0/24)", "203.0.113.7"]
	words.admitted(labels) == [
		"alicloud_vswitch.pod.cidr_block",
		"alicloud_vswitch.more.cidr_block",
		"10.0.2.0/24",
		"203.0.113.7",
	]
}

test_admitted_vswitch_of_a_module if {
	words.admitted([`module.network.alicloud_vswitch.pod["j"] (10.0.3.0/24)`]) == [concat("", [
		"10.0.3.0/24 (the cidr_block of ",
		`module.network.alicloud_vswitch.pod["j"])`,
	])]
	words.admitted(["module.network.alicloud_vswitch.pod"]) == ["the cidr_block of module.network.alicloud_vswitch.pod"]
}

test_admitted_vswitches_of_a_module if {
	labels := [sprintf("module.network.alicloud_vswitch.pod[%d] (10.0.%d.0/24)", [n, n]) | some n in numbers.range(1, 3)]
	words.admitted(labels) == [
		"10.0.1.0/24",
		"10.0.2.0/24",
		"10.0.3.0/24 (the CIDRs of module.network.alicloud_vswitch.pod[1], [2] and [3])",
	]
}

# A message names five, so what is said behind the last of more would not be read.
test_admitted_vswitches_of_a_module_are_too_many_for_one_clause if {
	labels := [sprintf("module.network.alicloud_vswitch.pod[%d] (10.0.%d.0/24)", [n, n]) | some n in numbers.range(1, 6)]
	words.admitted(labels)[5] == "10.0.6.0/24 (the cidr_block of module.network.alicloud_vswitch.pod[6])"
}

test_admitted_eip if {
	words.admitted(["alicloud_eip_address.nat.ip_address"]) == ["alicloud_eip_address.nat.ip_address"]
	words.admitted(["module.network.alicloud_eip_address.nat.ip_address"]) == [concat(" ", [
		"the ip_address of",
		"module.network.alicloud_eip_address.nat",
	])]
	words.admitted(["module.network.eip"]) == ["module.network.eip"]
}

test_written_value if {
	words.written("${alicloud_vpc.main.id}") == "alicloud_vpc.main.id"
	words.written("10.0.0.0/8") == "10.0.0.0/8"
}

test_acl_entry if {
	words.acl_entry("alicloud_slb_listener.https") == "alicloud_slb_acl_entry_attachment"
	words.acl_entry("module.edge.alicloud_alb_listener.https") == "alicloud_alb_acl_entry_attachment"
}

test_port if {
	words.port("TCP", 443) == "TCP port 443"
	words.port("TCP", 0) == "any port"
}

test_assumption_is_told_only_if_made if {
	words.assumed("enforced") == ""
	contains(words.assumed("unknown"), "taken to be enforced")
}

test_also if {
	words.also([]) == ""
	words.also(["a", "b", "c"]) == " The same stops a, b, c."
	words.also(["a", "b", "c", "d", "e"]) == " The same stops a, b, c … and 2 more."
}

test_interfaces if {
	words.interfaces("pod", "prod") == "Pods of cluster prod"
	words.interfaces("node", "prod") == "Nodes of cluster prod, and pods that use their addresses,"
}

test_each_of_several if {
	words.each(["a"]) == ""
	words.each(["a", "b"]) == " (one entry for each)"
}

test_each_or_a_cidr_for_all if {
	words.each_or_cidr(["a"]) == ""
	words.each_or_cidr(["a", "b"]) == " (one entry for each), or one whose source_cidr contains them all"
}

test_cluster if {
	words.cluster({"cluster_name": "prod", "scope": ""}) == "prod"
	words.cluster({"cluster_name": "prod", "scope": "pods of PodNetworking dmz"}) == "prod (pods of PodNetworking dmz)"
}
