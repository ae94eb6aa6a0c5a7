package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/cli"
)

// loadBalancerRow is a row of testdata/loadbalancer/table.yaml.
type loadBalancerRow struct {
	Row     int    `yaml:"row"`
	Name    string `yaml:"name"`
	Cluster struct {
		Plugin    string `yaml:"plugin"`
		Datapath  string `yaml:"datapath"`
		ProxyMode string `yaml:"proxyMode"`
		Version   string `yaml:"version"`
		InCluster string `yaml:"inCluster"`
	} `yaml:"cluster"`
	Client   string `yaml:"client"`
	URL      string `yaml:"url"`
	Extra    string `yaml:"extra"`
	Service  string `yaml:"service"`
	Want     string `yaml:"want"`
	Severity string `yaml:"severity"`
}

// terraform is the cluster of a row.
func (r *loadBalancerRow) terraform() string {
	addon, network := "terway-eniip", "pod_vswitch_ids = [alicloud_vswitch.main.id]"
	switch r.Cluster.Plugin {
	case "flannel":
		addon, network = "flannel", `pod_cidr = "172.20.0.0/16"`
	case "terway-eni":
		addon = "terway-eni"
	}
	version := ""
	if r.Cluster.Version != "" {
		version = fmt.Sprintf("version = %q", r.Cluster.Version)
	}
	config := map[string]string{
		"veth": `config = jsonencode({ IPVlan = "false" })`, "ipvlan": `config = jsonencode({ IPVlan = "true" })`,
		"v2": `config = jsonencode({ DataPathType = "V2" })`,
	}[r.Cluster.Datapath]
	return fmt.Sprintf(`
resource "alicloud_vpc" "main" {
  cidr_block = "192.168.0.0/16"
}
resource "alicloud_vswitch" "main" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "192.168.0.0/20"
}
resource "alicloud_cs_managed_kubernetes" "main" {
  %s
  proxy_mode  = %q
  vswitch_ids = [alicloud_vswitch.main.id]
  %s
  addons {
    name = %q
    %s
  }
}
resource "alicloud_cs_kubernetes_node_pool" "main" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.main.id]
}
`, version, r.Cluster.ProxyMode, network, addon, config) + map[string]string{
		"some-nodes": webPool, "web-nodes": webPool,
		"reused": `
resource "alicloud_slb_load_balancer" "shop" {
  load_balancer_name = "shop"
  vswitch_id         = alicloud_vswitch.main.id
  address            = "192.168.5.5"
}
data "alicloud_cs_cluster_credential" "main" {
  cluster_id = alicloud_cs_managed_kubernetes.main.id
}
provider "kubernetes" {
  host = data.alicloud_cs_cluster_credential.main.certificate_authority[0].host
}
resource "kubernetes_service" "reused" {
  metadata {
    name        = "web"
    namespace   = "shop"
    annotations = { "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-id" = alicloud_slb_load_balancer.shop.id }
  }
  spec {
    type                    = "LoadBalancer"
    external_traffic_policy = "Local"
    selector                = { app = "web" }
    port {
      port        = 80
      target_port = 8080
    }
  }
}
`,
	}[r.Extra]
}

const webPool = `
resource "alicloud_cs_kubernetes_node_pool" "web" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.main.id]
  labels {
    key   = "pool"
    value = "web"
  }
}
`

// manifests are the Service, the client and what backs the Service.
func (r *loadBalancerRow) manifests() string {
	client, annotations := "", ""
	switch r.Client {
	case "host":
		client = "hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet, "
	case "web-pool":
		client = "nodeSelector: {pool: web}, "
	case "trunk":
		annotations = `, annotations: {k8s.aliyun.com/pod-eni: "true"}`
	}
	docs := []string{fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: shop}
spec:
  template:
    metadata: {labels: {app: client}%s}
    spec: {%scontainers: [{name: c, image: x, env: [{name: SHOP_URL, value: %q}]}]}
`, annotations, client, r.URL)}
	if r.Extra != "reused" { // Terraform makes that Service
		docs = append(docs, r.Service)
	}
	kind, selector := "Deployment", ""
	switch r.Extra {
	case "daemonset":
		kind = "DaemonSet"
	case "some-nodes", "web-nodes":
		kind, selector = "DaemonSet", "nodeSelector: {pool: web}, "
	}
	docs = append(docs, fmt.Sprintf(`apiVersion: apps/v1
kind: %s
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {%scontainers: [{name: c, image: x, ports: [{containerPort: 8080}]}]}
`, kind, selector))
	if r.Cluster.InCluster != "" {
		docs = append(docs, fmt.Sprintf(`apiVersion: v1
kind: ConfigMap
metadata: {name: eni-config, namespace: kube-system}
data: {in_cluster_loadbalance: %q}
`, r.Cluster.InCluster))
	}
	return strings.Join(docs, "---\n")
}

// TestLoadBalancerTable runs every row of the truth table: what the model says of
// access to the address, and which severity the rule gives it.
func TestLoadBalancerTable(t *testing.T) {
	data, err := os.ReadFile("../../testdata/loadbalancer/table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rows []loadBalancerRow
	if err := yaml.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(fmt.Sprintf("row %d: %s", r.Row, r.Name), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{"main.tf": r.terraform(), "app.yaml": r.manifests()} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var model struct {
				Gates struct {
					LoadBalancers []struct{ Status, Code string } `json:"load_balancer"`
				}
			}
			readJSON(t, &model, "model", dir)
			got := ""
			for _, x := range model.Gates.LoadBalancers {
				got += x.Status + " " + x.Code
			}
			if got != r.Want {
				t.Errorf("the model says %q, want %q", got, r.Want)
			}
			var report struct {
				Findings []struct{ Rule, Severity string }
			}
			readJSON(t, &report, "--format", "json", dir)
			severity := ""
			for _, f := range report.Findings {
				if f.Rule == "loadbalancer-in-cluster-local" {
					severity += f.Severity
				}
			}
			if severity != r.Severity {
				t.Errorf("the finding is %q, want %q", severity, r.Severity)
			}
		})
	}
}

// readJSON runs the command line and reads the JSON that it writes.
func readJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Main(strings.NewReader(""), &stdout, &stderr, args)
	if err := json.Unmarshal(stdout.Bytes(), v); err != nil || code > cli.ExitFindings {
		t.Fatalf("exit code %d: %v\n%s%s", code, err, stdout.Bytes(), stderr.Bytes())
	}
}
