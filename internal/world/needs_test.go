package world

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// said are the needs of all workloads of worlds, in order.
func said(worlds []*World) []string {
	var list []string
	for _, w := range worlds {
		for _, needs := range w.Needs {
			for _, r := range needs {
				text := fmt.Sprintf("%s %s/%s %s", r.Kind, r.Display(), strings.ToLower(r.Protocol), r.Strength)
				for _, mark := range []struct {
					is   bool
					text string
				}{
					{r.Public, "public"},
					{r.Direct, "direct"},
					{r.Scattered, "scattered"},
					{r.Rerouted, "rerouted"},
					{r.Cloud && r.Target == nil, "cloud"},
				} {
					if mark.is {
						text += " " + mark.text
					}
				}
				if r.Target != nil {
					text += " at " + r.Target.Address
				}
				if r.Service != nil {
					text += " of " + r.Service.ID()
				}
				if r.Outside != nil {
					text += " known as " + r.Outside.Name
				}
				if len(r.Others) > 0 {
					text += fmt.Sprint(" or ", r.Others)
				}
				list = append(list, text)
			}
		}
	}
	return list
}

// pods is a Deployment of one container with these arguments beside its image.
func pods(container string) string {
	return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {spec: {containers: [{name: c, image: x, " +
		container + "}]}}}}\n"
}

func env(name, value string) string {
	return pods("env: [{name: " + name + ", value: '" + value + "'}]")
}

const main = `
resource "alicloud_vpc" "main" { cidr_block = "10.0.0.0/8" }
resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "cn-hangzhou-a"
  cidr_block = "10.1.0.0/19"
}
resource "alicloud_cs_managed_kubernetes" "main" {
  vswitch_ids     = [alicloud_vswitch.pod.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  new_nat_gateway = false
}
`

// TestNeeds checks what workloads need to reach.
func TestNeeds(t *testing.T) {
	const config = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {DB_HOST: db.corp.internal, DB_PORT: '5432', URL: 'http://x.corp.internal:81', OTHER: 'http://y.corp.internal:82'}}\n"
	const secret = "---\n{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, stringData: {URL: 'http://z.corp.internal:83'}}\n"
	const web = "---\n{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {a: b}, clusterIP: 172.16.0.9, ports: [{port: 80}]}}\n"
	const lb = "---\n{apiVersion: v1, kind: Service, metadata: {name: lb, namespace: shop, annotations: {external-dns.alpha.kubernetes.io/hostname: lb.corp.internal}}, spec: {type: LoadBalancer, selector: {a: b}, loadBalancerIP: 8.8.8.8, ports: [{port: 80}]}}\n"
	const udp = "---\n{apiVersion: v1, kind: Service, metadata: {name: udp, namespace: shop}, spec: {type: LoadBalancer, selector: {a: b}, loadBalancerIP: 8.8.8.8, ports: [{port: 53, protocol: UDP}]}}\n"
	const two = "---\n{apiVersion: v1, kind: Service, metadata: {name: two, namespace: shop}, spec: {selector: {a: b}, ports: [{port: 80}, {port: 81}]}}\n"
	ends := func(spec, subsets string) string {
		return "---\n{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: " + spec + "}\n" +
			"---\n{apiVersion: v1, kind: Endpoints, metadata: {name: db, namespace: shop}, subsets: " + subsets + "}\n"
	}
	for _, tc := range []struct {
		name, hcl, manifests string
		want                 []string
	}{
		{"nothing", "", pods("env: []"), nil},
		{"a URL", "", env("URL", "http://a.stripe.com:81"), []string{"internet a.stripe.com:81/tcp referenced"}},
		{"a private name", "", env("DB_HOST", "db.corp.internal"), []string{"name db.corp.internal/tcp inferred"}},
		{"two variables", "", pods("env: [{name: DB_HOST, value: db.corp.internal}, {name: DB_PORT, value: '5432'}]"), []string{"name db.corp.internal:5432/tcp inferred"}},
		{"the last of two counts", "", pods("env: [{name: URL, value: 'http://a.corp.internal:1'}, {name: URL, value: 'http://b.corp.internal:1'}]"), []string{"name b.corp.internal:1/tcp referenced"}},
		{"the stronger of two counts", "", pods("env: [{name: DB_HOST, value: 'db.corp.internal:1'}, {name: URL, value: 'http://db.corp.internal:1'}]"), []string{"name db.corp.internal:1/tcp referenced"}},
		{"no weaker one counts", "", pods("env: [{name: URL, value: 'http://db.corp.internal:1'}, {name: DB_HOST, value: 'db.corp.internal:1'}]"), []string{"name db.corp.internal:1/tcp referenced"}},
		{"a variable without a name", "", pods("env: [{value: 'http://a.stripe.com:81'}]"), nil},
		{"a value that is not known", "", pods("env: [{name: URL, value: UNKNOWN}]"), nil},
		{"a key of a ConfigMap", "", pods("env: [{name: URL, valueFrom: {configMapKeyRef: {name: c, key: URL}}}]") + config, []string{"name x.corp.internal:81/tcp referenced"}},
		{"another key", "", pods("env: [{name: URL, valueFrom: {configMapKeyRef: {name: c, key: NONE}}}]") + config, nil},
		{"another ConfigMap", "", pods("env: [{name: URL, valueFrom: {configMapKeyRef: {name: d, key: URL}}}]") + config, nil},
		{"a key of a Secret", "", pods("env: [{name: URL, valueFrom: {secretKeyRef: {name: s, key: URL}}}]") + secret, []string{"name the host in Secret s, key URL/tcp referenced"}},
		{
			"a whole ConfigMap", "", pods("envFrom: [{configMapRef: {name: c}}, {secretRef: {name: none}}, {prefix: X_}]") + config,
			[]string{"name db.corp.internal:5432/tcp inferred", "name x.corp.internal:81/tcp referenced", "name y.corp.internal:82/tcp inferred"},
		},
		{"arguments", "", pods("command: [run], args: ['--url=http://a.corp.internal:1', 'UNKNOWN']"), []string{"name a.corp.internal:1/tcp referenced"}},
		{
			"a volume", "", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {spec: {containers: [], volumes: [{configMap: {name: c, items: [{key: URL}]}}, {secret: {secretName: s}}, {emptyDir: {}}]}}}}\n" + config + secret,
			[]string{"name x.corp.internal:81/tcp referenced", "name the host in Secret s, key URL/tcp referenced"},
		},
		{
			"a projected volume", "", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {spec: {containers: [], volumes: [{projected: {sources: [{configMap: {name: c, items: [{key: OTHER}]}}, {secret: {name: s}}]}}]}}}}\n" + config + secret,
			[]string{"name y.corp.internal:82/tcp inferred", "name the host in Secret s, key URL/tcp referenced"},
		},
		{"a volume of all keys that are not known", "", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {spec: {containers: [], volumes: [{configMap: {name: UNKNOWN}}, {configMap: {name: none}}]}}}}\n" + config, nil},
		{"a Service", "", env("URL", "http://web") + web, []string{"service web:80/tcp referenced of shop/web"}},
		{"a Service with a port", "", env("URL", "http://web:81") + web, []string{"service web:81/tcp referenced of shop/web"}},
		{"a Service of no port that is asked for", "", env("WEB_HOST", "web.shop.svc") + web, []string{"service web.shop.svc:80/tcp referenced of shop/web"}},
		{"a Service of two ports", "", env("WEB_HOST", "two.shop.svc") + two, []string{"service two.shop.svc/tcp referenced of shop/two"}},
		{"a bare word that is no Service", "", env("WEB_HOST", "web"), nil},
		{"a ClusterIP", "", env("URL", "http://172.16.0.9:80") + web, []string{"service 172.16.0.9:80/tcp referenced of shop/web"}},
		{"another address", "", env("URL", "http://172.16.0.8:80") + web, []string{"address 172.16.0.8:80/tcp referenced"}},
		{"a public address", "", env("URL", "http://8.8.4.4:80") + web, []string{"internet 8.8.4.4:80/tcp referenced"}},
		{"a load balancer", "", env("URL", "http://8.8.8.8:80") + lb, []string{"load-balancer 8.8.8.8:80/tcp referenced of shop/lb"}},
		{"a load balancer of two Services", "", env("URL", "http://8.8.8.8:80") + udp + lb, []string{"load-balancer 8.8.8.8:80/tcp referenced of shop/lb"}},
		{"a load balancer of two Services, in another order", "", env("URL", "http://8.8.8.8:80") + lb + udp, []string{"load-balancer 8.8.8.8:80/tcp referenced of shop/lb"}},
		{"a port of neither", "", env("URL", "http://8.8.8.8:99") + udp + lb, []string{"load-balancer 8.8.8.8:99/tcp referenced of shop/udp"}},
		{"a name of a load balancer", "", env("URL", "http://lb.corp.internal:80") + lb, []string{"load-balancer lb.corp.internal:80/tcp referenced of shop/lb"}},
		{"an alias of hosts", "", "{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: shop}, spec: {hostAliases: [{ip: 8.8.8.8, hostnames: [x.corp.internal]}], containers: [{env: [{name: URL, value: 'http://x.corp.internal:80'}]}]}}\n" + lb, []string{"load-balancer x.corp.internal:80/tcp referenced of shop/lb"}},
		{
			"a Service without a selector", "", env("URL", "http://db:80") + ends("{ports: [{port: 80}]}", "[{addresses: [{ip: 10.9.0.1}], ports: [{port: 5432}]}]"),
			[]string{"address db:80 (10.9.0.1:5432)/tcp referenced"},
		},
		{
			"its port has a name", "", env("URL", "http://db:80") + ends("{ports: [{name: x, port: 81}, {name: y, port: 80}]}", "[{addresses: [{ip: 10.9.0.1}], ports: [{name: x, port: 1}, {name: y, port: 2}]}]"),
			[]string{"address db:80 (10.9.0.1:2)/tcp referenced"},
		},
		{
			"its only port is not asked for", "", env("DB_HOST", "db.shop.svc") + ends("{ports: [{port: 80}]}", "[{addresses: [{ip: 10.9.0.1}], ports: [{port: 5432}]}]"),
			[]string{"address db.shop.svc (10.9.0.1:5432)/tcp referenced"},
		},
		{
			"two ports, none is asked for", "", env("DB_HOST", "db.shop.svc") + ends("{ports: [{name: x, port: 80}, {name: y, port: 81}]}", "[{addresses: [{ip: 10.9.0.1}], ports: [{name: x, port: 5432}, {name: y, port: 5433}]}]"),
			[]string{"address db.shop.svc (10.9.0.1:0)/tcp referenced"},
		},
		{
			"two endpoints", "", env("URL", "http://db:80") + ends("{ports: [{port: 80}]}", "[{addresses: [{ip: 10.9.0.1}, {ip: 10.9.0.2}, {ip: 10.9.0.2}], ports: [{port: 5432}]}]"),
			[]string{"address db:80 (10.9.0.1:5432)/tcp referenced or [10.9.0.2:5432]"},
		},
		{
			"two endpoints of two kinds", "", env("URL", "http://db:80") + ends("{ports: [{port: 80}]}", "[{addresses: [{ip: 10.9.0.1}, {ip: 8.8.4.4}], ports: [{port: 5432}]}]"),
			[]string{"name db:80 (10.9.0.1:5432)/tcp referenced scattered or [8.8.4.4:5432]"},
		},
		{
			"two endpoints that are Services", "", env("URL", "http://db:80") + ends("{ports: [{port: 80}]}", "[{addresses: [{ip: 172.16.0.9}, {ip: 172.16.0.9}, {ip: 172.16.0.7}], ports: [{port: 80}]}]") + web,
			[]string{"name db:80 (172.16.0.9:80)/tcp referenced scattered or [172.16.0.7:80]"},
		},
		{
			"endpoints beside a selector", "", env("URL", "http://db:80") + ends("{selector: {a: b}, ports: [{port: 80}]}", "[{addresses: [{ip: 10.9.0.1}], ports: [{port: 5432}]}]"),
			[]string{"service db:80/tcp referenced of shop/db"},
		},
		{
			"another name", "", env("URL", "http://ext:80") + "---\n{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: shop}, spec: {type: ExternalName, externalName: a.stripe.com}}\n",
			[]string{"internet ext:80/tcp referenced"},
		},
		{
			"another name that is not known", "", env("URL", "http://ext:80") + "---\n{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: shop}, spec: {type: ExternalName}}\n",
			[]string{"service ext:80/tcp referenced of shop/ext"},
		},
		{
			"another name in a circle", "", env("URL", "http://ext:80") + "---\n{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: shop}, spec: {type: ExternalName, externalName: ext.shop.svc.cluster.local}}\n",
			[]string{"service ext:80/tcp referenced of shop/ext"},
		},
		{
			"a pod of a StatefulSet", "", env("URL", "http://web-0.web.shop.svc.cluster.local:80") + web,
			[]string{"service web-0.web.shop.svc.cluster.local:80/tcp referenced of shop/web"},
		},
		{
			"another domain of the cluster", strings.Replace(main, "new_nat_gateway", "cluster_domain = \"corp.local\"\n new_nat_gateway", 1),
			env("URL", "http://web.shop.svc.corp.local:80") + web,
			[]string{"service web.shop.svc.corp.local:80/tcp referenced of shop/web"},
		},
		{"a cloud service", main, env("URL", "mysql://orders.mysql.rds.aliyuncs.com:3306/x"), []string{"name orders.mysql.rds.aliyuncs.com:3306/tcp referenced cloud"}},
		{
			"an instance by its prefix", main + "resource \"alicloud_db_instance\" \"o\" {\n vswitch_id = alicloud_vswitch.pod.id\n connection_string_prefix = \"orders\"\n}\n",
			env("URL", "mysql://orders.mysql.rds.aliyuncs.com:3306/x"),
			[]string{"target orders.mysql.rds.aliyuncs.com:3306/tcp referenced at alicloud_db_instance.o"},
		},
		{
			"an instance of another prefix", main + "resource \"alicloud_db_instance\" \"o\" {\n vswitch_id = alicloud_vswitch.pod.id\n connection_string_prefix = \"others\"\n}\n",
			env("URL", "mysql://orders.mysql.rds.aliyuncs.com:3306/x"),
			[]string{"name orders.mysql.rds.aliyuncs.com:3306/tcp referenced cloud"},
		},
		{
			"the only instance, of an engine that is not known", main + "resource \"alicloud_db_instance\" \"o\" {\n vswitch_id = alicloud_vswitch.pod.id\n}\nresource \"alicloud_kvstore_instance\" \"r\" {\n vswitch_id = alicloud_vswitch.pod.id\n}\n",
			env("URL", "mysql://rm-x.mysql.rds.aliyuncs.com:3306/x"),
			[]string{"name rm-x.mysql.rds.aliyuncs.com:3306/tcp referenced cloud"},
		},
		{
			"one of two instances", main + "resource \"alicloud_db_instance\" \"o\" {\n count = 2\n vswitch_id = alicloud_vswitch.pod.id\n}\n",
			env("URL", "mysql://rm-x.mysql.rds.aliyuncs.com:3306/x"),
			[]string{"name rm-x.mysql.rds.aliyuncs.com:3306/tcp referenced cloud"},
		},
		{
			"a bucket", main + "resource \"alicloud_oss_bucket\" \"b\" {\n bucket = \"shop-b\"\n}\n",
			env("URL", "https://shop-b.oss-cn-hangzhou.aliyuncs.com"),
			[]string{"target shop-b.oss-cn-hangzhou.aliyuncs.com:443/tcp referenced public at alicloud_oss_bucket.b"},
		},
		{
			"a bucket inside the cloud", main + "resource \"alicloud_oss_bucket\" \"b\" {\n bucket = \"shop-b\"\n}\n",
			env("URL", "https://shop-b.oss-cn-hangzhou-internal.aliyuncs.com"),
			[]string{"target shop-b.oss-cn-hangzhou-internal.aliyuncs.com:443/tcp referenced at alicloud_oss_bucket.b"},
		},
		{
			"a private zone", main + "resource \"alicloud_pvtz_zone\" \"z\" {\n zone_name = \"db.stripe.com.\"\n}\n",
			env("URL", "http://a.stripe.com:80"),
			[]string{"name a.stripe.com:80/tcp referenced"},
		},
		{
			"a private zone of an old argument, and another", main + "resource \"alicloud_pvtz_zone\" \"z\" {\n name = \"corp\"\n}\n",
			env("URL", "http://a.stripe.com:80"),
			[]string{"internet a.stripe.com:80/tcp referenced"},
		},
		{
			"a load balancer of Terraform", main + "resource \"alicloud_slb_load_balancer\" \"l\" {\n address = \"10.1.0.9\"\n address_type = \"intranet\"\n vswitch_id = alicloud_vswitch.pod.id\n}\n",
			env("URL", "http://10.1.0.9:80"),
			[]string{"target 10.1.0.9:80/tcp referenced at alicloud_slb_load_balancer.l"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, worlds, _ := build(t, tc.hcl, tc.manifests, Options{})
			if got := strings.Join(said(worlds), "\n"); got != strings.Join(tc.want, "\n") {
				t.Errorf("needs are\n%s\nwant\n%s", got, strings.Join(tc.want, "\n"))
			}
		})
	}
}

