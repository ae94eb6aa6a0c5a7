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

test_reference_to_a_resource if words.reference("alicloud_vswitch.pod", "id") == "alicloud_vswitch.pod.id"

test_reference_to_an_id if words.reference("vsw-1", "id") == `"vsw-1"`

test_listed_vswitch if words.listed("alicloud_vswitch.pod", "10.0.1.0/24") == "alicloud_vswitch.pod.cidr_block"

test_listed_eip if {
	words.listed("alicloud_eip_address.nat.ip_address", "") == "alicloud_eip_address.nat.ip_address"
}

test_listed_id_with_cidr if words.listed("vsw-1", "10.0.1.0/24") == "10.0.1.0/24"

test_listed_name_alone if words.listed("203.0.113.7", "") == "203.0.113.7"

test_admitted_labels if {
	labels := ["alicloud_vswitch.pod (10.0.1.0/24)", "vsw-1 (10.0.2.0/24)", "vsw-2"]
	words.admitted(labels) == ["alicloud_vswitch.pod.cidr_block", "10.0.2.0/24", "vsw-2"]
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
