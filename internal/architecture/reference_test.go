package architecture

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/policies"
)

// schemaNode is the part of a JSON Schema that these tests follow.
type schemaNode struct {
	Ref        string                `json:"$ref"`
	Properties map[string]schemaNode `json:"properties"`
	Additional json.RawMessage       `json:"additionalProperties"`
	Items      *schemaNode           `json:"items"`
	Enum       []any                 `json:"enum"`
	Required   []string              `json:"required"`
}

// schemaKey is a key of the configuration.
type schemaKey struct {
	words    []string // if it takes only these
	required bool
}

// configKeys returns the keys of the configuration's schema by path, as
// clusters[].network.plugin.
func configKeys(t *testing.T) map[string]schemaKey {
	t.Helper()
	var root schemaNode
	if err := json.Unmarshal(config.Schema, &root); err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]schemaKey)
	var walk func(prefix string, n schemaNode)
	walk = func(prefix string, n schemaNode) {
		for name, property := range n.Properties {
			key := schemaKey{required: prefix != "rules.<id>." && slices.Contains(n.Required, name)}
			for _, word := range property.Enum {
				if s, ok := word.(string); ok {
					key.words = append(key.words, s)
				}
			}
			keys[prefix+name] = key
			walk(prefix+name+".", property)
			if property.Items != nil {
				walk(prefix+name+"[].", *property.Items)
			}
			var additional schemaNode
			if json.Unmarshal(property.Additional, &additional) == nil && len(additional.Properties) > 0 {
				walk(prefix+name+".<id>.", additional)
			}
		}
	}
	walk("", root)
	if len(keys) < len(root.Properties) || len(keys) == 0 {
		t.Fatalf("found %d keys in the schema", len(keys))
	}
	return keys
}

// TestConfigurationPage keeps docs/configuration.md equal to the schema.
func TestConfigurationPage(t *testing.T) {
	keys := configKeys(t)
	seen := make(map[string]bool)
	for _, cells := range rows(readPage(t, "docs/configuration.md").section(t, "Keys")) {
		name := codeIn(cells[0])[0]
		key, ok := keys[name]
		if !ok || seen[name] {
			t.Errorf("docs/configuration.md: %s is no key of the schema, or stands there twice", name)
			continue
		}
		seen[name] = true
		for _, word := range key.words {
			if !slices.Contains(codeIn(cells[1]), word) {
				t.Errorf("docs/configuration.md: %s takes %q too", name, word)
			}
		}
		if strings.Contains(cells[1], "required") != key.required {
			t.Errorf("docs/configuration.md: %s is required: %t", name, key.required)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if !seen[name] {
			t.Errorf("docs/configuration.md does not describe %s", name)
		}
	}
}

// ownRule matches the package of a rule, and in it the id.
var ownRule = regexp.MustCompile(`(?m)^package egresslint\.rules\.\w+\["([a-z-]+)"\]$`)

// TestConfigurationExamples reads the examples as a run does. One of them has
// every key.
func TestConfigurationExamples(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, rule := range rules {
		ids = append(ids, rule.ID)
	}
	used := make(map[string]bool)
	var note func(prefix string, v any)
	note = func(prefix string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				if prefix == "rules." {
					key = "<id>"
				}
				used[prefix+key] = true
				note(prefix+key+".", value)
			}
		case []any:
			for _, item := range v {
				note(strings.TrimSuffix(prefix, ".")+"[].", item)
			}
		}
	}
	for _, p := range readPages(t) {
		if !p.guide() {
			continue
		}
		known := slices.Clone(ids)
		for _, m := range ownRule.FindAllStringSubmatch(strings.Join(p.blocks("rego"), ""), -1) {
			known = append(known, m[1])
		}
		for _, block := range p.blocks("yaml") {
			var v map[string]any
			if err := yaml.Unmarshal([]byte(block), &v); err != nil {
				t.Errorf("%s: an example is no YAML: %v", p.name, err)
			}
			if v["clusters"] == nil && v["rules"] == nil && v["exclude"] == nil {
				continue // an annotation, or a workflow
			}
			if _, err := config.Parse(config.FileName, []byte(block), known); err != nil {
				t.Errorf("%s: an example of the configuration has mistakes: %v", p.name, err)
			}
			note("", v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(configKeys(t))) {
		if !used[name] {
			t.Errorf("no example of the configuration has %s", name)
		}
	}
}

// TestModelPage keeps what docs/model.md says of the layout and the version equal to the
// model. Its tables of all fields are generated.
func TestModelPage(t *testing.T) {
	want := []string{"apiVersion"}
	p := readPage(t, "docs/model.md")
	for _, cells := range rows(p.section(t, "How it is laid out")) {
		want = append(want, codeIn(cells[0])...)
	}
	var got []string
	for field := range reflect.TypeFor[model.Model]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			got = append(got, name)
		}
	}
	if !sameSet(got, want) {
		t.Errorf("docs/model.md has the fields %q, the model %q", want, got)
	}
	if !slices.Contains(codeIn(p.section(t, "What you may rely on")), model.APIVersion) {
		t.Errorf("docs/model.md does not name the version %s", model.APIVersion)
	}
}