// TestDeclared checks what users declare.
func TestDeclared(t *testing.T) {
	pod := func(annotations string) string {
		return "{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: shop, annotations: " + annotations + "}, spec: {containers: []}}\n"
	}
	const web = "---\n{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {a: b}, ports: [{port: 80}]}}\n"
	rds := main + "resource \"alicloud_db_instance\" \"orders\" {\n vswitch_id = alicloud_vswitch.pod.id\n instance_name = \"buch\"\n connection_string_prefix = \"Prefix\"\n}\n"
	for _, tc := range []struct {
		name, hcl, declared, more string
		want                      []string
		diagnostics               int
	}{
		{"the Internet", "", "internet", "", []string{"internet the Internet/tcp declared"}, 0},
		{"the Internet by IPv6", "", "internet6", "", []string{"internet the IPv6 Internet/tcp declared"}, 0},
		{"a name", "", "db.corp.internal:5432/udp", "", []string{"name db.corp.internal:5432/udp declared"}, 0},
		{"ports", "", "db.corp.internal:1-3", "", []string{"name db.corp.internal:1/tcp declared", "name db.corp.internal:3/tcp declared"}, 0},
		{"a private range", "", "10.9.0.0/16:80-90", "", []string{"address 10.9.0.0/16:80/tcp declared", "address 10.9.0.0/16:90/tcp declared"}, 0},
		{"a public range", "", "8.8.8.0/24:80", "", []string{"internet 8.8.8.0/24:80/tcp declared"}, 0},
		{"a Service", "", "service/web:80", web, []string{"service web:80/tcp declared of shop/web"}, 0},
		{"no Service", "", "service/web:80", "", []string{"name web:80/tcp declared"}, 0},
		{"an instance by its label", rds, "rds/orders", "", []string{"target rds/orders/tcp declared at alicloud_db_instance.orders"}, 0},
		{"an instance by its name", rds, "rds/buch", "", []string{"target rds/buch/tcp declared at alicloud_db_instance.orders"}, 0},
		{"an instance by its prefix", rds, "rds/PREFIX", "", []string{"target rds/PREFIX/tcp declared at alicloud_db_instance.orders"}, 0},
		{"no instance", rds, "rds/other", "", []string{"name rds/other/tcp declared"}, 0},
		{"of another kind", rds, "redis/orders", "", []string{"name redis/orders/tcp declared"}, 0},
		{"nothing that can be read", "", "db.corp.internal:5432 x", "", nil, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, holder := range []string{
				pod("{egresslint.io/egress: '" + tc.declared + "'}"),
				"{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: {annotations: {egresslint.io/egress: '" + tc.declared + "'}}, spec: {containers: []}}}}\n",
				pod("{}") + "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {egresslint.io/egress: '" + tc.declared + "'}}}\n",
			} {
				_, worlds, n := build(t, tc.hcl, holder+tc.more, Options{})
				if got := strings.Join(said(worlds), "\n"); got != strings.Join(tc.want, "\n") {
					t.Errorf("needs of\n%sare\n%s\nwant\n%s", holder, got, strings.Join(tc.want, "\n"))
				}
				if len(n.SortedDiagnostics()) != tc.diagnostics {
					t.Errorf("diagnostics are %v", n.SortedDiagnostics())
				}
			}
			at := source.Range{File: ".egresslint.yaml", Start: source.Pos{Line: 1, Column: 1}}
			_, worlds, n := build(t, tc.hcl, pod("{}")+tc.more, Options{Requirements: []RequirementConfig{{From: "shop/api", To: []string{tc.declared}, At: at}, {From: "shop/none", To: []string{"internet"}, At: at}}})
			if got := strings.Join(said(worlds), "\n"); got != strings.Join(tc.want, "\n") {
				t.Errorf("needs of the configuration are\n%s\nwant\n%s", got, strings.Join(tc.want, "\n"))
			}
			list := n.SortedDiagnostics()
			if len(list) != tc.diagnostics+1 {
				t.Fatalf("diagnostics are %v", list)
			}
			if got := list[len(list)-1]; tc.diagnostics == 0 && got.Message != "match requirement: no workload that was read is shop/none" {
				t.Errorf("the diagnostic is %v", got)
			}
		})
	}
}

