package trace_test

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

var update = flag.Bool("update", false, "rewrite the want sections of testdata")

// TestBuild builds the model of each archive in testdata and compares what its
// gates say with the archive's want section.
func TestBuild(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("list cases: %v, found %d", err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want *txtar.File
			input := fstest.MapFS{}
			for i := range archive.Files {
				f := &archive.Files[i]
				if f.Name == "want" {
					want = f
					continue
				}
				input[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			if want == nil {
				t.Fatal("the archive has no want section")
			}
			model, diagnostics := build(t, input, optionsIn(string(archive.Comment)))
			checkHops(t, model)
			got := describe(model, diagnostics)
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("model differs (-want +got):\n%s", diff)
			}
		})
	}
}

// checkHops wants the place of every hop that stops a packet, why one is unknown, and
// facts that say something.
func checkHops(t *testing.T, m *model.Model) {
	t.Helper()
	for _, p := range m.Paths {
		for _, hop := range p.Hops {
			at := p.Workload + " -> " + p.Destination + ": hop " + hop.Name + " is " + string(hop.Status) + " (" + hop.Code + ")"
			if hop.Status == truth.Blocked && hop.Origin.Ref == 0 {
				t.Error(at + ", and nothing stops it")
			}
			if hop.Status == truth.Unknown && hop.Detail == "" && hop.Code == "" {
				t.Error(at + ", and nothing says why")
			}
			for _, fact := range hop.Facts {
				if fact.Label == "" || fact.Value == "" {
					t.Errorf("%s: %+v is no fact", at, fact)
				}
			}
		}
	}
}

// optionsIn reads the lines "option: value" of an archive's comment.
func optionsIn(comment string) world.Options {
	var options world.Options
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "cluster-network":
			options.ClusterNetwork = value
		case "private-domain":
			options.PrivateDomains = append(options.PrivateDomains, value)
		case "no-internet":
			intent := false
			options.Clusters = append(options.Clusters, world.ClusterConfig{Terraform: value, Internet: &intent})
		case "manifests":
			dir, glob, _ := strings.Cut(value, " ")
			options.Clusters = append(options.Clusters, world.ClusterConfig{Terraform: dir, Manifests: []string{glob}})
		case "enforces":
			dir, kind, _ := strings.Cut(value, " ")
			network := world.NetworkConfig{NetworkPolicy: "enforced", Enforces: []string{kind}}
			options.Clusters = append(options.Clusters, world.ClusterConfig{Terraform: dir, Network: network})
		case "controller": // of further policies, whatever the plug-in does
			dir, kind, _ := strings.Cut(value, " ")
			options.Clusters = append(options.Clusters, world.ClusterConfig{Terraform: dir, Network: world.NetworkConfig{Enforces: []string{kind}}})
		case "target": // NAME HOSTS ADDRESSES ALLOW, each but the first a list with commas, - for none
			fields := strings.Fields(value)
			at := source.Range{File: ".egresslint.yaml", Start: source.Pos{Line: 2, Column: 1}}
			target := world.TargetConfig{Name: fields[0], At: at}
			if fields[1] != "-" {
				target.Hosts = strings.Split(fields[1], ",")
			}
			for _, text := range strings.Split(strings.Trim(fields[2], "-"), ",") {
				if text != "" {
					target.Addresses = append(target.Addresses, netip.MustParsePrefix(text))
				}
			}
			for i, text := range strings.Split(strings.Trim(fields[3], "-"), ",") {
				if text != "" {
					at := source.Range{File: ".egresslint.yaml", Start: source.Pos{Line: 3 + i, Column: 1}}
					target.Allow = append(target.Allow, world.AllowEntry{CIDR: netip.MustParsePrefix(text), At: at})
				}
			}
			options.Targets = append(options.Targets, target)
		case "require":
			from, to, _ := strings.Cut(value, " ")
			options.Requirements = append(options.Requirements, world.RequirementConfig{
				From: from, To: []string{to}, At: source.Range{File: ".egresslint.yaml", Start: source.Pos{Line: 1, Column: 1}},
			})
		}
	}
	return options
}

func build(t *testing.T, files fstest.MapFS, options world.Options) (*model.Model, []source.Diagnostic) {
	t.Helper()
	tree := source.NewTree(files)
	var hcl []string
	var objects []*kubernetes.Object
	var all []source.Diagnostic
	for name, f := range files {
		switch filepath.Ext(name) {
		case ".tf":
			hcl = append(hcl, name)
		case ".yaml":
			list, found := kubernetes.Parse(name, f.Data)
			all = append(all, found...)
			objects = append(objects, list...)
		}
	}
	sortBy(hcl, func(s string) string { return s })
	sortBy(objects, func(o *kubernetes.Object) string { return fmt.Sprintf("%s:%06d", o.File, o.Root.Range.Start.Line) })
	roots, found := terraform.Load(context.Background(), tree, hcl, terraform.Options{})
	for _, d := range found {
		if d.Fatal() {
			all = append(all, d)
		}
	}
	model, found, err := trace.Build(context.Background(), world.Input{Objects: objects, Roots: roots, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return model, append(all, found...)
}
