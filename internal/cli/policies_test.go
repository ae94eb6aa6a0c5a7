package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/internal/cli"
)

const (
	policyCases    = "../../testdata/policies"
	evaluatorCases = "../netpol/testdata"
	networkFile    = "network.yaml" // the configuration of the last question
)

// policyNetworks are the clusters that questions may name after "on", as a
// configuration describes them. Other networks than these have no cluster.
var policyNetworks = map[string]string{
	"veth":    "plugin: terway, datapath: veth",
	"ipvlan":  "plugin: terway, datapath: ipvlan",
	"v2":      "plugin: terway, datapath: v2",
	"unknown": "plugin: terway",
	"flannel": "plugin: flannel",
}

// clusterEntry describes a cluster on which the manifests of a folder run.
func clusterEntry(folder, network string, enforces []string) string {
	return fmt.Sprintf("  - {name: %q, manifests: ['%s'], network: {%s, networkPolicy: {enforces: [%s]}}}\n",
		folder, path.Join(folder, "**"), policyNetworks[network], strings.Join(enforces, ", "))
}

var (
	caseID         = regexp.MustCompile(`^[a-z]+-\d\d\b`)
	workloadName   = regexp.MustCompile(`^[a-z]+/[a-z]+$`)
	packetQuestion = regexp.MustCompile(`^(?:(\S+) -> )?(\S+) (TCP|UDP|SCTP) (\d+)(?: on (\w+))?: (allow|deny|unknown|invalid)\b`)
)

// packet is a question about one packet.
type packet struct {
	from, to, protocol string
	port               int
	network            string
	want               string
}

func parsePacket(text string) (packet, bool) {
	m := packetQuestion.FindStringSubmatch(text)
	if m == nil {
		return packet{}, false
	}
	port, err := strconv.Atoi(m[4])
	q := packet{m[1], m[2], m[3], port, m[5], m[6]}
	if q.from == "" {
		q.from = "a/src"
	}
	return q, err == nil
}

// aboutNodes are cases whose answer is open because an address may be a node's.
// Connectivity is about addresses outside the cluster.
var aboutNodes = []string{"anp-20: nodes are not in the files", "cluster may be an address that may be a node's"}