// TestNeedOf checks what a need says of its destination.
func TestNeedOf(t *testing.T) {
	four, six := netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("2001:4860::1")
	net4, net6 := netip.MustParsePrefix("8.8.8.0/24"), netip.MustParsePrefix("2001:4860::/48")
	for _, tc := range []struct {
		name                             string
		r                                Need
		display                          string
		byName, public, public6, cluster bool
	}{
		{"a name", Need{Kind: ToInternet, Host: "a.example", Port: 80}, "a.example:80", true, true, false, false},
		{"no port", Need{Kind: toName, Host: "a.example"}, "a.example", true, false, false, false},
		{"IPv4", Need{Kind: ToInternet, Host: "8.8.8.8", Addr: four, Port: 80}, "8.8.8.8:80", false, true, false, false},
		{"IPv6", Need{Kind: ToInternet, Host: "2001:4860::1", Addr: six, Port: 80}, "[2001:4860::1]:80", false, false, true, false},
		{"a range", Need{Kind: ToInternet, Prefix: net4}, "8.8.8.0/24", false, true, false, false},
		{"a range of IPv6", Need{Kind: ToInternet, Prefix: net6}, "2001:4860::/48", false, false, true, false},
		{"a private address", Need{Kind: ToAddress, Host: "10.0.0.1", Addr: netip.MustParseAddr("10.0.0.1")}, "10.0.0.1", false, false, false, false},
		{"a private address of IPv6", Need{Kind: ToAddress, Host: "fd00::1", Addr: netip.MustParseAddr("fd00::1")}, "fd00::1", false, false, false, false},
		{"anywhere", Need{Kind: ToInternet, Anywhere: true}, "the Internet", true, true, false, false},
		{"anywhere by IPv6", Need{Kind: ToInternet, Anywhere6: true}, "the IPv6 Internet", true, false, true, false},
		{"an alias", Need{Kind: ToAddress, ByAlias: true, alias: "db:80", Addr: four, Port: 81}, "db:80 (8.8.8.8:81)", true, false, false, false},
		{"what is secret", Need{Kind: ToInternet, Shown: "a host", Host: "a.example"}, "a host", true, true, false, false},
		{"a target", Need{Kind: ToTarget, Host: "rds/x"}, "rds/x", true, false, false, false},
		{"a public target", Need{Kind: ToTarget, Host: "rds/x", Public: true}, "rds/x", true, true, false, false},
		{"a Service", Need{Kind: ToService, Host: "web"}, "web", true, false, false, true},
		{"a load balancer", Need{Kind: ToLoadBalancer, Host: "web"}, "web", true, false, false, true},
		{"a public load balancer", Need{Kind: ToLoadBalancer, Host: "web", Public: true}, "web", true, true, false, false},
	} {
		if got := tc.r.Display(); got != tc.display {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.display)
		}
		if tc.r.ByName() != tc.byName || tc.r.ToPublic() != tc.public || tc.r.ToPublic6() != tc.public6 || tc.r.InCluster() != tc.cluster {
			t.Errorf("%s: by name %t, public %t, public by IPv6 %t, in the cluster %t", tc.name, tc.r.ByName(), tc.r.ToPublic(), tc.r.ToPublic6(), tc.r.InCluster())
		}
	}
}

