package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
)

// changed is the fixture of a run that compared, with changes to the checks.
func changed(changes ...checks.Change) *report.Report {
	r := fixture()
	r.Comparison = &report.Comparison{Ref: "main", Commit: "0123456789abcdef", Checks: changes}
	return r
}

var excludes = checks.Change{Kind: checks.Configuration, At: span(".egresslint.yaml", 2, 3, 12), Text: "excludes legacy/**"}

// Formats that people and programs read as a whole tell what a change does to the checks;
// those that only list findings do not.
func TestChecks(t *testing.T) {
	for format, want := range map[string]string{
		"text":     "This change to the checks:\n  ../.egresslint.yaml:2:3: excludes legacy/**\n\n",
		"markdown": "\n### This change to the checks\n\n| Place | What it does |\n| --- | --- |\n| `.egresslint.yaml:2:3` | excludes legacy/\\*\\* |\n",
		"github":   "::notice col=3,file=.egresslint.yaml,line=2,title=egresslint%3A this change to the checks::excludes legacy/**\n",
	} {
		if got := string(write(t, format, changed(excludes), report.Options{})); !strings.Contains(got, want) {
			t.Errorf("%s has no\n%s\nbut is\n%s", format, want, got)
		}
	}
	for _, format := range []string{"junit", "gitlab", "checkstyle"} {
		if with, without := write(t, format, changed(excludes), report.Options{}), write(t, format, changed(), report.Options{}); string(with) != string(without) {
			t.Errorf("%s tells of the checks:\n%s", format, with)
		}
	}
	for _, format := range report.Formats() {
		if got := string(write(t, format, changed(), report.Options{})); strings.Contains(strings.ToLower(got), "this change to the checks") {
			t.Errorf("%s has a section although nothing was done:\n%s", format, got)
		}
	}
}

func TestChecksInJSON(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		r    *report.Report
		want string
	}{
		"nothing compared": {fixture(), "null"},
		"nothing done":     {changed(), "[]"},
		"something done": {
			changed(excludes),
			`[{"kind":"configuration","location":{"endColumn":12,"endLine":2,"file":".egresslint.yaml","startColumn":3,"startLine":2},"message":"excludes legacy/**"}]`,
		},
	} {
		var doc map[string]any
		if err := json.Unmarshal(write(t, "json", test.r, report.Options{}), &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := json.Marshal(doc["checks"])
		if err != nil || string(got) != test.want {
			t.Errorf("%s: checks are %s, %v; want %s", name, got, err, test.want)
		}
	}
}

func TestChecksInSARIF(t *testing.T) {
	var log any
	if err := json.Unmarshal(write(t, "sarif", changed(excludes), report.Options{}), &log); err != nil {
		t.Fatal(err)
	}
	described := false
	for _, n := range at[[]any](log, "runs", 0, "tool", "driver", "notifications") {
		described = described || at[string](n, "id") == "change-to-the-checks"
	}
	if !described {
		t.Error("the notification is not described")
	}
	for _, n := range at[[]any](log, "runs", 0, "invocations", 0, "toolExecutionNotifications") {
		if d, ok := n.(map[string]any)["descriptor"].(map[string]any); !ok || d["id"] != "change-to-the-checks" {
			continue
		}
		if got := at[string](n, "message", "text"); got != "This change to the checks: excludes legacy/**" {
			t.Errorf("the message is %q", got)
		}
		if got := at[string](n, "level"); got != "warning" {
			t.Errorf("the level is %q", got)
		}
		return
	}
	t.Error("there is no notification")
}

// Quiet leaves the section out, unless it decides the exit code.
func TestChecksQuiet(t *testing.T) {
	const section = "This change to the checks"
	if got := string(write(t, "text", changed(excludes), report.Options{Quiet: true})); strings.Contains(got, section) {
		t.Errorf("it is there:\n%s", got)
	}
	if got := string(write(t, "text", changed(excludes), report.Options{Quiet: true, ShowChecks: true})); !strings.Contains(got, section) {
		t.Errorf("it is missing:\n%s", got)
	}
}

// Where the configuration is not that of the change, the section says so.
func TestChecksNameTheBase(t *testing.T) {
	r := changed(excludes)
	r.ConfigFrom = "origin/ma|in"
	for format, want := range map[string]string{
		"text":     "This change to the checks (the configuration, the policies and the baseline that count here are those of origin/ma|in):\n",
		"markdown": "\nThe configuration, the policies and the baseline that count here are those of <code>origin/ma&#124;in</code>.\n",
	} {
		if got := string(write(t, format, r, report.Options{})); !strings.Contains(got, want) {
			t.Errorf("%s has no\n%s\nbut is\n%s", format, want, got)
		}
	}
}

// A long list and hostile texts harm no reader.
func TestChecksAreCutAndEscaped(t *testing.T) {
	var many []checks.Change
	for i := range 60 {
		many = append(many, checks.Change{Kind: checks.NotLinted, At: source.Range{File: fmt.Sprintf("%02d.yaml", i)}, Text: "is no longer linted"})
	}
	for format, want := range map[string]string{"text": "  … and 10 more, see --format json\n", "markdown": "\n10 more are in the json format.\n"} {
		if got := string(write(t, format, changed(many...), report.Options{})); !strings.Contains(got, want) || strings.Contains(got, "50.yaml") {
			t.Errorf("%s:\n%s", format, got)
		}
	}
	hostile := checks.Change{Kind: checks.Suppression, At: source.Range{File: "::error::a\n::error::b.yaml"}, Text: "suppresses x: \x1b[31m\n::error::c | @all <b>"}
	for _, format := range []string{"text", "markdown", "github"} {
		for line := range strings.Lines(string(write(t, format, changed(hostile), report.Options{}))) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "::error::") || strings.Contains(line, "\x1b") || format == "markdown" && (strings.Contains(line, "<b>") || strings.Contains(line, "@all")) {
				t.Errorf("%s has %q", format, line)
			}
		}
	}
}
