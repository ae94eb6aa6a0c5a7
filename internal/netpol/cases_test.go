package netpol_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// The world that the cases of testdata are about.
var (
	worldNamespaces = []netpol.Namespace{
		{Name: "a", Labels: netpol.Labels{"env": "prod"}, Known: true},
		{Name: "b", Labels: netpol.Labels{"env": "dev"}, Known: true},
	}
	worldPods = []netpol.Pod{
		{ID: "a/src", Namespace: "a", Labels: netpol.Labels{"app": "src"}, UnknownLabels: []string{"pod-template-hash"}},
		{
			ID: "a/peer", Namespace: "a", Labels: netpol.Labels{"app": "peer", "tier": "db"},
			UnknownLabels: []string{"pod-template-hash"}, Ports: []netpol.Port{{Name: "http", Number: 8080}},
		},
		{
			ID: "b/dst", Namespace: "b", Labels: netpol.Labels{"app": "dst", "tier": "db"},
			Ports: []netpol.Port{{Name: "http", Number: 80, Protocol: "TCP"}, {Name: "dns", Number: 53, Protocol: "UDP"}},
		},
		{ID: "c/lone", Namespace: "c", Labels: netpol.Labels{"app": "lone"}},
		{ID: "a/side", Namespace: "a", Labels: netpol.Labels{"app": "side"}, Ports: []netpol.Port{{Name: "envoy", Number: 15001, Sidecar: true}}},
		{ID: "a/m", Namespace: "a", Labels: netpol.Labels{"app": "m"}},
		{ID: "a/sts", Namespace: "a", Labels: netpol.Labels{"app": "sts"}, UnknownLabels: []string{"statefulset.kubernetes.io/pod-name"}},
		{ID: "a/mig", Namespace: "a", Labels: netpol.Labels{"batch.kubernetes.io/job-name": "mig"}},
		{ID: "a/hn", Namespace: "a", Labels: netpol.Labels{"app": "hn"}, HostNetwork: true},
		{ID: "a/hd", Namespace: "a", Labels: netpol.Labels{"app": "hd"}, HostNetwork: true},
		{ID: "a/free", Namespace: "a", Labels: netpol.Labels{"app": "free"}, Exempt: true},
		{ID: "a/eci", Namespace: "a", Labels: netpol.Labels{"app": "eci"}, ECI: true},
	}
)

func worldPod(id string) (int, bool) {
	for i, p := range worldPods {
		if p.ID == id {
			return i, true
		}
	}
	return 0, false
}

// question is the first line of a case.
var question = regexp.MustCompile(`^# (?:(\S+) -> )?(outside )?(\S+) (TCP|UDP|SCTP) (\d+)(?: on (\w+))?(?: with pods in ([^,]*?))?(?: with nodes in ([^,]*?))?: (\w+)(.*)$`)

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("find cases: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range archive.Files {
			t.Run(c.Name, func(t *testing.T) { testCase(t, string(c.Data)) })
		}
	}
}

