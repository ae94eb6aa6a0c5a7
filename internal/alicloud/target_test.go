package alicloud_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
)

func targetOf(t *testing.T, hcl string) *alicloud.Target {
	t.Helper()
	list := alicloud.Targets(scopeOf(t, network+hcl))
	if len(list) != 1 {
		t.Fatalf("%d targets, want 1", len(list))
	}
	return list[0]
}

func texts(entries []alicloud.AllowEntry) string {
	var list []string
	for _, e := range entries {
		list = append(list, e.Text)
	}
	return strings.Join(list, " ")
}

// TestAllowList covers what the arguments of an instance say of its list.
func TestAllowList(t *testing.T) {
	for _, test := range []struct {
		name, hcl string
		entries   string
		unknown   string // a part of the reason
	}{
		{"written", `resource "alicloud_db_instance" "a" { security_ips = ["10.1.0.0/16,10.2.0.0/16", ""] }`, "10.1.0.0/16 10.2.0.0/16", ""},
		{"left out and closed", `resource "alicloud_db_instance" "a" {}`, "", ""},
		{"left out", `resource "alicloud_kvstore_instance" "a" {}`, "", "the service's default"},
		{"unknown element", `resource "alicloud_db_instance" "a" { security_ips = ["10.1.0.0/16", var.x] }`, "10.1.0.0/16", "var.x"},
		{"no address", `resource "alicloud_db_instance" "a" { security_ips = ["everybody"] }`, "everybody", "is not an address"},
		{"append", `resource "alicloud_db_instance" "a" {
  security_ips = ["10.1.0.0/16"]
  modify_mode  = "Append"
}`, "10.1.0.0/16", "Append adds"},
		{"delete", `resource "alicloud_db_instance" "a" {
  security_ips = ["10.1.0.0/16"]
  modify_mode  = "Delete"
}`, "", "Delete removes"},
		{"delete in a block", `resource "alicloud_polardb_cluster" "a" {
  security_ips = ["10.1.0.0/16"]
  db_cluster_ip_array {
    security_ips = ["10.2.0.0/16"]
    modify_mode  = "Delete"
  }
}`, "10.1.0.0/16", "Delete removes"},
		{"blocks are a union", `resource "alicloud_mongodb_instance" "a" {
  security_ip_list = ["10.1.0.0/16"]
  security_ip_groups { security_ip_list = "10.2.0.0/16" }
}`, "10.1.0.0/16 10.2.0.0/16", ""},
		{"ignored", `resource "alicloud_db_instance" "a" {
  security_ips = ["10.1.0.0/16"]
  lifecycle { ignore_changes = [security_ips] }
}`, "10.1.0.0/16", "ignore_changes"},
		{"a group besides", `resource "alicloud_db_instance" "a" {
  security_ips       = ["10.1.0.0/16"]
  security_group_ids = ["sg-1"]
}`, "10.1.0.0/16", "security_group_ids may admit"},
		{"a template", `resource "alicloud_rds_whitelist_template" "t" { ip_white_list = "10.3.0.0/16" }
resource "alicloud_db_instance" "a" {
  security_ips     = ["10.1.0.0/16"]
  template_id_list = [alicloud_rds_whitelist_template.t.id]
}`, "10.1.0.0/16 10.3.0.0/16", ""},
		{"a template outside the files", `resource "alicloud_db_instance" "a" {
  security_ips     = ["10.1.0.0/16"]
  template_id_list = ["7"]
}`, "10.1.0.0/16", "outside the files"},
		{"attached", `resource "alicloud_gpdb_instance" "a" {}
resource "alicloud_gpdb_db_instance_ip_array" "more" {
  db_instance_id   = alicloud_gpdb_instance.a.id
  security_ip_list = ["10.4.0.0/16"]
}
resource "alicloud_gpdb_db_instance_ip_array" "others" {
  db_instance_id   = "gp-1"
  security_ip_list = ["10.5.0.0/16"]
}`, "10.4.0.0/16", ""},
		{"attached to something unknown", `resource "alicloud_gpdb_instance" "a" { security_ip_list = ["10.1.0.0/16"] }
resource "alicloud_gpdb_db_instance_ip_array" "more" {
  db_instance_id   = var.x
  security_ip_list = ["10.4.0.0/16"]
}`, "10.1.0.0/16", "belongs to is unknown"},
		{"of the other kind", `resource "alicloud_alikafka_instance" "a" {}
resource "alicloud_alikafka_instance_allowed_ip_attachment" "vpc" {
  instance_id  = alicloud_alikafka_instance.a.id
  allowed_type = "vpc"
  allowed_ip   = "10.1.0.0/16"
}
resource "alicloud_alikafka_instance_allowed_ip_attachment" "internet" {
  instance_id  = alicloud_alikafka_instance.a.id
  allowed_type = "internet"
  allowed_ip   = "198.51.100.1"
}`, "10.1.0.0/16", "entries of its own"},
		{"an EIP", `resource "alicloud_db_instance" "a" { security_ips = [alicloud_eip_address.main.ip_address] }`, "${alicloud_eip_address.main.ip_address}", ""},
		{"not the address of an EIP", `resource "alicloud_db_instance" "a" { security_ips = [alicloud_vpc.main.user_cidrs] }`, "", "user_cidrs"},
		{"an old name", `resource "alicloud_adb_cluster" "a" { security_ips = ["10.1.0.0/16"] }`, "10.1.0.0/16", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := targetOf(t, test.hcl).List
			if got := texts(list.Entries); got != test.entries {
				t.Errorf("entries %q, want %q", got, test.entries)
			}
			if (list.Unknown == "") != (test.unknown == "") || !strings.Contains(list.Unknown, test.unknown) {
				t.Errorf("unknown %q, want %q", list.Unknown, test.unknown)
			}
			if omitted := test.name == "left out and closed"; list.Omitted != omitted || list.LoopbackOnly() != omitted {
				t.Errorf("omitted %v, loopback %v, want %v", list.Omitted, list.LoopbackOnly(), omitted)
			}
		})
	}
}