// TestOutside checks what the configuration says of things outside the files.
func TestOutside(t *testing.T) {
	private, public := netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("8.8.8.0/24")
	name := func(kind DestinationKind, host string) Need { return Need{Kind: kind, Host: host} }
	for _, tc := range []struct {
		name   string
		target TargetConfig
		r      Need
		is     bool
		public truth.Truth
		kind   DestinationKind
	}{
		{"its name", TargetConfig{Hosts: []string{"DB.example"}}, name(toName, "db.Example"), true, truth.Maybe, toName},
		{"its name looks public", TargetConfig{Hosts: []string{"db.example"}}, name(ToInternet, "db.example"), true, truth.Yes, ToInternet},
		{"another name", TargetConfig{Hosts: []string{"db.example"}}, name(toName, "a.db.example"), false, truth.Maybe, toName},
		{"any name below", TargetConfig{Hosts: []string{"*.db.example"}}, name(toName, "a.db.example"), true, truth.Maybe, toName},
		{"the name above", TargetConfig{Hosts: []string{"*.db.example"}}, name(toName, ".db.example"), false, truth.Maybe, toName},
		{"no name", TargetConfig{Hosts: []string{""}}, Need{Kind: ToAddress, Addr: netip.MustParseAddr("10.0.0.1")}, false, truth.No, ToAddress},
		{"its address", TargetConfig{Addresses: []netip.Prefix{private}}, Need{Kind: ToAddress, Addr: netip.MustParseAddr("10.0.0.1")}, true, truth.No, ToAddress},
		{"a part of its addresses", TargetConfig{Addresses: []netip.Prefix{private}}, Need{Kind: ToAddress, Prefix: netip.MustParsePrefix("10.1.0.0/16")}, true, truth.No, ToAddress},
		{"more than its addresses", TargetConfig{Addresses: []netip.Prefix{private}}, Need{Kind: ToAddress, Prefix: netip.MustParsePrefix("0.0.0.0/0")}, false, truth.No, ToAddress},
		{"a public address", TargetConfig{Addresses: []netip.Prefix{public}}, Need{Kind: ToInternet, Addr: netip.MustParseAddr("8.8.8.8")}, true, truth.Yes, ToInternet},
		{"one of several endpoints", TargetConfig{Hosts: []string{"db"}}, Need{Kind: toName, Host: "db", Others: make([]netip.AddrPort, 1)}, false, truth.Maybe, toName},
		{"a public name at a private address", TargetConfig{Hosts: []string{"db.example"}, Addresses: []netip.Prefix{private}}, name(ToInternet, "db.example"), true, truth.No, toName},
		{"a private name at a public address", TargetConfig{Hosts: []string{"db"}, Addresses: []netip.Prefix{public}}, name(toName, "db"), true, truth.Yes, ToInternet},
		{"a public name at both", TargetConfig{Hosts: []string{"db.example"}, Addresses: []netip.Prefix{private, public}}, name(ToInternet, "db.example"), true, truth.Maybe, toName},
		{"something in the files", TargetConfig{Hosts: []string{"db"}}, name(ToTarget, "db"), true, truth.Maybe, ToTarget},
		{"anywhere", TargetConfig{Hosts: []string{"internet"}}, Need{Kind: ToInternet, Host: "internet", Anywhere: true}, true, truth.Yes, ToInternet},
		{"anywhere by IPv6", TargetConfig{Hosts: []string{"internet"}}, Need{Kind: ToInternet, Host: "internet", Anywhere6: true}, true, truth.Yes, ToInternet},
	} {
		o := &outsideTarget{TargetConfig: tc.target}
		if got := o.is(&tc.r); got != tc.is {
			t.Errorf("%s: it is the thing: %t", tc.name, got)
		}
		if got := o.IsPublic(&tc.r); got != tc.public {
			t.Errorf("%s: public: %s, want %s", tc.name, got, tc.public)
		}
		c := &collector{facts: &Facts{outside: []*outsideTarget{o}}}
		meetOutside(c, &tc.r)
		met := tc.is && tc.r.Kind != ToTarget && !tc.r.Anywhere && !tc.r.Anywhere6
		if tc.r.Kind != tc.kind || (tc.r.Outside == o) != met {
			t.Errorf("%s: %s, the thing is met: %t", tc.name, tc.r.Kind, tc.r.Outside == o)
		}
	}
}