// fitsConnectivity reports whether connectivity can be asked about a packet: one
// between two workloads of world.yaml, or with an address outside the cluster. It
// takes loopback and link-local addresses by the letter of the policies, and knows
// from the Terraform only what enforces them on special pods.
func (q packet) fitsConnectivity() bool {
	if q.port == 0 || q.from == "a/free" || q.from == "a/eci" || q.from == q.to || q.network != "" && policyNetworks[q.network] == "" {
		return false
	}
	if workloadName.MatchString(q.to) {
		return true
	}
	a, err := netip.ParseAddr(q.to)
	return err == nil && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// TestPolicyCaseIDs checks that every case of the list is asked somewhere, and that
// nothing is asked under a number that is not in it.
func TestPolicyCaseIDs(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(policyCases, "ids.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(data))
	var got []string
	for _, f := range evaluatorFiles(t) {
		got = append(got, caseID.FindString(f.Name))
	}
	for _, file := range policyArchives(t) {
		got = append(got, caseID.FindString(filepath.Base(file)))
	}
	got = slices.DeleteFunc(got, func(id string) bool { return id == "" })
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("cases differ from ids.txt (-want +got):\n%s", diff)
	}
}

// evaluatorCase is a case of package netpol with its documents completed.
type evaluatorCase struct {
	name     string
	question packet
	kinds    []string
	text     string
}

// evaluatorFiles returns the cases of package netpol.
func evaluatorFiles(t *testing.T) (list []txtar.File) {
	t.Helper()
	files, err := filepath.Glob(evaluatorCases + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("find cases: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, archive.Files...)
	}
	return list
}

// evaluatorQuestions returns those of them that whole files can ask.
func evaluatorQuestions(t *testing.T) (list []evaluatorCase) {
	t.Helper()
	for _, f := range evaluatorFiles(t) {
		head, text, _ := strings.Cut(string(f.Data), "\n")
		q, ok := parsePacket(strings.TrimPrefix(head, "# "))
		if !ok || !q.fitsConnectivity() || strings.Contains(text, "${id}") || slices.Contains(aboutNodes, f.Name) {
			continue
		}
		c := evaluatorCase{name: f.Name, question: q}
		c.kinds, c.text = completed(strings.ReplaceAll(text, "UNDECIDED", "'${UNDECIDED}'"))
		list = append(list, c)
	}
	return list
}

var kindField = regexp.MustCompile(`(?m)^kind: (\w+)$`)

// completed adds the lines that are the same in each document of package netpol's
// cases, and returns the kinds beyond NetworkPolicy.
func completed(text string) (kinds []string, result string) {
	groups := map[string]string{
		"NetworkPolicy": "networking.k8s.io/v1", "GlobalNetworkPolicy": "network.alibabacloud.com/v1beta2",
		"AdminNetworkPolicy": "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy": "policy.networking.k8s.io/v1alpha1",
		"ClusterNetworkPolicy": "policy.networking.k8s.io/v1alpha2",
		"CiliumNetworkPolicy":  "cilium.io/v2", "CiliumClusterwideNetworkPolicy": "cilium.io/v2",
	}
	namespaced := []string{"NetworkPolicy", "CiliumNetworkPolicy"}
	var documents []string
	for i, doc := range strings.Split(text, "\n---\n") {
		if !strings.Contains(doc, "spec:") && !strings.Contains(doc, "specs:") {
			continue
		}
		kind := "NetworkPolicy"
		if m := kindField.FindStringSubmatch(doc); m != nil {
			kind = m[1]
			kinds = append(kinds, kind)
		} else {
			doc = "kind: NetworkPolicy\n" + doc
		}
		name, namespace := "p"+strconv.Itoa(i), ""
		if kind == "BaselineAdminNetworkPolicy" {
			name = "default"
		}
		if slices.Contains(namespaced, kind) {
			namespace = ", namespace: a"
		}
		switch {
		case !strings.Contains(doc, "metadata:"):
			doc = "metadata: {name: " + name + namespace + "}\n" + doc
		case !strings.Contains(doc, "name: "):
			doc = strings.Replace(doc, "metadata: {", "metadata: {name: "+name+", ", 1)
		case !strings.Contains(doc, "namespace: ") && namespace != "":
			doc = strings.Replace(doc, "metadata: {", "metadata: {namespace: a, ", 1)
		}
		documents = append(documents, "apiVersion: "+groups[kind]+"\n"+doc)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), strings.Join(documents, "\n---\n")
}

// TestEvaluatorCases asks the cases of package netpol of whole files.
func TestEvaluatorCases(t *testing.T) {
	for _, c := range evaluatorQuestions(t) {
		t.Run(c.name, func(t *testing.T) {
			dir := policyFiles(t, []txtar.File{{Name: "policies.yaml", Data: []byte(c.text)}})
			q := c.question
			if q.network == "" {
				q.network = "veth"
			}
			if q.want == "invalid" { // the cluster does not have what its API server rejects
				q.want = "allow"
			}
			ask(t, dir, q, c.kinds)
		})
	}
}

// TestRejectedPolicies checks that a run tells what the API server would reject, and
// where it is.
func TestRejectedPolicies(t *testing.T) {
	var files []txtar.File
	clusters := "clusters:\n"
	rejected := make(map[string]string) // file by case
	for i, c := range evaluatorQuestions(t) {
		if c.question.want != "invalid" {
			continue
		}
		folder := "case-" + strconv.Itoa(i)
		rejected[c.name] = folder + "/policies.yaml"
		files = append(files, txtar.File{Name: rejected[c.name], Data: []byte(c.text)})
		clusters += clusterEntry(folder, "veth", c.kinds)
	}
	files = append(files, txtar.File{Name: networkFile, Data: []byte(clusters)})
	dir := policyFiles(t, files)
	r, _ := lint(t, dir, "--config", filepath.Join(dir, networkFile))
	for name, file := range rejected {
		if !slices.ContainsFunc(r.Diagnostics, func(d diagnostic) bool {
			return d.Kind == "invalid-object" && d.Location.File == file && d.Location.StartLine > 1
		}) {
			t.Errorf("%s: nothing is told of %s", name, file)
		}
	}
	if len(rejected) < 20 {
		t.Errorf("only %d cases are about what is rejected", len(rejected))
	}
}

func policyArchives(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(policyCases + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("find cases: %v", err)
	}
	return files
}

// TestPolicyCases asks the cases of testdata/policies.
func TestPolicyCases(t *testing.T) {
	for _, file := range policyArchives(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, questions, ok := strings.Cut(string(archive.Comment), "\n\n")
			if !ok || strings.TrimSpace(questions) == "" {
				t.Fatal("nothing is asked")
			}
			dir := policyFiles(t, archive.Files)
			for line := range strings.Lines(strings.TrimSpace(questions)) {
				askLine(t, dir, strings.TrimSpace(line))
			}
		})
	}
}