// TestEndpoints checks that lists of public endpoints and of consoles stand apart.
func TestEndpoints(t *testing.T) {
	list := targetOf(t, `resource "alicloud_elasticsearch_instance" "a" {
  private_whitelist            = ["10.1.0.0/16"]
  public_whitelist             = ["198.51.100.1"]
  enable_public                = true
  kibana_whitelist             = ["0.0.0.0/0"]
  enable_kibana_public_network = true
  kibana_private_whitelist     = ["10.9.0.0/16"]
}`).List
	got := fmt.Sprintf("%s | %s | %s", texts(list.Entries), texts(list.PublicEntries), texts(list.All))
	if want := "10.1.0.0/16 | 198.51.100.1 | 10.1.0.0/16 198.51.100.1 0.0.0.0/0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if list.Unknown != "" || list.PublicUnknown != "" {
		t.Errorf("unknown: %q, %q", list.Unknown, list.PublicUnknown)
	}
}

// TestTargetNames covers what a target is called, where it is and what it listens on.
func TestTargetNames(t *testing.T) {
	for _, test := range []struct{ hcl, want string }{
		{
			`resource "alicloud_db_instance" "a" {
  engine                   = "PostgreSQL"
  instance_name            = "orders"
  connection_string_prefix = "Orders-DB"
  vswitch_id               = alicloud_vswitch.a.id
}
resource "alicloud_db_connection" "p" {
  instance_id       = alicloud_db_instance.a.id
  connection_prefix = "orders-pub"
}`, "rds orders [a orders] [orders-db] [orders-pub] 5432 alicloud_vpc.main",
		},
		{`resource "alicloud_db_instance" "a" { engine = var.x }`, "rds a [a] [] [] 0 -"},
		{`resource "alicloud_db_instance" "a" {
  engine = "MySQL"
  port   = 3307
}`, "rds a [a] [] [] 3307 -"},
		{`resource "alicloud_polardb_cluster" "a" { db_type = "MySQL" }`, "polardb a [a] [] [] 3306 -"},
		{`resource "alicloud_kvstore_instance" "a" { engine_version = "7.0" }`, "redis a [a] [] [] 6379 -"},
		{`resource "alicloud_oss_bucket" "a" { bucket = "logs" }`, "oss logs [a logs] [logs] [] 0 -"},
	} {
		target := targetOf(t, test.hcl)
		vpc := "-"
		if target.VPC != nil {
			vpc = target.VPC.Name
		}
		got := fmt.Sprintln(target.Kind, target.Name, target.Names, target.Prefixes, target.Public, target.Port, vpc)
		if got = strings.TrimSpace(got); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

// TestInternetFacing covers which load balancers have a public address.
func TestInternetFacing(t *testing.T) {
	for _, test := range []struct {
		hcl  string
		want truth.Truth
	}{
		{`resource "alicloud_slb_load_balancer" "a" {}`, truth.Yes},
		{`resource "alicloud_slb_load_balancer" "a" { vswitch_id = alicloud_vswitch.a.id }`, truth.No},
		{`resource "alicloud_slb_load_balancer" "a" { address_type = "Internet" }`, truth.Yes},
		{`resource "alicloud_slb_load_balancer" "a" { address_type = var.x }`, truth.Maybe},
		{`resource "alicloud_nlb_load_balancer" "a" { address_type = "Intranet" }`, truth.No},
		{`resource "alicloud_nlb_load_balancer" "a" {}`, truth.Maybe},
		{`resource "alicloud_instance" "a" {}`, truth.No},
	} {
		if got := targetOf(t, test.hcl).Internet; got != test.want {
			t.Errorf("%s: got %v, want %v", test.hcl, got, test.want)
		}
	}
}

// TestListeners covers how listeners find their ACLs.
func TestListeners(t *testing.T) {
	const acl = `
resource "alicloud_slb_load_balancer" "a" { address_type = "intranet" }
resource "alicloud_slb_acl" "x" {
  entry_list { entry = "10.1.0.0/16" }
}
resource "alicloud_slb_acl_entry_attachment" "x" {
  acl_id = alicloud_slb_acl.x.id
  entry  = "10.2.0.0/16"
}
`
	for _, test := range []struct{ name, hcl, want string }{
		{"none", `load_balancer_id = alicloud_slb_load_balancer.a.id`, "80  []"},
		{"of another", `load_balancer_id = "lb-1"`, ""},
		{"white", `load_balancer_id = alicloud_slb_load_balancer.a.id
  acl_status = "on"
  acl_type   = "white"
  acl_ids    = [alicloud_slb_acl.x.id]`, "80 white-acl [10.1.0.0/16 10.2.0.0/16]"},
		{"black, by the old argument", `load_balancer_id = alicloud_slb_load_balancer.a.id
  acl_status = "on"
  acl_type   = "black"
  acl_id     = alicloud_slb_acl.x.id`, "80 black-acl [10.1.0.0/16 10.2.0.0/16]"},
		{"off", `load_balancer_id = alicloud_slb_load_balancer.a.id
  acl_status = "off"
  acl_type   = "white"
  acl_ids    = [alicloud_slb_acl.x.id]`, "80  []"},
		{"outside the files", `load_balancer_id = alicloud_slb_load_balancer.a.id
  acl_status = "on"
  acl_type   = "white"
  acl_ids    = ["acl-1"]`, "80 white-acl [] the ACL of alicloud_slb_listener.a is outside the files"},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := targetOf(t, acl+"resource \"alicloud_slb_listener\" \"a\" {\n  frontend_port = 80\n  "+test.hcl+"\n}\n")
			got := ""
			for _, l := range target.Listeners {
				got = strings.TrimSpace(fmt.Sprintf("%d %s [%s] %s", l.Port, l.Filter, texts(l.ACL.List.Entries), l.ACL.List.Unknown))
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestWholeReferences checks which references name the resource itself.
func TestWholeReferences(t *testing.T) {
	s := scopeOf(t, network)
	for ref, whole := range map[string]bool{
		"alicloud_vpc.main.id": true, "alicloud_vpc.main.route_table_id": true, "alicloud_vpc.main.resource_group_id": false,
		"alicloud_eip_address.main.allocation_id": true, "alicloud_nat_gateway.main.snat_table_ids": true,
		"alicloud_vswitch.a.vpc_id": false,
	} {
		address, attribute := ref[:strings.LastIndexByte(ref, '.')], ref[strings.LastIndexByte(ref, '.')+1:]
		id := s.Ident(&located.Value{Kind: located.String, Str: located.Ref{Address: address, Attribute: attribute}.Placeholder()})
		if (id.Resource != nil) != whole {
			t.Errorf("%s names the whole resource: %v, want %v", ref, id.Resource != nil, whole)
		}
	}
}