// TestHosts checks which Service is in front of a host that Ingresses and Gateways serve.
func TestHosts(t *testing.T) {
	const nginx = "ports: [{port: 80}], type: LoadBalancer"
	ingress := func(class, host, status string) string {
		return "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: shop}, spec: {" + class + "rules: [{host: " + host + "}]}, status: {loadBalancer: {ingress: " + status + "}}}\n"
	}
	class := func(name, controller, isDefault string) string {
		return "---\n{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: " + name + ", annotations: {ingressclass.kubernetes.io/is-default-class: '" + isDefault + "'}}, spec: {controller: " + controller + "}}\n"
	}
	const controller = "---\n{apiVersion: v1, kind: Service, metadata: {name: nginx-ingress-lb, namespace: kube-system}, spec: {" + nginx + ", loadBalancerIP: 10.9.0.1}}\n"
	const second = "---\n{apiVersion: v1, kind: Service, metadata: {name: ingress-nginx-2, namespace: kube-system}, spec: {" + nginx + ", loadBalancerIP: 10.9.0.2}}\n"
	const bare = "---\n{apiVersion: v1, kind: Service, metadata: {name: nginx-ingress-lb, namespace: kube-system}, spec: {" + nginx + "}}\n"
	gateway := func(namespace string) string {
		return "---\n{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g, namespace: " + namespace + "}, spec: {listeners: [{hostname: a.stripe.com}]}}\n"
	}
	const made = "---\n{apiVersion: v1, kind: Service, metadata: {name: made, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: g}}, spec: {" + nginx + "}}\n"
	route := func(parent string) string {
		return "---\n{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: shop}, spec: {hostnames: [b.stripe.com], parentRefs: [" + parent + "]}}\n"
	}
	for _, tc := range []struct {
		name, host, manifests, want string
		served                      bool
	}{
		{"nobody", "a.stripe.com", controller, "", false},
		{"an Ingress", "a.stripe.com", controller + ingress("", "a.stripe.com", "[]"), "kube-system/nginx-ingress-lb", true},
		{"another host", "b.stripe.com", controller + ingress("", "a.stripe.com", "[]"), "", false},
		{"two controllers", "a.stripe.com", controller + second + ingress("", "a.stripe.com", "[]"), "", true},
		{"two controllers and an address", "a.stripe.com", controller + second + ingress("", "a.stripe.com", "[{ip: 10.9.0.2}]"), "kube-system/ingress-nginx-2", true},
		{"another address", "a.stripe.com", controller + ingress("", "a.stripe.com", "[{ip: 10.9.0.7}]"), "", true},
		{"an address, and the controller has none", "a.stripe.com", bare + ingress("", "a.stripe.com", "[{ip: 10.9.0.7}]"), "kube-system/nginx-ingress-lb", true},
		{"another name", "a.stripe.com", controller + ingress("", "a.stripe.com", "[{hostname: lb.stripe.com}]"), "", true},
		{"a class of nginx", "a.stripe.com", controller + ingress("ingressClassName: nginx, ", "a.stripe.com", "[]"), "kube-system/nginx-ingress-lb", true},
		{"a class of another", "a.stripe.com", controller + ingress("ingressClassName: alb, ", "a.stripe.com", "[]"), "", true},
		{"a class that another serves", "a.stripe.com", controller + ingress("ingressClassName: nginx, ", "a.stripe.com", "[]") + class("nginx", "x.example/alb", "false"), "", true},
		{"a class that nginx serves", "a.stripe.com", controller + ingress("ingressClassName: web, ", "a.stripe.com", "[]") + class("web", "k8s.io/ingress-nginx", "false"), "kube-system/nginx-ingress-lb", true},
		{"the default class", "a.stripe.com", controller + ingress("", "a.stripe.com", "[]") + class("alb", "x.example/alb", "true"), "", true},
		{"no default class", "a.stripe.com", controller + ingress("", "a.stripe.com", "[]") + class("alb", "x.example/alb", "false"), "kube-system/nginx-ingress-lb", true},
		{"a class beside the default one", "a.stripe.com", controller + ingress("ingressClassName: nginx, ", "a.stripe.com", "[]") + class("alb", "x.example/alb", "true"), "kube-system/nginx-ingress-lb", true},
		{"two Ingresses", "a.stripe.com", controller + ingress("", "a.stripe.com", "[]") + strings.Replace(ingress("", "a.stripe.com", "[]"), "name: i", "name: j", 1), "kube-system/nginx-ingress-lb", true},
		{"two Ingresses of two", "a.stripe.com", controller + second + ingress("", "a.stripe.com", "[{ip: 10.9.0.1}]") + strings.Replace(ingress("", "a.stripe.com", "[{ip: 10.9.0.2}]"), "name: i", "name: j", 1), "", true},
		{"a name of a load balancer", "a.stripe.com", controller + strings.Replace(second, "loadBalancerIP", "externalIPs: [], loadBalancerClass: x, loadBalancerIP", 1) + strings.Replace(controller, "nginx-ingress-lb, namespace: kube-system}", "other, namespace: kube-system, annotations: {external-dns.alpha.kubernetes.io/hostname: lb.stripe.com}}", 1) + ingress("", "a.stripe.com", "[{hostname: lb.stripe.com}]"), "kube-system/other", true},
		{"two Ingresses, one of nobody", "a.stripe.com", controller + ingress("", "a.stripe.com", "[]") + strings.Replace(ingress("ingressClassName: alb, ", "a.stripe.com", "[]"), "name: i", "name: j", 1), "", true},
		{"two Ingresses, the first of nobody", "a.stripe.com", controller + ingress("ingressClassName: alb, ", "a.stripe.com", "[]") + strings.Replace(ingress("", "a.stripe.com", "[]"), "name: i", "name: j", 1), "", true},
		{"a Service that is no controller", "a.stripe.com", strings.Replace(controller, "nginx-ingress-lb", "plain", 1) + ingress("", "a.stripe.com", "[]"), "", true},
		{"a Gateway beside a controller of its name", "a.stripe.com", gateway("shop") + strings.Replace(controller, "namespace: kube-system", "namespace: shop", 1), "", true},
		{"a Gateway", "a.stripe.com", gateway("shop") + made, "shop/made", true},
		{"a Gateway of another namespace", "a.stripe.com", gateway("other") + made, "", true},
		{"a Gateway and nginx", "a.stripe.com", gateway("shop") + controller, "", true},
		{"a route", "b.stripe.com", gateway("shop") + made + route("{name: g}"), "shop/made", true},
		{"a route of kinds", "b.stripe.com", gateway("shop") + made + route("{name: g, kind: Gateway, group: gateway.networking.k8s.io, namespace: shop}"), "shop/made", true},
		{"a route of a mesh", "b.stripe.com", gateway("shop") + made + route("{name: g, kind: Service, group: ''}"), "", false},
		{"a route of another group", "b.stripe.com", gateway("shop") + made + route("{name: g, group: other}"), "", false},
		{"a route to another namespace", "b.stripe.com", gateway("shop") + made + route("{name: g, namespace: other}"), "", false},
		{"a route to another Gateway", "b.stripe.com", gateway("shop") + made + route("{name: h}"), "", false},
		{"a route to an Ingress's namespace", "b.stripe.com", controller + ingress("", "a.stripe.com", "[]") + route("{kind: Gateway}"), "", false},
	} {
		_, worlds, _ := build(t, "", pods("env: []")+tc.manifests, Options{})
		s, served := worlds[0].hostService(tc.host)
		got := ""
		if s != nil {
			got = s.ID()
		}
		if got != tc.want || served != tc.served {
			t.Errorf("%s: %q, served %t; want %q", tc.name, got, served, tc.want)
		}
	}
}