// askLine asks one line of an archive's comment.
func askLine(t *testing.T, dir, line string) {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "path":
		if got := paths(t, dir); !slices.Contains(got, rest) {
			t.Errorf("no path is\n\t%s\nthere are\n\t%s", rest, strings.Join(got, "\n\t"))
		}
	case "diagnostic":
		r, _ := lint(t, dir)
		var got []string
		for _, d := range r.Diagnostics {
			got = append(got, fmt.Sprintf("%s %s:%d", d.Kind, d.Location.File, d.Location.StartLine))
		}
		if !slices.Contains(got, rest) {
			t.Errorf("no diagnostic is %s: %q", rest, got)
		}
	case "lint":
		r, _ := lint(t, dir)
		var got []string
		for _, f := range r.Findings {
			got = append(got, fmt.Sprintf("%s:%d %s", f.Location.File, f.Location.StartLine, f.Rule))
		}
		slices.Sort(got)
		if diff := cmp.Diff(wanted(t, dir), got); diff != "" {
			t.Errorf("findings differ from the comments (-want +got):\n%s", diff)
		}
	default:
		q, ok := parsePacket(line)
		if !ok {
			t.Fatalf("cannot read the question %q", line)
		}
		ask(t, dir, q, nil)
	}
}

// policyFiles writes the files of a case and the world that all cases share.
func policyFiles(t *testing.T, files []txtar.File) (dir string) {
	t.Helper()
	dir = t.TempDir()
	world, err := os.ReadFile(filepath.Join(policyCases, "world.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, txtar.File{Name: "world.yaml", Data: world}) {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ask asks connectivity whether a packet may pass.
func ask(t *testing.T, dir string, q packet, enforces []string) {
	t.Helper()
	args := []string{"connectivity", "--format", "json", "--from", q.from, "--to", q.to, "--port", fmt.Sprintf("%d/%s", q.port, q.protocol)}
	if q.network != "" {
		file := filepath.Join(dir, networkFile)
		if err := os.WriteFile(file, []byte("clusters:\n"+clusterEntry(".", q.network, enforces)), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", file)
	}
	var stdout, stderr bytes.Buffer
	if code := cli.Main(nil, &stdout, &stderr, append(args, dir)); code != cli.ExitOK && code != cli.ExitIncomplete {
		t.Fatalf("exit code %d: %s", code, stderr.Bytes())
	}
	var connections []struct{ Conn string }
	if err := json.Unmarshal(stdout.Bytes(), &connections); err != nil {
		t.Fatalf("%v in %s", err, stdout.Bytes())
	}
	got := "deny"
	for _, c := range connections { // all of them may hold the packet
		if got = "unknown"; holds(c.Conn, q) {
			got = "allow"
		}
	}
	if len(connections) > 1 {
		t.Fatalf("several connections: %s", stdout.Bytes())
	}
	if got != q.want {
		t.Errorf("%s -> %s %s %d on %q: got %s, want %s", q.from, q.to, q.protocol, q.port, q.network, got, q.want)
	}
}

// holds reports whether a packet is part of connections as they are printed.
func holds(connections string, q packet) bool {
	if connections == "All Connections" {
		return true
	}
	protocol := ""
	for item := range strings.SplitSeq(connections, ",") {
		if p, ports, ok := strings.Cut(item, " "); ok {
			protocol, item = p, ports
		}
		first, last, ranged := strings.Cut(item, "-")
		if !ranged {
			last = first
		}
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if protocol == q.protocol && from <= q.port && q.port <= to {
			return true
		}
	}
	return false
}

// paths returns the ways of the model's requirements in one line each.
func paths(t *testing.T, dir string) (list []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := cli.Main(nil, &stdout, &stderr, []string{"model", dir}); code != cli.ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr.Bytes())
	}
	var model struct {
		Paths []struct {
			Workload, Destination, Protocol, Status string
			Port                                    int
			Hops                                    []struct{ Hop, Status, Code string }
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &model); err != nil {
		t.Fatal(err)
	}
	for _, p := range model.Paths {
		text := fmt.Sprintf("%s -> %s %s %d: %s", p.Workload, p.Destination, p.Protocol, p.Port, p.Status)
		for _, h := range p.Hops {
			text += ", " + strings.TrimSpace(h.Hop+" "+h.Status+" "+h.Code)
		}
		list = append(list, text)
	}
	return list
}
