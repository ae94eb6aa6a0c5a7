package report_test

import (
	"strings"
	"time"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// files are the scanned files of the fixture.
var files = map[string]string{
	"envs/staging/main.tf": "" +
		"module \"cluster\" {\n" +
		"  source          = \"../../modules/cluster\"\n" +
		"  pod_vswitch_ids = module.network.pod_vswitch_ids\n" +
		"}\n",
	"modules/data/main.tf": "" +
		"resource \"alicloud_db_instance\" \"main\" {\n" +
		"\tsecurity_ips = var.security_ips # 数据库 whitelist\n" +
		"}\n",
	"k8s/名前 #1.yaml":  "spec:\n  \"egress\": [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]\n",
	"k8s/broken.yaml": "a: [\n",
}

func lines(name string, first, last int) []string {
	all := strings.Split(files[name], "\n")
	if first < 1 || last > len(all) {
		return nil
	}
	return all[first-1 : last]
}

func span(file string, line, column, endColumn int) source.Range {
	return source.Range{File: file, Start: source.Pos{Line: line, Column: column}, End: source.Pos{Line: line, Column: endColumn}}
}

var rules = []engine.Rule{
	{
		ID: "network-policy-blocks-egress", Title: "A NetworkPolicy stops a connection that a workload needs",
		Description: "Every policy that isolates the pods for egress lacks a rule for the destination.", Category: "source",
		Severity: finding.Error, Precision: "high", Since: "0.1.0", Help: "Add a rule to `spec.egress`.",
		DocsURL: "https://example.org/rules/network-policy-blocks-egress.md", Enabled: true,
	},
	{
		ID: "snat-missing", Title: "Pods have no way to the Internet",
		Description: strings.Repeat("A long text. ", 100), Category: "internet",
		Severity: finding.Error, Precision: "very-high", Since: "0.1.0", Help: "Add an `alicloud_snat_entry`.",
		DocsURL: "https://example.org/rules/snat-missing.md", Enabled: true,
	},
	{
		ID: "whitelist-missing", Title: "An allow-list does not hold the pods' addresses",
		Description: "The database refuses the connection.", Category: "target",
		Severity: finding.Note, Precision: "high", Since: "0.1.0", Help: "Add the CIDRs.",
		DocsURL: "https://example.org/rules/whitelist-missing.md", Enabled: true,
	},
}

// fixture is the fixed set of findings that every format's golden file shows.
func fixture() *report.Report {
	r := &report.Report{
		Version: "v0.0.0-test",
		Rules:   rules,
		Lines:   lines,
		Display: func(name string) string { return "../" + name },
		Findings: []*finding.Finding{
			{
				Rule: "snat-missing", Severity: finding.Error, Range: span("envs/staging/main.tf", 3, 21, 51),
				Address: "module.cluster.alicloud_cs_managed_kubernetes.this",
				Message: `Pods of shop-staging cannot reach the Internet: no SNAT entry covers alicloud_vswitch.pod["b"] (10.1.16.0/20)`,
				Remedy:  `Add an alicloud_snat_entry with source_vswitch_id = alicloud_vswitch.pod["b"].id.`,
				Related: []finding.Related{
					{Range: span("modules/network/main.tf", 30, 1, 40), Message: "the NAT gateway"},
					{Range: span("modules/cluster/main.tf", 12, 21, 40), Message: "the module uses it here"},
				},
				Variants: []string{"prod", "staging"}, Key: []string{"module.cluster.alicloud_cs_managed_kubernetes.this", "missing"},
			},
			{
				Rule: "whitelist-missing", Severity: finding.Warning, Range: span("modules/data/main.tf", 2, 17, 33),
				Address: `module.data["a"].alicloud_db_instance.main`, Message: "RDS orders does not admit the pods of shop",
				Remedy: "Add 10.1.0.0/16 to security_ips", Instances: []string{`module.data["a"]`, `module.data["b"]`}, Key: []string{"x"},
			},
			{
				Rule: "network-policy-blocks-egress", Severity: finding.Note, Range: span("k8s/名前 #1.yaml", 2, 13, 53),
				Address: "NetworkPolicy/shop/api", Message: "Deployment/api cannot reach db:5432", Remedy: "Add a rule.", Key: []string{"y"},
				From: []string{"overlay k8s/prod", "release api of chart charts/api (values-prod.yaml)"},
			},
		},
		Suppressed: []*finding.Finding{
			{
				Rule: "snat-missing", Severity: finding.Error, Range: span("envs/lab/main.tf", 9, 3, 20),
				Address: "module.cluster.alicloud_cs_managed_kubernetes.this", Message: "Pods of lab cannot reach the Internet", Remedy: "Add an entry.",
				Key: []string{"lab"}, Suppression: &finding.Suppression{
					Kind: finding.ByComment, Reason: "the lab is closed until the audit ::error::", Until: time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC),
					At: span("envs/lab/main.tf", 8, 5, 60),
				},
			},
			{
				Rule: "whitelist-missing", Severity: finding.Warning, Range: span("modules/data/main.tf", 2, 17, 33),
				Address: "module.old.alicloud_db_instance.main", Message: "RDS old does not admit the pods of shop", Remedy: "Add 10.1.0.0/16 to security_ips",
				Key: []string{"old"}, Suppression: &finding.Suppression{Kind: finding.ByBaseline},
			},
		},
		Diagnostics: []source.Diagnostic{
			{Kind: source.Unread, Range: span("envs/prod/main.tf", 1, 1, 10), Message: "module.vpc was not read: run terraform init"},
			{Kind: source.ParseError, Range: span("k8s/broken.yaml", 1, 4, 4), Message: "parse YAML: did not find expected node content"},
			{Kind: source.ParseError, Range: source.Range{File: "blob.tf"}, Message: "read file: it is binary, not text"},
			{Kind: source.PolicyError, Message: "evaluate rule snat-missing: took longer than 10s"},
			{Kind: source.InvalidObject, Range: span("k8s/名前 #1.yaml", 1, 1, 5), Message: "key \"spec\" is there twice"},
		},
		Blocked: []report.BlockedPath{
			{Workload: "shop/api[Deployment]", Hop: "egress-policy", Destination: "db.shop:5432"},
			{Workload: "shop/api[Deployment]", Hop: "nat", Code: "missing", Destination: "pay.example.com:443"},
			{Workload: "shop/worker[CronJob]", Hop: "nat", Code: "missing", Destination: "pay.example.com:443"},
			{Workload: "shop/worker[CronJob]", Hop: "nat", Code: "missing", Destination: "`x`\"]; n1 --> n2 %% <b>:443"},
		},
		Summary: report.Summary{
			Files:    parser.Files{Terraform: 12, Variables: 1, YAML: 3},
			Clusters: 2, Resources: 87, Objects: 20, Workloads: 1, Requirements: 23,
			Unknowns: []report.UnknownGroup{
				{Reason: "var.vpc_id has no value: pass --var-file", Subjects: []string{"a", "b", "c", "d", "e"}},
				{Reason: "module.vpc was not read: run terraform init", Subjects: []string{"envs/prod/main.tf:1:1"}},
			},
			Bindings: []report.Binding{
				{Manifests: "k8s", Cluster: "shop-staging", Reason: "directory"},
				{Manifests: "tools", Reason: "none", Hint: "name its cluster under clusters in .egresslint.yaml"},
			},
		},
	}
	finding.Sort(r.Findings)
	return r
}