// TestMesh checks where a service mesh leads.
func TestMesh(t *testing.T) {
	entry := func(spec string) string {
		return "---\n{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e, namespace: shop}, spec: " + spec + "}\n"
	}
	for _, tc := range []struct {
		name, manifests string
		want            string
	}{
		{"no entry", env("PLACE", "pay.stripe.com"), ""},
		{"an entry, whatever the key", env("PLACE", "pay.stripe.com") + entry("{hosts: [pay.stripe.com], ports: [{number: 443}], resolution: DNS}"), "internet pay.stripe.com:443/tcp referenced"},
		{"an entry of another host", env("PLACE", "pay.stripe.com") + entry("{hosts: [other.stripe.com], ports: [{number: 443}], resolution: DNS}"), ""},
		{"an entry makes it sure", env("PAY_HOST", "pay.stripe.com") + entry("{hosts: [pay.stripe.com], ports: [{number: 443}], resolution: DNS}"), "internet pay.stripe.com:443/tcp referenced"},
		{"its own port counts", env("PAY_HOST", "pay.stripe.com:81") + entry("{hosts: [pay.stripe.com], ports: [{number: 443}], resolution: DNS}"), "internet pay.stripe.com:81/tcp referenced"},
		{"for other namespaces", env("PAY_HOST", "pay.stripe.com:81") + entry("{hosts: [pay.stripe.com], exportTo: [other], ports: [{number: 443}], resolution: DNS}"), "internet pay.stripe.com:81/tcp inferred"},
		{"elsewhere", env("PAY_HOST", "pay.stripe.com") + entry("{hosts: [pay.stripe.com], ports: [{number: 443}], resolution: STATIC, endpoints: [{address: 10.0.0.9}]}"), "name pay.stripe.com:443/tcp referenced rerouted"},
		{"to another port", env("PAY_HOST", "pay.stripe.com") + entry("{hosts: [pay.stripe.com], ports: [{number: 443, targetPort: 8443}], resolution: DNS}"), "name pay.stripe.com:443/tcp referenced rerouted"},
		{"another port is moved", env("PAY_HOST", "pay.stripe.com:80") + entry("{hosts: [pay.stripe.com], ports: [{number: 443, targetPort: 8443}, {number: 80}], resolution: DNS}"), "internet pay.stripe.com:80/tcp referenced"},
	} {
		_, worlds, _ := build(t, "", tc.manifests, Options{})
		if got := strings.Join(said(worlds), "\n"); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestContainerGroup checks whose pods run as container groups.
func TestContainerGroup(t *testing.T) {
	namespace := func(labels string) string {
		return "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: " + labels + "}}\n"
	}
	profile := "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: eci-profile, namespace: kube-system}, data: {selectors: x}}\n"
	for _, tc := range []struct {
		name, metadata, spec, more string
		want                       truth.Truth
		acs                        bool
	}{
		{"plain", "{}", "{}", "", truth.No, false},
		{"a label", "{labels: {alibabacloud.com/eci: 'true'}}", "{}", "", truth.Yes, false},
		{"a label of ACS", "{labels: {alibabacloud.com/acs: 'true'}}", "{}", "", truth.Yes, true},
		{"a label says no", "{labels: {alibabacloud.com/eci: 'false'}}", "{}", namespace("{alibabacloud.com/eci: 'true'}"), truth.No, false},
		{"a label of the namespace", "{}", "{}", namespace("{alibabacloud.com/eci: 'true'}"), truth.Yes, false},
		{"another of the namespace", "{}", "{}", namespace("{a: b}"), truth.No, false},
		{"a label that is not known", "{labels: {alibabacloud.com/acs: UNKNOWN}}", "{}", "", truth.Maybe, false},
		{"a virtual node by name", "{}", "{nodeName: virtual-kubelet-a}", "", truth.Yes, false},
		{"a node by name", "{}", "{nodeName: node-a}", "", truth.No, false},
		{"a virtual node by its type", "{}", "{nodeSelector: {type: virtual-kubelet}}", "", truth.Yes, false},
		{"a toleration", "{}", "{tolerations: [{key: virtual-kubelet.io/provider}]}", "", truth.Maybe, false},
		{"another toleration", "{}", "{tolerations: [{key: a}]}", "", truth.No, false},
		{"of another value", "{labels: {alibabacloud.com/eci: other}}", "{}", "", truth.No, false},
		{"a burst", "{labels: {alibabacloud.com/burst-resource: eci}}", "{}", "", truth.Maybe, false},
		{"a burst by annotation", "{annotations: {alibabacloud.com/burst-resource: eci}}", "{}", "", truth.Maybe, false},
		{"a profile", "{}", "{}", profile, truth.Maybe, false},
	} {
		manifest := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: " + tc.metadata + ", spec: " + tc.spec + "}}}\n"
		_, worlds, _ := build(t, "", manifest+tc.more, Options{})
		w := worlds[0]
		got, reason := w.containerGroup(w.Workloads[0])
		if got != tc.want || (reason != "") != (got == truth.Maybe) {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, reason, tc.want)
		}
		if w.isACS(w.Workloads[0]) != tc.acs {
			t.Errorf("%s: of ACS is %t", tc.name, !tc.acs)
		}
	}
}

