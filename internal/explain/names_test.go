package explain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/explain"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
)

// named is a model of two clusters of one name and one of another.
func named() *explain.Index {
	workload := func(cluster, namespace, name, kind string) *model.Workload {
		return &model.Workload{ID: cluster + ":" + namespace + "/" + name + "[" + kind + "]", Kind: kind, Namespace: namespace, Name: name, Cluster: cluster}
	}
	path := func(w, destination string, port int) *model.Path {
		return &model.Path{Workload: w, Destination: destination, Port: port, Protocol: "TCP", Status: truth.Open}
	}
	m := &model.Model{
		Clusters: []*model.Cluster{
			{ID: "eu/a", Name: "prod", Address: "a", Root: "eu"},
			{ID: "us/a", Name: "prod", Address: "a", Root: "us"},
			{ID: "us/b", Name: "dev", Address: "b", Root: "us"},
		},
		Workloads: []*model.Workload{
			workload("eu/a", "shop", "orders", "Deployment"), workload("us/a", "shop", "orders", "Deployment"),
			workload("us/b", "dev", "orders", "StatefulSet"), workload("us/b", "dev", "job", "CronJob"),
		},
		Targets: []*model.Target{{Address: "module.x.alicloud_db_instance.main[0]", Kind: "rds", Name: "orders-db"}},
		Paths:   []*model.Path{path("us/b:dev/job[CronJob]", "orders-db.mysql.rds.aliyuncs.com:3306", 3306), path("us/b:dev/job[CronJob]", "[2001:db8::1]:53", 53)},
	}
	for _, p := range m.Paths {
		m.Requirements = append(m.Requirements, &model.Requirement{Workload: p.Workload, Destination: p.Destination, Port: p.Port, Protocol: p.Protocol})
	}
	m.Requirements[0].Kind, m.Requirements[0].Target = "target", m.Targets[0].Address
	services := []*explain.Service{{Namespace: "shop", Name: "orders", Ports: []explain.Port{{Number: 80, Protocol: "TCP"}, {Number: 53, Protocol: "UDP"}}}}
	return explain.New(m, services, nil)
}

func TestClusterNames(t *testing.T) {
	x := named()
	for name, want := range map[string]string{
		"prod": "eu/a us/a", "prod (eu)": "eu/a", "prod (us)": "us/a", "dev": "us/b", "us/b": "us/b",
		"devs": `no cluster in the files is called "devs", did you mean "dev"?`,
	} {
		ids, err := x.Cluster(name)
		got := strings.Join(ids, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

func TestWorkloadNames(t *testing.T) {
	x := named()
	for name, want := range map[string]int{
		"orders": 3, "ORDERS": 3, "shop/orders": 2, "deploy/orders": 2, "deployments/orders": 2, "sts/orders": 1, "StatefulSet/dev/orders": 1,
		"dev/orders[StatefulSet]": 1, "dev/orders[Deployment]": 0, "orders[StatefulSet]": 1, "dev/*": 2, "*": 4, "cj/job": 1,
		"us/a:shop/orders[Deployment]": 1, "order": 0, "shop/job": 0, "deploy/shop/job": 0, "a/b/c/d": 0, "[": 0, "": 0,
	} {
		found, err := x.Workloads(name, nil)
		if len(found) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %d workloads, want %d (%v)", name, len(found), want, err)
		}
	}
	if found, err := x.Workloads("orders", []string{"us/a"}); err != nil || len(found) != 1 || found[0].Cluster != "us/a" {
		t.Errorf("on one cluster orders is %v (%v)", found, err)
	}
}

func TestDestinationNames(t *testing.T) {
	x := named()
	for name, want := range map[string]string{
		"internet": "internet", "internet6": "internet6",
		"rds/orders-db": "rds/orders-db", "orders-db:3306": "rds/orders-db:3306", "rds/main": "rds/orders-db",
		"module.x.alicloud_db_instance.main[0]": "rds/orders-db",
		"orders":                                "orders.shop.svc.cluster.local:80/tcp orders.shop.svc.cluster.local:53/udp",
		"shop/orders:80":                        "orders.shop.svc.cluster.local:80", "svc/orders:53/udp": "orders.shop.svc.cluster.local:53/udp",
		"db.example.net:5432": "db.example.net:5432", "DB.example.net": "db.example.net", "10.1.2.3": "10.1.2.3", "10.1.2.3:53/udp": "10.1.2.3:53/udp",
		"10.8.0.0/16:5432": "10.8.0.0/16:5432", "2001:db8::1": "2001:db8::1", "[2001:db8::1]:443": "[2001:db8::1]:443",
		"order":            `no instance or Service in the files is called "order", did you mean "orders"?`,
		"rds/order-db":     `no instance or Service in the files is called "rds/order-db", did you mean "rds/orders-db"?`,
		"job":              `"job" is dev/job[CronJob] in dev, and no Service of that name leads to it; name the Service that does`,
		"10.1.2.3:70000":   `read port "70000": want a number from 1 to 65535`,
		"10.1.2.3:80/sctp": `read protocol "sctp": a need can be asked about for tcp or udp`,
	} {
		var got []string
		list, err := x.Destinations(name)
		for _, d := range list {
			var items []string
			if items, err = d.Declarations(); err == nil {
				got = append(got, items...)
			}
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// A need that a path has is not asked about again.
func TestMissing(t *testing.T) {
	x := named()
	for to, want := range map[string][]string{
		"rds/orders-db": nil, "rds/orders-db:3306": nil, "orders-db.mysql.rds.aliyuncs.com": nil, "2001:db8::1": nil, "[2001:db8::1]:53/tcp": nil,
		"rds/orders-db:3307":   {"rds/orders-db:3307"},
		"[2001:db8::1]:53/udp": {"[2001:db8::1]:53/udp"},
		"internet":             {"internet"},
	} {
		workloads, err := x.Workloads("job", nil)
		if err != nil {
			t.Fatal(err)
		}
		destinations, err := x.Destinations(to)
		if err != nil {
			t.Fatal(err)
		}
		missing, err := x.Missing(explain.Question{Workloads: workloads, Destinations: destinations})
		var got []string
		for _, need := range missing {
			got = append(got, need.To...)
			if need.From != "CronJob/dev/job" {
				t.Errorf("%s is asked about for %s", to, need.From)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s asks about %q, want %q (%v)", to, got, want, err)
		}
	}
}
