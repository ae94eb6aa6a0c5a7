package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/egresslint/egresslint/internal/finding"
)

// docsBase is where the documentation page of each rule is published.
const docsBase = "https://github.com/egresslint/egresslint/blob/main/docs/rules/"

// Rule is what a rule's METADATA says about it.
type Rule struct {
	ID          string // kebab-case, stable: what users write in configuration and see in reports
	Title       string // one short sentence without a full stop
	Description string // one paragraph
	Category    string // internet, source, target, loadbalancer, or one of the project's own
	Severity    finding.Severity
	Precision   string // very-high, high, medium or low, as SARIF's rule property
	Since       string // version of egresslint that brought the rule; empty for a project's own
	Help        string // Markdown with second-level headings: what happens, how to fix it, severity, when silent
	References  []string
	DocsURL     string      // page to read about the rule; empty if a project's own names none
	Parameters  []Parameter // sorted by name
	File        string      // of a project's own rule, as messages call it; empty for built-in rules
	Enabled     bool        // whether Engine.Run evaluates it

	resources []resource
	cases     map[string]texts
}

// resource is a page that a rule's facts come from.
type resource struct {
	title string
	url   string
}

// texts are the templates of one case of a rule.
type texts struct {
	message template
	remedy  template
}

// custom is the part of a rule's METADATA that Rego leaves to its users.
type custom struct {
	ID        string            `json:"id"`
	Severity  string            `json:"severity"`
	Category  string            `json:"category"`
	Precision string            `json:"precision"`
	Since     string            `json:"since"`
	Help      help              `json:"help"`
	Messages  map[string]string `json:"messages"`
	Remedies  map[string]string `json:"remedies"`

	Parameters map[string]parameter `json:"parameters"`
}

// help is a rule's explanation for people, in Markdown.
type help struct {
	Effect string `json:"effect"` // what happens in the network
	Fix    string `json:"fix"`    // how to change the files
	Levels string `json:"levels"` // which severity when
	Silent string `json:"silent"` // when the rule says nothing
}

// markdown puts the parts that there are under fixed headings, as they stand in
// documentation pages.
func (h help) markdown() string {
	var parts []string
	for _, p := range []struct{ title, text string }{
		{"What happens", h.Effect},
		{"How to fix it", h.Fix},
		{"Severity", h.Levels},
		{"When the rule is silent", h.Silent},
	} {
		if text := strings.TrimSpace(p.text); text != "" {
			parts = append(parts, "## "+p.title+"\n\n"+text)
		}
	}
	return strings.Join(parts, "\n\n")
}

// origin says whose rule it is, which decides what its METADATA must hold.
type origin bool

const (
	builtIn origin = true
	own     origin = false // a project's
)

var precisions = []string{"very-high", "high", "medium", "low"}

