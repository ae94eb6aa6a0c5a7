package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/policies"
)

const docsDir = "../../docs/rules"

const generated = "<!-- Generated from %s. Edit it there and run make golden. -->\n\n"

// TestDocsAreCurrent generates a page for each rule, and their index, from METADATA.
func TestDocsAreCurrent(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"index.md": indexPage(rules)}
	for _, r := range rules {
		pages[r.ID+".md"] = rulePage(t, r)
	}
	for name, text := range pages {
		golden(t, filepath.Join(docsDir, name), []byte(text))
	}
	entries, err := os.ReadDir(docsDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := pages[e.Name()]; ok {
			continue
		}
		if *update {
			if err := os.Remove(filepath.Join(docsDir, e.Name())); err != nil {
				t.Error(err)
			}
			continue
		}
		t.Errorf("%s is the page of no rule", filepath.Join(docsDir, e.Name()))
	}
}

func rulePage(t *testing.T, r engine.Rule) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, generated, fmt.Sprintf("policies/rules/%s/%s/rule.rego", r.Category, r.ID))
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", r.ID, r.Title)
	fmt.Fprintf(&b, "| Category | Severity | Precision | Since |\n| --- | --- | --- | --- |\n| %s | %s | %s | %s |\n\n",
		r.Category, r.Severity, r.Precision, r.Since)
	fmt.Fprintf(&b, "## Summary\n\n%s\n\n%s%s\n\n## Sources\n\n", r.Description, example(t, r.ID), r.Help)
	for i, url := range r.References {
		fmt.Fprintf(&b, "- [%s](%s)\n", engine.ReferenceTitles(r)[i], url)
	}
	return b.String()
}

const examplesDir = "../../testdata/examples"

// shared are the files that examples stand on, as their pages call them.
var shared = map[string]string{
	"network":        "a VPC",
	"terway":         "a cluster with Terway",
	"terway-private": "a cluster with Terway that has no NAT gateway of its own",
	"flannel":        "a cluster with Flannel",
	"nat":            "a NAT gateway",
}

// example is the section of a rule's page with files on which it fires, and with
// what is different when they are put right. The tests of the command line lint both.
func example(t *testing.T, id string) string {
	t.Helper()
	name := filepath.Join(examplesDir, id+".txtar")
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var with []string
	for _, word := range strings.Fields(strings.TrimPrefix(string(archive.Comment), "uses ")) {
		if shared[word] == "" {
			t.Fatalf("%s uses %q", name, word)
		}
		with = append(with, fmt.Sprintf("[%s](../../testdata/examples/%s.tf)", shared[word], word))
	}
	var b strings.Builder
	b.WriteString("## Example\n\n")
	switch n := len(with); n {
	case 0:
		b.WriteString("These files give the finding at the marked line:\n")
	case 1:
		fmt.Fprintf(&b, "With %s, these files give the finding at the marked line:\n", with[0])
	default:
		fmt.Fprintf(&b, "With %s and %s, these files give the finding at the marked line:\n", strings.Join(with[:n-1], ", "), with[n-1])
	}
	fails := make(map[string]string)
	put := false
	for _, f := range archive.Files {
		kind, file, _ := strings.Cut(f.Name, "/")
		text := string(f.Data)
		switch {
		case kind == "fails":
			fails[file] = text
			text = strings.ReplaceAll(text, "# want "+id, "# <-- "+id)
		case kind != "fixed":
			t.Fatalf("%s: file %s", name, f.Name)
		case fails[file] == text:
			continue
		case !put:
			put = true
			b.WriteString("\nPut right:\n")
		}
		language := "yaml"
		if filepath.Ext(file) == ".tf" {
			language = "hcl"
		}
		fmt.Fprintf(&b, "\n`%s`\n\n```%s\n%s```\n", file, language, text)
	}
	if !put {
		t.Errorf("%s: nothing is put right", name)
	}
	return b.String() + "\n"
}

// categories are the categories of rules in the order of a packet's way.
var categories = []struct{ name, title string }{
	{"source", "Source: name resolution, NetworkPolicies, security groups, network ACLs"},
	{"internet", "Internet: routes, NAT gateways, SNAT entries, EIPs and IPv6"},
	{"target", "Target: whitelists, access control lists, inbound rules, bucket policies"},
	{"loadbalancer", "Load balancers"},
}

func indexPage(rules []engine.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, generated, "policies/rules")
	b.WriteString("# Rules\n\nIn the order in which a packet meets what they judge. The severity is the usual one; " +
		"each page says when it is another, and when the rule is silent.\n")
	listed := 0
	for _, c := range categories {
		fmt.Fprintf(&b, "\n## %s\n\n| Rule | Severity | What it finds |\n| --- | --- | --- |\n", c.title)
		for _, r := range rules {
			if r.Category == c.name {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", r.ID, r.ID, r.Severity, r.Title)
				listed++
			}
		}
	}
	if listed != len(rules) {
		panic(fmt.Sprintf("%d of %d rules are in a category that the index knows", listed, len(rules)))
	}
	return b.String()
}
