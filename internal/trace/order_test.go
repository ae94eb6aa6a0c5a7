package trace_test

import (
	"context"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// overlays are the files of one cluster's Terraform, and those of two overlays for it.
type overlays struct{ cluster, one, two map[string][]byte }

// firstOfSeveral are the lines that name one of the destinations that something stops;
// each has a path of its own.
var firstOfSeveral = regexp.MustCompile(`^(policy stops|dns of|security groups|network acl|  also|  needed) `)

// verdicts builds the model of the overlays in the folders of these names and returns
// what it says and who may talk to whom, with the folders called by their contents.
func (o overlays) verdicts(t *testing.T, one, two string) []string {
	t.Helper()
	var input world.Input
	files := fstest.MapFS{}
	var hcl []string
	for name, data := range o.cluster {
		files["infra/"+name] = &fstest.MapFile{Data: data}
		hcl = append(hcl, "infra/"+name)
	}
	slices.Sort(hcl)
	input.Roots, _ = terraform.Load(context.Background(), source.NewTree(files), hcl, terraform.Options{})
	folders := map[string]map[string][]byte{one: o.one, two: o.two}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		for _, name := range slices.Sorted(maps.Keys(folders[folder])) {
			objects, _ := kubernetes.Parse(folder+"/"+name, folders[folder][name])
			for _, object := range objects {
				object.From, object.Dir = "overlay "+folder, folder
			}
			input.Objects = append(input.Objects, objects...)
		}
	}
	model, diagnostics, err := trace.Build(context.Background(), input)
	if err != nil {
		t.Fatal(err)
	}
	connectivity, _, err := trace.NewConnectivity(context.Background(), input)
	if err != nil {
		t.Fatal(err)
	}
	said := describe(model, diagnostics)
	for c := range connectivity.Connections(trace.Filter{}) {
		said += c.From.String() + " -> " + c.To.String() + ": " + c.Sure.String() + ", perhaps " + c.Possible.String() + "\n"
	}
	lines := strings.Split(strings.NewReplacer(one, "ONE", two, "TWO", path.Base(one)+":", "ONE:", path.Base(two)+":", "TWO:").Replace(said), "\n")
	lines = slices.DeleteFunc(lines, firstOfSeveral.MatchString)
	for i, line := range lines {
		// It stands at the first of the places that are to blame.
		line, _, _ = strings.Cut(line, " @")
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" []", r) })
		slices.Sort(words)
		lines[i] = strings.Join(words, " ")
	}
	slices.Sort(lines)
	return lines
}

func isNested(name string) bool { return strings.Contains(name, "/") }

// TestFolderNamesDecideNothing builds two overlays of one cluster, whose folders stand in
// one order and in the other: what is said of them is the same.
func TestFolderNamesDecideNothing(t *testing.T) {
	check := func(t *testing.T, o overlays) {
		t.Helper()
		// Names of no environment, and those of two that nothing binds to a cluster.
		for _, names := range [][2]string{{"apple", "berry"}, {"staging", "uat"}} {
			if names[0] == "staging" && slices.ContainsFunc(slices.Collect(maps.Keys(o.cluster)), isNested) {
				continue // it has folders of environments
			}
			first, last := "overlays/"+names[0], "overlays/"+names[1]
			if diff := cmp.Diff(o.verdicts(t, first, last), o.verdicts(t, last, first)); diff != "" {
				t.Errorf("what is said depends on which of %v comes first (-ONE first +TWO first):\n%s", names, diff)
			}
		}
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("list cases: %v, found %d", err, len(files))
	}
	archives := make([]*txtar.Archive, len(files))
	for i, file := range files {
		if archives[i], err = txtar.ParseFile(file); err != nil {
			t.Fatal(err)
		}
	}
	manifests := func(a *txtar.Archive, ext string) map[string][]byte {
		found := make(map[string][]byte)
		for _, f := range a.Files {
			if filepath.Ext(f.Name) == ext {
				found[f.Name] = f.Data
			}
		}
		return found
	}
	// What says that it is Flannel, and policies, in one of them; policies in the other.
	find := func(name string) *txtar.Archive {
		return archives[slices.Index(files, filepath.Join("testdata", name+".txtar"))]
	}
	for _, pair := range [][2]string{{"flannel_config", "dns_no_rule"}, {"eni_config", "dns_no_rule"}, {"eni_config", "flannel_config"}} {
		t.Run(strings.Join(pair[:], " beside "), func(t *testing.T) {
			one, other := manifests(find(pair[0]), ".yaml"), manifests(find(pair[1]), ".yaml")
			check(t, overlays{manifests(find("eni_config"), ".tf"), one, other})
			check(t, overlays{manifests(find("eni_config"), ".tf"), other, one})
		})
	}
	for i, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(files[i]), ".txtar"), func(t *testing.T) {
			for _, step := range []int{1, 5, 23} {
				other := archives[(i+step)%len(archives)]
				check(t, overlays{manifests(archive, ".tf"), manifests(archive, ".yaml"), manifests(other, ".yaml")})
			}
		})
	}
}
