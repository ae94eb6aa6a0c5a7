package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/sethvargo/go-githubactions"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// maxAnnotations is how many annotations of one level GitHub shows of a step. The
// limit is documented for errors and warnings, and taken to hold for notices too.
// https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
const maxAnnotations = 10

// annotation is what stands at one line of a pull request.
type annotation struct {
	severity finding.Severity
	at       source.Range
	title    string
	message  string
}

// writeGitHub writes workflow commands, which GitHub Actions shows as annotations of
// a pull request. Of each level, one of every rule comes before the second of any.
func writeGitHub(w io.Writer, r *Report, _ Options) error {
	var out bytes.Buffer // the library panics where it cannot write
	action := githubactions.New(githubactions.WithWriter(&out))
	left := 0
	for _, severity := range []finding.Severity{finding.Error, finding.Warning, finding.Note} {
		list := r.annotations(severity)
		if len(list) > maxAnnotations {
			left += len(list) - maxAnnotations
			list = list[:maxAnnotations]
		}
		for _, a := range list {
			a.issue(action)
		}
	}
	switch {
	case left > 0:
		_, _ = fmt.Fprintf(&out, "%d more are not shown as annotations: GitHub shows %d of each level.\n", left, maxAnnotations)
	case out.Len() == 0:
		out.WriteString("No findings.\n")
	}
	_, err := out.WriteTo(w)
	return err
}

// annotations returns those of one level, spread over the rules.
func (r *Report) annotations(severity finding.Severity) []annotation {
	var rounds [][]annotation // by how many of the same title came before
	seen := make(map[string]int)
	add := func(a annotation) {
		n := seen[a.title]
		seen[a.title]++
		if n == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[n] = append(rounds[n], a)
	}
	if r.Empty && severity == finding.Error {
		add(annotation{severity, source.Range{}, "nothing to analyse", "There is nothing to analyse."})
	}
	for _, d := range r.diagnostics() {
		if (d.Fatal() || d.Kind == source.NoBase) && r.severity(d) == severity {
			add(annotation{severity, r.resolved(d.Range), string(d.Kind), Visible(d.Message)})
		}
	}
	for _, f := range r.Findings {
		if f.Severity == severity {
			message := Visible(f.Message)
			if len(f.From) > 0 {
				message += "\n" + Visible(comesFrom(f))
			}
			add(annotation{severity, r.resolved(f.Range), f.Rule, message + "\n" + Visible(f.Remedy) + "\n" + r.docsURL(f.Rule)})
		}
	}
	if severity == finding.Note {
		for _, c := range r.checks() {
			add(annotation{severity, r.resolved(c.At), "this change to the checks", Visible(c.Text)})
		}
	}
	var list []annotation
	for _, round := range rounds {
		list = append(list, round...)
	}
	return list
}

func (a annotation) issue(action *githubactions.Action) {
	fields := map[string]string{"title": "egresslint: " + Visible(a.title)}
	if !a.at.IsZero() {
		fields["file"] = Visible(a.at.File)
		fields["line"] = strconv.Itoa(max(a.at.Start.Line, 1))
		fields["col"] = strconv.Itoa(max(a.at.Start.Column, 1))
	}
	action = action.WithFieldsMap(fields)
	switch a.severity {
	case finding.Error:
		action.Errorf("%s", a.message)
	case finding.Warning:
		action.Warningf("%s", a.message)
	default:
		action.Noticef("%s", a.message)
	}
}
