package cli_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
)

// BenchmarkEmpty is start to exit on an empty folder.
func BenchmarkEmpty(b *testing.B) {
	run(b, cli.ExitOK, "--allow-empty", b.TempDir())
}

// BenchmarkShop is the sample repository end to end: two clusters through three
// modules each, and their manifests.
func BenchmarkShop(b *testing.B) {
	run(b, cli.ExitFindings, projects+"/shop")
}

// BenchmarkManifests is a cluster with many workloads, half as many NetworkPolicies,
// and two requirements for each workload, end to end.
func BenchmarkManifests(b *testing.B) {
	for _, workloads := range []int{100, 500, 2000, 5000} {
		b.Run(fmt.Sprintf("workloads=%d", workloads), func(b *testing.B) {
			dir := b.TempDir()
			writeCluster(b, dir)
			writeManifests(b, dir, workloads)
			run(b, cli.ExitOK, dir)
		})
	}
}

// BenchmarkConnectivity prints all connections of the same cluster.
func BenchmarkConnectivity(b *testing.B) {
	for _, workloads := range []int{100, 500, 2000, 5000} {
		b.Run(fmt.Sprintf("workloads=%d", workloads), func(b *testing.B) {
			dir := b.TempDir()
			writeCluster(b, dir)
			writeManifests(b, dir, workloads)
			run(b, cli.ExitOK, "connectivity", "--format", "csv", dir)
		})
	}
}

func run(b *testing.B, want int, args ...string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if code := cli.Main(strings.NewReader(""), io.Discard, io.Discard, args); code != want {
			b.Fatalf("exit code %d, want %d", code, want)
		}
	}
}

func writeFile(b *testing.B, dir, name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func writeCluster(b *testing.B, dir string) {
	b.Helper()
	writeFile(b, dir, "main.tf", `
resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}
resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "10.1.0.0/16"
}
resource "alicloud_cs_managed_kubernetes" "main" {
  vswitch_ids     = [alicloud_vswitch.pod.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  new_nat_gateway = true
}
`)
}

// perNamespace is the number of workloads in a namespace, and so in a file.
const perNamespace = 20

func writeManifests(b *testing.B, dir string, workloads int) {
	b.Helper()
	for ns := range workloads / perNamespace {
		var text strings.Builder
		fmt.Fprintf(&text, "apiVersion: v1\nkind: Namespace\nmetadata: {name: team-%d, labels: {tier: t%d}}\n", ns, ns%5)
		for i := range perNamespace {
			fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%[2]d
  namespace: team-%[1]d
spec:
  replicas: 2
  selector: {matchLabels: {app: app-%[2]d}}
  template:
    metadata:
      labels: {app: app-%[2]d, tier: backend}
    spec:
      containers:
        - name: main
          image: registry.example.com/app-%[2]d:1.2.3
          ports: [{name: http, containerPort: 8080}]
          env:
            - {name: NEXT_URL, value: "http://app-%[3]d.team-%[1]d.svc:80/v1"}
            - {name: PAYMENT_URL, value: "https://api.payments-%[4]d.com/v1"}
            - {name: LOG_LEVEL, value: info}
          resources: {limits: {cpu: "1", memory: 512Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: app-%[2]d, namespace: team-%[1]d}
spec:
  selector: {app: app-%[2]d}
  ports: [{port: 80, targetPort: http}]
`, ns, i, (i+1)%perNamespace, i%7)
		}
		for i := range perNamespace / 2 {
			fmt.Fprintf(&text, `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-%[2]d, namespace: team-%[1]d}
spec:
  podSelector: {matchLabels: {app: app-%[2]d}}
  policyTypes: [Egress, Ingress]
  egress:
    - to: [{namespaceSelector: {}}]
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
    - to: [{podSelector: {matchLabels: {app: app-%[3]d}}}]
      ports: [{port: http}]
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
      ports: [{port: 443}]
`, ns, 2*i, 2*i+1)
		}
		writeFile(b, dir, fmt.Sprintf("team-%d.yaml", ns), text.String())
	}
}
