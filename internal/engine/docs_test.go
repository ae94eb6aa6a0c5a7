package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		pages[r.ID+".md"] = rulePage(r)
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

func rulePage(r engine.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, generated, fmt.Sprintf("policies/rules/%s/%s/rule.rego", r.Category, r.ID))
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", r.ID, r.Title)
	fmt.Fprintf(&b, "| Category | Severity | Precision | Since |\n| --- | --- | --- | --- |\n| %s | %s | %s | %s |\n\n",
		r.Category, r.Severity, r.Precision, r.Since)
	fmt.Fprintf(&b, "## Summary\n\n%s\n\n%s\n\n## Sources\n\n", r.Description, r.Help)
	for i, url := range r.References {
		fmt.Fprintf(&b, "- [%s](%s)\n", engine.ReferenceTitles(r)[i], url)
	}
	return b.String()
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