// TestHopsOfPage keeps the table of hops equal to the hops that are traced.
func TestHopsOfPage(t *testing.T) {
	want := model.HopNames()
	var got []string
	for _, cells := range rows(readPage(t, "docs/egress-path.md").section(t, "The hops")) {
		got = append(got, codeIn(cells[0])...)
	}
	slices.Sort(want)
	if want = slices.Compact(want); !sameSet(got, want) {
		t.Errorf("docs/egress-path.md has the hops %q, the code %q", got, want)
	}
}

// TestDeclarationsOfPage parses the examples of declarations, and checks the list
// of kinds.
func TestDeclarationsOfPage(t *testing.T) {
	p := readPage(t, "docs/how-it-reads-kubernetes.md")
	text := p.section(t, "What a declaration may say")
	table := rows(text)
	if len(table) == 0 {
		t.Fatal("found no examples")
	}
	for _, cells := range table {
		item := codeIn(cells[0])[0]
		if parsed, err := requirement.ParseDeclaration(item); err != nil || len(parsed) != 1 {
			t.Errorf("the example %q gives %d items, %v", item, len(parsed), err)
		}
	}
	// The parser itself tells its kinds.
	_, err := requirement.ParseDeclaration("nothing/x")
	var mistake *requirement.DeclarationError
	if !errors.As(err, &mistake) {
		t.Fatalf("got %v, want a mistake that lists the kinds", err)
	}
	_, list, ok := strings.Cut(mistake.Reason, "it is one of ")
	if !ok {
		t.Fatalf("%q lists no kinds", mistake.Reason)
	}
	_, sentence, _ := strings.Cut(text, "The kinds before the slash are")
	sentence, _, _ = strings.Cut(sentence, ";")
	if got, want := codeIn(sentence), strings.Split(list, ", "); !sameSet(got, want) {
		t.Errorf("the page has the kinds %q, the parser %q", got, want)
	}
}

// TestWorkloadKindsOfPages keeps the lists of kinds equal to what is read.
func TestWorkloadKindsOfPages(t *testing.T) {
	d := readDeclarations(t, "internal/kube")
	text := readPage(t, "docs/how-it-reads-kubernetes.md").section(t, "What a workload needs")
	for _, kind := range d.keys(t, "PodTemplates") {
		if kind != "HelmRelease" && !slices.Contains(codeIn(text), kind) {
			t.Errorf("docs/how-it-reads-kubernetes.md does not name the workload %s", kind)
		}
	}
	var got []string
	for _, cells := range rows(readPage(t, "docs/how-it-reads-terraform.md").section(t, "Kubernetes objects in Terraform")) {
		got = append(got, codeIn(cells[0])...)
	}
	want := append(d.keys(t, "objectKinds"), "kubernetes_manifest", "kubectl_manifest", "helm_release")
	if !sameSet(got, want) {
		t.Errorf("docs/how-it-reads-terraform.md has the types %q, the code %q", got, want)
	}
}

// TestEnvironmentWordsOfPage checks the words by which folders are matched.
func TestEnvironmentWordsOfPage(t *testing.T) {
	d := readDeclarations(t, "internal/world")
	text := readPage(t, "docs/how-it-reads-kubernetes.md").section(t, "Which cluster a manifest runs on")
	for _, word := range d.keys(t, "environments") {
		if !slices.Contains(codeIn(text), word) {
			t.Errorf("docs/how-it-reads-kubernetes.md does not name the environment %s", word)
		}
	}
}

