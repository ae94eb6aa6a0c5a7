package product_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/product"
)

// invented is a database product with a kind of its own: all that a new one needs.
var invented = product.Product{
	Kind: "granite", Declared: true, Port: 7001,
	Hosts: []product.Host{{Labels: "granite.rds", Reach: product.Unsaid}},
	Types: []product.Type{{
		Resource: "alicloud_granite_instance", Name: "Granite instance",
		Lists: []product.List{{Argument: "security_ips"}}, Names: []string{"instance_name"},
		Hosts: []string{"granite_endpoint"}, PlainID: true,
	}},
	Connections: []product.Connection{{Resource: "alicloud_granite_connection", Instance: "instance_id", Prefix: "prefix"}},
}

// TestNewProduct checks that one more row is all that a new product needs.
func TestNewProduct(t *testing.T) {
	for _, test := range []struct {
		table product.Table
		knows bool
	}{
		{product.Products, false},
		{append(slices.Clone(product.Products), invented), true},
	} {
		if got := slices.Contains(test.table.Declared(), "granite"); got != test.knows {
			t.Errorf("declared: %v, want %v", got, test.knows)
		}
		if p, typ := test.table.Resource("alicloud_granite_instance"); (p != nil && typ.Name == "Granite instance") != test.knows {
			t.Errorf("resource: %v, want %v", p, test.knows)
		}
		if got := test.table.Connection("alicloud_granite_connection") != nil; got != test.knows {
			t.Errorf("connection: %v, want %v", got, test.knows)
		}
		if got, _ := test.table.HoldsHost("granite_endpoint"); got != test.knows {
			t.Errorf("host attribute: %v, want %v", got, test.knows)
		}
		labels := []string{"gr-1", "granite", "cn-hangzhou", "rds"}
		if p, host := test.table.Host(labels); test.knows && (p == nil || p.Kind != "granite" || p.PortOf(host, labels[0], false) != 7001) || !test.knows && p != nil {
			t.Errorf("host name: %v, want %v", p, test.knows)
		}
	}
}

// TestHost covers the forms of host names, and the ports that they decide.
func TestHost(t *testing.T) {
	for _, test := range []struct {
		labels  string
		private bool
		kind    string
		port    int
	}{
		{"rm-1.mysql.rds", false, "rds", 3306},
		{"rm-1.mysql.singapore.rds", false, "rds", 3306},
		{"pc-1.mysql.polardb.rds", false, "polardb", 3306}, // the longest match, not mysql.rds
		{"x.mysql.gpdb.rds", false, "gpdb", 5432},          // gpdb is no region
		{"rm-1.mysql.abc.rds", false, "", 0},               // nor is so short a label
		{"r-1.redis.rds", false, "redis", 6379},
		{"mysql.rds", false, "", 0}, // no instance in front
		{"a.alikafka", true, "kafka", 9092},
		{"a.alikafka", false, "kafka", 9093},
		{"ld-1-proxy-tsdb-vpc.lindorm.rds", true, "lindorm", 8242},
		{"ld-1-proxy-tsdb-pub.lindorm.rds", false, "lindorm", 8242},
		{"ld-1.lindorm.rds", false, "lindorm", 0},
		{"bucket.oss-cn-hangzhou", false, "oss", 443},
		{"bucket.vpc100-oss-cn-hangzhou", true, "oss", 443},
		{"bucket.oss", false, "oss", 443},
		{"bucket.ossify", false, "", 0},
		{"registry-vpc.cn-hangzhou", true, "registry", 443},
		{"registry.a.cn-hangzhou", false, "", 0},
		{"ecs.cn-hangzhou", false, "", 0},
	} {
		labels := strings.Split(test.labels, ".")
		kind, port := "", 0
		if p, host := product.Products.Host(labels); p != nil {
			kind, port = p.Kind, p.PortOf(host, labels[0], test.private)
		}
		if kind != test.kind || port != test.port {
			t.Errorf("%s: got %q, port %d, want %q, port %d", test.labels, kind, port, test.kind, test.port)
		}
	}
}

// TestProducts checks what a row must not leave out.
func TestProducts(t *testing.T) {
	kinds, resources := make(map[string]bool), make(map[string]bool)
	for i := range product.Products {
		p := &product.Products[i]
		if kinds[p.Kind] || p.Kind == "" || strings.ToLower(p.Kind) != p.Kind {
			t.Errorf("the kind %q stands there twice or is no word", p.Kind)
		}
		kinds[p.Kind] = true
		for _, typ := range p.Types {
			if resources[typ.Resource] {
				t.Errorf("%s stands there twice", typ.Resource)
			}
			resources[typ.Resource] = true
			if typ.Name == "" {
				t.Errorf("%s has no name for messages", typ.Resource)
			}
		}
	}
}
