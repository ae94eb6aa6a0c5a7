package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
)

// sarif is what GitHub reads of a log.
type sarif struct {
	Runs []struct {
		AutomationDetails struct{ ID string }
		ColumnKind        string
		Invocations       []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct {
				Level   string
				Message struct{ Text string }
			}
		}
		Tool struct {
			Driver struct {
				Rules []struct {
					ID, HelpURI     string
					FullDescription struct{ Text string }
					Help            struct{ Text, Markdown string }
				}
			}
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			PartialFingerprints map[string]string
			Locations           []location
			RelatedLocations    []location
		}
	}
}

type location struct {
	ID               int
	PhysicalLocation struct {
		ArtifactLocation struct{ URI, URIBaseID string }
		Region           struct{ StartLine, StartColumn, EndLine, EndColumn int }
	}
}

func readSARIF(t testing.TB, r *report.Report) sarif {
	t.Helper()
	var log sarif
	if err := json.Unmarshal(write(t, "sarif", r, report.Options{}), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// What GitHub code scanning demands beyond the schema.
func TestSARIFForGitHub(t *testing.T) {
	r := fixture()
	r.Resolve = func(name string) string { return strings.Replace(name, "envs/", "live/", 1) }
	log := readSARIF(t, r)
	if len(log.Runs) != 1 {
		t.Fatalf("want one run, got %d", len(log.Runs))
	}
	run := log.Runs[0]
	if !strings.HasSuffix(run.AutomationDetails.ID, "/") {
		t.Errorf("automationDetails.id %q is no category", run.AutomationDetails.ID)
	}
	if run.ColumnKind != "unicodeCodePoints" {
		t.Errorf("columns are counted in %q", run.ColumnKind)
	}
	for _, rule := range run.Tool.Driver.Rules {
		if u, err := url.Parse(rule.HelpURI); err != nil || !u.IsAbs() {
			t.Errorf("%s: helpUri %q is no URI", rule.ID, rule.HelpURI)
		}
		if n := len([]rune(rule.FullDescription.Text)); n == 0 || n > 1024 {
			t.Errorf("%s: full description has %d characters", rule.ID, n)
		}
		if rule.Help.Text == "" || rule.Help.Markdown == "" {
			t.Errorf("%s: no help", rule.ID)
		}
	}
	for i, result := range run.Results {
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
			t.Errorf("%s: ruleIndex %d leads to another rule", result.RuleID, result.RuleIndex)
		}
		if _, ok := result.PartialFingerprints["primaryLocationLineHash"]; ok {
			t.Errorf("%s: GitHub computes primaryLocationLineHash itself", result.RuleID)
		}
		if result.PartialFingerprints["egresslint/v1"] != r.Findings[i].Fingerprint() {
			t.Errorf("%s: fingerprint is not the finding's", result.RuleID)
		}
		if !strings.Contains(result.Message.Text, strings.TrimSuffix(r.Findings[i].Remedy, ".")) {
			t.Errorf("%s: the message does not carry the fix: %s", result.RuleID, result.Message.Text)
		}
		if len(result.Locations) != 1 {
			t.Fatalf("%s: want one location, got %d", result.RuleID, len(result.Locations))
		}
		for _, l := range append(result.Locations, result.RelatedLocations...) {
			region, uri := l.PhysicalLocation.Region, l.PhysicalLocation.ArtifactLocation.URI
			if region.StartLine < 1 || region.StartColumn < 1 || region.EndLine < region.StartLine || region.EndColumn < 1 {
				t.Errorf("%s: region %+v", result.RuleID, region)
			}
			if u, err := url.Parse(uri); err != nil || u.IsAbs() || strings.HasPrefix(uri, "/") {
				t.Errorf("%s: uri %q is not relative", result.RuleID, uri)
			}
			if strings.HasPrefix(uri, "envs/") {
				t.Errorf("%s: uri %q goes through a symlink", result.RuleID, uri)
			}
		}
		for _, l := range result.RelatedLocations {
			if !strings.Contains(result.Message.Text, fmt.Sprintf("](%d)", l.ID)) {
				t.Errorf("%s: the message does not link to related place %d, so GitHub hides it", result.RuleID, l.ID)
			}
		}
	}
	if run.Invocations[0].ExecutionSuccessful {
		t.Error("a run with parse errors counts as successful")
	}
	r.SkipInvalid = true
	if log := readSARIF(t, r); !log.Runs[0].Invocations[0].ExecutionSuccessful {
		t.Error("skipped parse errors make the run fail")
	}
}

func TestSARIFLimits(t *testing.T) {
	doc := write(t, "sarif", oversized(), report.Options{})
	var log sarif
	if err := json.Unmarshal(doc, &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != 25_000 {
		t.Errorf("%d results", len(run.Results))
	}
	last := run.Results[len(run.Results)-1]
	if last.Level != "error" {
		t.Error("the only error is left out in favour of warnings")
	}
	if n := len(last.RelatedLocations); n != 100 {
		t.Errorf("%d related locations", n)
	}
	if notes := run.Invocations[0].ToolExecutionNotifications; len(notes) != 1 || !strings.Contains(notes[0].Message.Text, "10 less severe findings") {
		t.Errorf("nobody says that findings are left out: %+v", notes)
	}
	// GitHub takes a file of 10 MB after compression.
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(doc); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 10_000_000 {
		t.Errorf("the largest log has %d bytes", b.Len())
	}
}

// at returns a part of a document: a key of an object, or an index of a list.
func at[T any](doc any, path ...any) T {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := doc.(map[string]any)
			doc = object[step]
		case int:
			list, _ := doc.([]any)
			if step >= len(list) {
				doc = nil
			} else {
				doc = list[step]
			}
		}
	}
	value, _ := doc.(T)
	return value
}