// TestLimitsOfPage keeps the table of limits equal to the constants.
func TestLimitsOfPage(t *testing.T) {
	d, plans := readDeclarations(t, "parser/terraform"), readDeclarations(t, "parser/tfjson")
	deploy, gitops, files := readDeclarations(t, "parser"), readDeclarations(t, "parser/gitops"), readDeclarations(t, "parser/source")
	limits := map[string]string{
		"size of a file":                                             fmt.Sprintf("%d MiB", source.MaxFileSize>>20),
		"files of one run":                                           thousands(fmt.Sprint(source.MaxFiles)),
		"folders below a given path":                                 fmt.Sprintf("%d deep", source.MaxDirDepth),
		"values of a YAML or JSON file":                              fmt.Sprintf("%s, nested %d deep", thousands(fmt.Sprint(kubernetes.MaxValues)), kubernetes.MaxNesting),
		"values of all manifests of a run, rendered ones included":   deploy.constant(t, "maxRunValues"),
		"text of all Terraform files of a run":                       d.mebibytes(t, "maxSource"),
		"values of a plan or a state":                                fmt.Sprintf("%s, nested %s deep", plans.constant(t, "maxValues"), plans.constant(t, "maxDepth")),
		"steps of a root":                                            d.constant(t, "maxSteps"),
		"steps of all roots of a run, shared out":                    fmt.Sprintf("%s, but %s at least for each", d.constant(t, "maxRunSteps"), d.constant(t, "minRootSteps")),
		"elements of one value, 256 bytes of text counting as one":   d.constant(t, "maxWeight"),
		"text of a template":                                         d.mebibytes(t, "maxTemplate"),
		"files that one fileset finds":                               d.constant(t, "maxFileSet"),
		"elements of lists, maps and blocks that a root makes":       d.constant(t, "maxElements"),
		"text that a root makes":                                     d.mebibytes(t, "maxLetters"),
		"values of the resources of a root":                          d.constant(t, "maxValues"),
		"values of the resources of a run":                           d.constant(t, "maxRunValues"),
		"variants of a root":                                         d.constant(t, "maxVariants"),
		"modules inside modules":                                     d.constant(t, "maxModuleDepth") + " deep",
		"instances of one count, for_each or dynamic":                d.constant(t, "maxRepetition"),
		"instances of a root":                                        d.constant(t, "maxInstances"),
		"templates inside templates":                                 d.constant(t, "maxTemplateDepth") + " deep",
		"brackets, operators and template directives of an HCL file": d.constant(t, "maxNesting") + " deep",
		"interpolations and directives of an HCL file":               d.constant(t, "maxInterpolations"),
		"characters of operators of an HCL file":                     d.constant(t, "maxOperators"),

		"actions of a Go template, as in a chart or an ApplicationSet": files.constant(t, "maxTemplateNesting") + " deep",
		"patterns that the alternatives of a glob stand for":           files.constant(t, "maxGlobChoices"),
		"applications of an ApplicationSet":                            gitops.constant(t, "maxApplications"),
		"deployments of Argo CD and Flux":                              deploy.constant(t, "maxDeployments"),
		"objects that Argo CD and Flux deploy":                         deploy.constant(t, "maxCopies"),
	}
	seen := 0
	for _, cells := range rows(readPage(t, "docs/how-it-reads-terraform.md").section(t, "Limits")) {
		name := strings.ReplaceAll(cells[0], "`", "")
		want, ok := limits[name]
		if !ok {
			t.Errorf("the limit of %q is not checked", name)
			continue
		}
		seen++
		if cells[1] != want {
			t.Errorf("the limit of %s is %s, the page says %s", name, want, cells[1])
		}
	}
	if seen != len(limits) {
		t.Errorf("the page has %d of %d limits", seen, len(limits))
	}
}

// mebibytes returns a number of bytes among the values of a package, written as so many
// MiB, as 12 << 20.
func (d declarations) mebibytes(t *testing.T, name string) string {
	t.Helper()
	shift, ok := d[name].(*ast.BinaryExpr)
	if !ok || d.text(t, shift.Y) != "20" {
		t.Fatalf("found no number of MiB called %s", name)
	}
	return d.text(t, shift.X) + " MiB"
}

// constant returns a number among the values of a package, with separators.
func (d declarations) constant(t *testing.T, name string) string {
	t.Helper()
	if d[name] == nil {
		t.Fatalf("found no constant %s", name)
	}
	return thousands(strings.ReplaceAll(d.text(t, d[name]), "_", ""))
}

// thousands puts commas into a number.
func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