func testCase(t *testing.T, text string) {
	head, _, _ := strings.Cut(text, "\n")
	q := question.FindStringSubmatch(head)
	if q == nil {
		t.Fatalf("cannot read the question %q", head)
	}
	policies, diagnostics := parseTiers(t, text)

	want, extra := q[9], strings.TrimPrefix(q[10], ", ")
	switch {
	case want == "invalid":
		if len(policies.Network)+len(policies.Global)+len(policies.Cilium)+len(policies.Admin) != 0 {
			t.Errorf("the policy is accepted")
		}
		checkDiagnostic(t, text, diagnostics, extra)
		return
	case strings.HasPrefix(extra, "warning "):
		checkDiagnostic(t, text, diagnostics, strings.TrimPrefix(extra, "warning"))
	case len(diagnostics) > 0:
		t.Fatalf("unexpected %v", diagnostics)
	}

	e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, profile(q[6], q[7], q[8]))
	port := 0
	if _, err := fmt.Sscan(q[5], &port); err != nil {
		t.Fatal(err)
	}
	src := 0
	if q[1] != "" {
		src, _ = worldPod(q[1])
	}
	var got truth.Verdict
	if dst, ok := worldPod(q[3]); ok {
		got = e.Connect(src, dst, q[4], port)
	} else {
		d := destination(t, q[3])
		if q[2] != "" {
			d = d.Outside()
		}
		got = e.Egress(src, d, q[4], port)
	}
	if string(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// checkDiagnostic compares the only diagnostic with " `the text it points at` words".
func checkDiagnostic(t *testing.T, text string, diagnostics []source.Diagnostic, want string) {
	t.Helper()
	if len(diagnostics) != 1 {
		t.Fatalf("got %d diagnostics, want 1: %v", len(diagnostics), diagnostics)
	}
	d := diagnostics[0]
	parts := strings.SplitN(want, "`", 3)
	token, words := parts[1], strings.TrimSpace(parts[2])
	if got := textAt(text, d.Range); d.Kind != source.InvalidObject || got != token || !strings.Contains(d.Message, words) {
		t.Errorf("got %s at `%s` %q, want `%s` %q", d.Kind, got, d.Message, token, words)
	}
}

// textAt returns the text of a range within one line of ASCII.
func textAt(text string, r source.Range) string {
	lines := strings.Split(text, "\n")
	if r.Start.Line < 1 || r.Start.Line != r.End.Line || r.Start.Line > len(lines) {
		return fmt.Sprintf("%v-%v", r.Start, r.End)
	}
	return lines[r.Start.Line-1][r.Start.Column-1 : r.End.Column-1]
}

func profile(name, pods, nodes string) netpol.Profile {
	p := netpol.Profile{Datapath: name, Enforced: truth.Yes}
	switch name {
	case "":
		p.Datapath = "veth"
	case "flannel":
		p.Enforced = truth.No
	case "perhaps":
		p.Enforced = truth.Maybe
	}
	p.PodCIDRs = set(strings.Fields(pods)...)
	p.NodeCIDRs = set(strings.Fields(nodes)...)
	return p
}

func destination(t *testing.T, s string) netpol.Dest {
	if s == "internet" {
		return netpol.InternetDest()
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return netpol.PrefixDest(p)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return netpol.AddrDest(a)
}

// parsePolicies is parseTiers for NetworkPolicies.
func parsePolicies(t testing.TB, text string) ([]*netpol.Policy, []source.Diagnostic) {
	t.Helper()
	policies, diagnostics := parseTiers(t, text)
	return policies.Network, diagnostics
}

// versions are the API versions of the kinds that documents may be of.
var versions = map[string]string{
	"NetworkPolicy":                  "networking.k8s.io/v1",
	"GlobalNetworkPolicy":            "network.alibabacloud.com/v1beta2",
	"AdminNetworkPolicy":             "policy.networking.k8s.io/v1alpha1",
	"BaselineAdminNetworkPolicy":     "policy.networking.k8s.io/v1alpha1",
	"ClusterNetworkPolicy":           "policy.networking.k8s.io/v1alpha2",
	"CiliumNetworkPolicy":            "cilium.io/v2",
	"CiliumClusterwideNetworkPolicy": "cilium.io/v2",
}

var kindLine = regexp.MustCompile(`(?m)^kind: (\w+)$`)

// parseTiers reads documents that leave out what they have in common: the API
// version, the metadata, and the kind of a NetworkPolicy. The positions of the first
// document are those of the text.
func parseTiers(t testing.TB, text string) (netpol.Policies, []source.Diagnostic) {
	t.Helper()
	var policies netpol.Policies
	var diagnostics []source.Diagnostic
	for i, doc := range strings.Split(text, "\n---\n") {
		if !strings.Contains(doc, "spec:") && !strings.Contains(doc, "specs:") {
			continue
		}
		kind := "NetworkPolicy"
		if m := kindLine.FindStringSubmatch(doc); m != nil {
			kind = m[1]
		} else {
			doc += "\nkind: NetworkPolicy\n"
		}
		if !strings.Contains(doc, "metadata:") {
			doc += "\nmetadata: {" + map[bool]string{true: "name: default"}[kind == "BaselineAdminNetworkPolicy"] + "}\n"
		}
		doc += "\napiVersion: " + versions[kind] + "\n"
		objects, d := kubernetes.Parse(fmt.Sprintf("policy-%d.yaml", i), []byte(doc))
		for _, x := range d {
			if x.Fatal() {
				t.Fatalf("%v: %s\n%s", x.Range, x.Message, doc)
			}
		}
		for _, o := range objects {
			o.Root = undecided(o.Root)
			before := len(diagnostics)
			if !add(&policies, &diagnostics, o) && len(diagnostics) == before {
				t.Errorf("a policy is rejected without a reason")
			}
		}
	}
	return policies, diagnostics
}

// add parses an object and reports whether it is accepted.
func add(policies *netpol.Policies, diagnostics *[]source.Diagnostic, o *kubernetes.Object) bool {
	namespace := o.Namespace
	if namespace == "" {
		namespace = "a"
	}
	var found []*netpol.Policy
	var d []source.Diagnostic
	switch o.Kind {
	case "NetworkPolicy":
		p, reasons := netpol.Parse(o, namespace)
		if found, d = []*netpol.Policy{p}, reasons; p == nil {
			found = nil
		}
		policies.Network = append(policies.Network, found...)
	case "GlobalNetworkPolicy":
		p, reasons := netpol.ParseGlobal(o)
		if found, d = []*netpol.Policy{p}, reasons; p == nil {
			found = nil
		}
		policies.Global = append(policies.Global, found...)
	case "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
		found, d = netpol.ParseCilium(o, namespace)
		policies.Cilium = append(policies.Cilium, found...)
	default:
		a, reasons := netpol.ParseAdmin(o)
		*diagnostics = append(*diagnostics, reasons...)
		if a != nil {
			policies.Admin = append(policies.Admin, a)
		}
		return a != nil
	}
	*diagnostics = append(*diagnostics, d...)
	return len(found) > 0
}

// undecided returns v with the values that the text marks as undecided.
func undecided(v *located.Value) *located.Value {
	c := *v
	switch {
	case v.Kind == located.String && v.Str == "UNDECIDED":
		return &located.Value{Kind: located.Unknown, Range: v.Range, Reason: "var.x has no value"}
	case v.Kind == located.String:
		c.Str = strings.ReplaceAll(v.Str, "${id}", located.Ref{Address: "alicloud_vswitch.pod", Attribute: "id"}.Placeholder())
	}
	c.List = slices.Clone(v.List)
	for i := range c.List {
		c.List[i] = undecided(c.List[i])
	}
	c.Map = slices.Clone(v.Map)
	for i := range c.Map {
		c.Map[i].Value = undecided(c.Map[i].Value)
	}
	return &c
}