// results returns the results of the first run.
func results(doc any) []any { return at[[]any](doc, "runs", 0, "results") }

// sarifRules returns the rules of the first run.
func sarifRules(doc any) []any { return at[[]any](doc, "runs", 0, "tool", "driver", "rules") }

// each returns the first error that check has for an item.
func each(list []any, check func(any) error) error {
	for i, item := range list {
		if err := check(item); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	return nil
}

// locations returns all places of a result.
func locations(result any) []any {
	return append(at[[]any](result, "locations"), at[[]any](result, "relatedLocations")...)
}

var uriCharacters = regexp.MustCompile(`^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$`)

func checkURI(known map[string]bool) func(any) error {
	return func(doc any) error {
		return each(results(doc), func(result any) error {
			return each(locations(result), func(l any) error {
				uri := at[string](l, "physicalLocation", "artifactLocation", "uri")
				u, err := url.Parse(uri)
				switch {
				case err != nil || !uriCharacters.MatchString(uri):
					return fmt.Errorf("%q is no URI", uri)
				case u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "/") || u.Fragment != "" || u.RawQuery != "":
					return fmt.Errorf("%q is no path", uri)
				case known != nil && !known[strings.TrimPrefix(u.Path, "./")]:
					return fmt.Errorf("%q is no file of the repository", uri)
				}
				return nil
			})
		})
	}
}

// shapes are what GitHub code scanning refuses, drops or warns about, each with a
// check that a log is not so, and a change that makes it so.
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
var shapes = []struct {
	name  string
	check func(doc any) error
	spoil func(doc map[string]any)
}{
	{"several runs of one category", func(doc any) error {
		if n := len(at[[]any](doc, "runs")); n != 1 {
			return fmt.Errorf("%d runs", n)
		}
		return nil
	}, func(doc map[string]any) { doc["runs"] = append(at[[]any](doc, "runs"), at[any](doc, "runs", 0)) }},
	{"no location", func(doc any) error {
		return each(results(doc), func(result any) error {
			if at[string](result, "locations", 0, "physicalLocation", "artifactLocation", "uri") == "" {
				return fmt.Errorf("no location")
			}
			return nil
		})
	}, func(doc map[string]any) { at[map[string]any](results(doc), 0)["locations"] = []any{} }},
	{"no start line", func(doc any) error {
		return each(results(doc), func(result any) error {
			return each(locations(result), func(l any) error {
				for _, name := range []string{"startLine", "startColumn", "endLine", "endColumn"} {
					if at[float64](l, "physicalLocation", "region", name) < 1 {
						return fmt.Errorf("%s is not positive", name)
					}
				}
				return nil
			})
		})
	}, func(doc map[string]any) {
		delete(at[map[string]any](results(doc), 0, "locations", 0, "physicalLocation"), "region")
	}},
	{"fixes without changes", func(doc any) error {
		return each(results(doc), func(result any) error {
			return each(at[[]any](result, "fixes"), func(fix any) error {
				if len(at[[]any](fix, "artifactChanges")) == 0 {
					return fmt.Errorf("no artifactChanges")
				}
				return nil
			})
		})
	}, func(doc map[string]any) { at[map[string]any](results(doc), 0)["fixes"] = []any{map[string]any{}} }},
	{"helpUri is no URI", func(doc any) error {
		return each(sarifRules(doc), func(rule any) error {
			uri := at[string](rule, "helpUri")
			if u, err := url.Parse(uri); err != nil || u.Scheme != "https" || u.Host == "" || !uriCharacters.MatchString(uri) {
				return fmt.Errorf("helpUri is %q", uri)
			}
			return nil
		})
	}, func(doc map[string]any) { at[map[string]any](sarifRules(doc), 0)["helpUri"] = "docs/rules" }},
	{"security-severity is a number", func(doc any) error {
		return each(sarifRules(doc), func(rule any) error {
			if value, ok := at[map[string]any](rule, "properties")["security-severity"]; ok && at[string](value) == "" {
				return fmt.Errorf("security-severity is %v", value)
			}
			return nil
		})
	}, func(doc map[string]any) {
		at[map[string]any](sarifRules(doc), 0, "properties")["security-severity"] = 7.5
	}},
	{"path is not escaped", checkURI(nil), func(doc map[string]any) {
		at[map[string]any](results(doc), 0, "locations", 0, "physicalLocation", "artifactLocation")["uri"] = "a b.tf"
	}},
	{"path is made up", checkURI(map[string]bool{
		"envs/staging/main.tf": true, "modules/data/main.tf": true, "modules/network/main.tf": true, "modules/cluster/main.tf": true,
		"k8s/名前 #1.yaml": true, "d/" + hostilePath: true, hostilePath: true,
	}), func(doc map[string]any) {
		at[map[string]any](results(doc), 0, "locations", 0, "physicalLocation", "artifactLocation")["uri"] = "no/such/file"
	}},
	{"foreign fingerprint", func(doc any) error {
		return each(results(doc), func(result any) error {
			for name := range at[map[string]any](result, "partialFingerprints") {
				if name != "egresslint/v1" {
					return fmt.Errorf("fingerprint %s", name)
				}
			}
			return nil
		})
	}, func(doc map[string]any) {
		at[map[string]any](results(doc), 0, "partialFingerprints")["primaryLocationLineHash"] = "x"
	}},
	{"too many locations", func(doc any) error {
		return each(results(doc), func(result any) error {
			if n := len(locations(result)); n > 1000 {
				return fmt.Errorf("%d locations", n)
			}
			return nil
		})
	}, func(doc map[string]any) { at[map[string]any](results(doc), 0)["relatedLocations"] = make([]any, 1000) }},
	{"too many tags", func(doc any) error {
		return each(sarifRules(doc), func(rule any) error {
			if n := len(at[[]any](rule, "properties", "tags")); n > 20 {
				return fmt.Errorf("%d tags", n)
			}
			return nil
		})
	}, func(doc map[string]any) {
		at[map[string]any](sarifRules(doc), 0, "properties")["tags"] = make([]any, 21)
	}},
}