// newRule reads the METADATA of the package of m. OPA accepts any key there
// and drops what it does not know, so that everything is checked here. A project's
// own rule needs less: its package tells category and id, and only a title, a
// severity and the messages with their remedies are required.
func newRule(m *ast.Module, from origin) (Rule, error) {
	category, id, err := splitPackage(m.Package.Path)
	if err != nil {
		return Rule{}, err
	}
	a := packageAnnotations(m)
	if a == nil {
		return Rule{}, errors.New("read metadata: no METADATA block with scope package")
	}
	raw, err := json.Marshal(a.Custom)
	if err != nil {
		return Rule{}, fmt.Errorf("read metadata: %w", err)
	}
	var c custom
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Rule{}, fmt.Errorf("read metadata: custom: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if from == own {
		c.ID, c.Category = cmp.Or(c.ID, id), cmp.Or(c.Category, category)
		c.Precision = cmp.Or(c.Precision, "high")
		a.Description = cmp.Or(a.Description, a.Title)
	}
	switch {
	case c.ID != id:
		return Rule{}, fmt.Errorf("read metadata: custom.id is %q, the package says %q", c.ID, id)
	case c.Category != category:
		return Rule{}, fmt.Errorf("read metadata: custom.category is %q, the package says %q", c.Category, category)
	case from == own && a.Title == "":
		return Rule{}, errors.New("read metadata: title is required")
	case from == builtIn && (a.Title == "" || a.Description == "" || c.Since == ""):
		return Rule{}, errors.New("read metadata: title, description and custom.since are required")
	case from == builtIn && (c.Help.Effect == "" || c.Help.Fix == "" || c.Help.Levels == "" || c.Help.Silent == ""):
		return Rule{}, errors.New("read metadata: custom.help wants effect, fix, levels and silent")
	case !slices.Contains(precisions, c.Precision):
		return Rule{}, fmt.Errorf("read metadata: custom.precision is %q, want one of %s", c.Precision, strings.Join(precisions, ", "))
	}
	severity, err := finding.ParseSeverity(c.Severity)
	if err != nil {
		return Rule{}, fmt.Errorf("read metadata: custom.severity: %w", err)
	}
	cases, err := newCases(c.Messages, c.Remedies)
	if err != nil {
		return Rule{}, fmt.Errorf("read metadata: %w", err)
	}

	parameters, err := newParameters(c.Parameters)
	if err != nil {
		return Rule{}, fmt.Errorf("read metadata: %w", err)
	}

	rule := Rule{
		ID:          id,
		Title:       a.Title,
		Description: strings.TrimSpace(a.Description),
		Category:    category,
		Severity:    severity,
		Precision:   c.Precision,
		Since:       c.Since,
		Help:        c.Help.markdown(),
		Parameters:  parameters,
		cases:       cases,
	}
	if from == builtIn {
		rule.DocsURL = docsBase + id + ".md"
	}
	for _, r := range a.RelatedResources {
		if from == own && (r.Ref.Scheme != "https" && r.Ref.Scheme != "http" || r.Ref.Host == "") {
			return Rule{}, fmt.Errorf("read metadata: related_resources: %q is no http or https address", r.Ref.String())
		}
		rule.DocsURL = cmp.Or(rule.DocsURL, r.Ref.String())
		rule.References = append(rule.References, r.Ref.String())
		rule.resources = append(rule.resources, resource{title: r.Description, url: r.Ref.String()})
	}
	return rule, nil
}

func packageAnnotations(m *ast.Module) *ast.Annotations {
	for _, a := range m.Annotations {
		if a.Scope == "package" {
			return a
		}
	}
	return nil
}

// splitPackage returns the category and the id in a rule's package path,
// data.egresslint.rules.<category>["<id>"].
func splitPackage(path ast.Ref) (category, id string, err error) {
	parts := make([]string, 0, len(path))
	for _, term := range path[1:] {
		s, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		parts = append(parts, string(s))
	}
	if len(parts) != 4 || parts[0] != "egresslint" || parts[1] != "rules" {
		return "", "", fmt.Errorf("read package %s: want egresslint.rules.<category>[\"<id>\"]", path)
	}
	return parts[2], parts[3], nil
}

func newCases(messages, remedies map[string]string) (map[string]texts, error) {
	if len(messages) == 0 {
		return nil, errors.New("custom.messages is empty")
	}
	cases := make(map[string]texts, len(messages))
	for _, name := range slices.Sorted(maps.Keys(messages)) { // so that the first mistake is always the same
		text := messages[name]
		message, err := parseTemplate(text)
		if err != nil {
			return nil, fmt.Errorf("custom.messages.%s: %w", name, err)
		}
		fix, ok := remedies[name]
		if !ok {
			return nil, fmt.Errorf("custom.remedies has no %q", name)
		}
		remedy, err := parseTemplate(fix)
		if err != nil {
			return nil, fmt.Errorf("custom.remedies.%s: %w", name, err)
		}
		cases[name] = texts{message: message, remedy: remedy}
	}
	for _, name := range slices.Sorted(maps.Keys(remedies)) {
		if _, ok := messages[name]; !ok {
			return nil, fmt.Errorf("custom.messages has no %q", name)
		}
	}
	return cases, nil
}