// TestOwnWayOut checks whose pods have a public address of their own.
func TestOwnWayOut(t *testing.T) {
	for _, tc := range []struct {
		plugin, annotations string
		want                bool
	}{
		{PluginTerway, "{}", false},
		{PluginTerway, "{k8s.aliyun.com/pod-with-eip: 'true'}", true},
		{PluginTerway, "{k8s.aliyun.com/pod-with-eip: 'false'}", false},
		{PluginTerway, "{k8s.aliyun.com/pod-with-eip: UNKNOWN}", false},
		{PluginTerway, "{k8s.aliyun.com/pod-eip-instanceid: eip-x}", true},
		{PluginTerway, "{k8s.aliyun.com/pod-eip-instanceid: ''}", false},
		{PluginTerway, "{k8s.aliyun.com/pod-eip-instanceid: UNKNOWN}", false},
		{pluginServerless, "{k8s.aliyun.com/eci-with-eip: 'true'}", true},
		{PluginFlannel, "{k8s.aliyun.com/pod-with-eip: 'true'}", false},
		{PluginUnknown, "{k8s.aliyun.com/pod-with-eip: 'true'}", false},
	} {
		if got := ownWayOut(workload(t, "{annotations: "+tc.annotations+"}", "{}"), tc.plugin); got != tc.want {
			t.Errorf("%s with %s: %t", tc.plugin, tc.annotations, got)
		}
	}
}

// TestEndpointsOfSeveral checks that a Service keeps the endpoints of each world to itself.
func TestEndpointsOfSeveral(t *testing.T) {
	s := &kube.Service{Namespace: "shop", Name: "b"}
	list := SortedServices(map[string]*kube.Service{"shop/b": s, "shop/a": {Namespace: "shop", Name: "a"}})
	if len(list) != 2 || list[1] != s {
		t.Errorf("services are %v", list)
	}
}