// hostilePath is a name that is no URI as it stands, and has a scheme in front.
const hostilePath = "javascript:a b#c?d%41[é]\\.tf"

// oversized is more than a log may hold.
func oversized() *report.Report {
	r := &report.Report{Rules: rules}
	for i := range 25_010 {
		f := &finding.Finding{
			Rule: rules[i%len(rules)].ID, Severity: finding.Warning, Range: span("envs/staging/main.tf", i+1, 1, 2), Address: fmt.Sprintf("module.m%d.alicloud_db_instance.main", i*7919),
			Message: fmt.Sprintf("RDS instance db-%d refuses pods of cluster %d: security_ips admits 10.%d.0.0/16", i*31, i*17, i%256), Remedy: fmt.Sprintf("Add 10.%d.0.0/16 to security_ips.", i%251),
			Key: []string{fmt.Sprint(i)},
		}
		if i == 25_009 {
			f.Severity = finding.Error
		}
		r.Findings = append(r.Findings, f)
	}
	for i := range 2000 {
		r.Findings[25_009].Related = append(r.Findings[25_009].Related, finding.Related{Range: span("modules/data/main.tf", i+1, 1, 2), Message: "p"})
	}
	return r
}

func TestSARIFShapesThatGitHubRefuses(t *testing.T) {
	read := func(r *report.Report) map[string]any {
		var doc map[string]any
		if err := json.Unmarshal(write(t, "sarif", r, report.Options{}), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	hostile := hostileReport(hostilePath, "[x](1)", "](javascript:x)")
	linked := fixture()
	for i := range 2000 {
		linked.Findings[0].Related = append(linked.Findings[0].Related, finding.Related{Range: span("modules/data/main.tf", i+1, 1, 2), Message: "p"})
	}
	hostileDir := hostileReport("d/"+hostilePath, "x", "y")
	reports := map[string]*report.Report{"fixture": fixture(), "many places": linked, "hostile": hostile, "hostile folder": hostileDir, "empty": {Empty: true}}
	docs := make(map[string]map[string]any)
	for name, r := range reports {
		docs[name] = read(r)
	}
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			for name, doc := range docs {
				if err := shape.check(doc); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			doc := read(fixture())
			if shape.spoil(doc); shape.check(doc) == nil {
				t.Error("the check does not see the shape")
			}
		})
	}
}

// Every kind of diagnostic that a log refers to is described in it.
func TestSARIFDescribesDiagnostics(t *testing.T) {
	var schema, log any
	if err := json.Unmarshal(readFile(t, "schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(write(t, "sarif", fixture(), report.Options{}), &log); err != nil {
		t.Fatal(err)
	}
	described := make(map[string]bool)
	for _, n := range at[[]any](log, "runs", 0, "tool", "driver", "notifications") {
		described[at[string](n, "id")] = true
	}
	kinds := at[[]any](schema, "properties", "diagnostics", "items", "properties", "kind", "enum")
	for _, kind := range kinds {
		if !described[at[string](kind)] {
			t.Errorf("%v is not described", kind)
		}
	}
	if len(kinds) == 0 || len(described) != len(kinds) {
		t.Errorf("%d kinds, %d descriptions", len(kinds), len(described))
	}
}
