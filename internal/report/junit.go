package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/finding"
)

// The junit types are the part of the JUnit format that this format uses. They
// keep to what Jenkins' schema has, which is the strictest in use.
// https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Name     string        `xml:"name,attr"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Errors   int           `xml:"errors,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}

	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}

	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Skipped   *junitOutcome `xml:"skipped"`
		Error     *junitOutcome `xml:"error"`
		Failure   *junitOutcome `xml:"failure"`
		SystemOut string        `xml:"system-out,omitempty"`
	}

	junitOutcome struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes a test suite for each rule that has findings, and one about the
// analysis. Errors and warnings are failures, notes are tests that pass and have an
// output. What could not be analysed is a test with an error. What is unknown is
// neither right nor wrong, which a skipped test says; so is a broken file that the
// run was told to skip.
func writeJUnit(w io.Writer, r *Report, _ Options) error {
	doc := junitSuites{Name: "egresslint", Suites: []*junitSuite{r.junitAnalysis()}}
	suites := make(map[string]*junitSuite)
	for _, f := range r.Findings {
		suite := suites[f.Rule]
		if suite == nil {
			suite = &junitSuite{Name: Visible(f.Rule)}
			suites[f.Rule] = suite
			doc.Suites = append(doc.Suites, suite)
		}
		suite.add(r.junitFinding(f))
	}
	rules := doc.Suites[1:]
	slices.SortFunc(rules, func(a, b *junitSuite) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range doc.Suites {
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Errors += s.Errors
	}
	return encodeXML(w, doc)
}

func (s *junitSuite) add(c junitCase) {
	c.ClassName = "egresslint." + s.Name
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// junitFinding has no line in its name, by which readers follow a test from run to run.
func (r *Report) junitFinding(f *finding.Finding) junitCase {
	c := junitCase{Name: Visible(f.Range.File + ": " + f.Message)}
	var text strings.Builder
	text.WriteString(Visible(f.Range.String()) + ": " + f.Severity.String() + ": " + Visible(f.Message) + "\n")
	for _, rel := range f.Related {
		text.WriteString("see: " + Visible(rel.Range.String()) + ": " + Visible(rel.Message) + "\n")
	}
	for _, detail := range []struct{ name, value string }{
		{"from", strings.Join(f.From, ", ")},
		{"in", strings.Join(f.Instances, ", ")},
		{"for variables of", strings.Join(f.Variants, ", ")},
		{"fix", f.Remedy},
		{"docs", r.docsURL(f.Rule)},
	} {
		if detail.value != "" {
			text.WriteString(detail.name + ": " + Visible(detail.value) + "\n")
		}
	}
	if f.Severity == finding.Note {
		c.SystemOut = text.String()
	} else {
		c.Failure = &junitOutcome{Type: f.Severity.String(), Message: Visible(f.Message), Text: text.String()}
	}
	return c
}

// junitAnalysis never is empty: Jenkins takes a file without tests for a mistake.
func (r *Report) junitAnalysis() *junitSuite {
	suite := &junitSuite{Name: "analysis"}
	if r.Empty {
		suite.add(junitCase{Name: "input", Error: &junitOutcome{Type: "empty", Message: "There is nothing to analyse."}})
	}
	for _, d := range r.diagnostics() {
		if !d.Fatal() {
			continue
		}
		name := string(d.Kind)
		if !d.Range.IsZero() {
			name = d.Range.File + ": " + name
		}
		outcome := &junitOutcome{Type: string(d.Kind), Message: Visible(d.Message)}
		if !d.Range.IsZero() {
			outcome.Text = Visible(d.Range.String()) + ": " + Visible(d.Message)
		}
		c := junitCase{Name: Visible(name)}
		if r.severity(d) == finding.Error {
			c.Error = outcome
		} else {
			c.Skipped = outcome
		}
		suite.add(c)
	}
	if suite.Tests == 0 {
		suite.add(junitCase{Name: "everything could be analysed"})
	}
	for _, u := range r.Summary.Unknowns {
		shown := u.Subjects[:min(len(u.Subjects), maxSubjectsShown)]
		suite.add(junitCase{Name: Visible("unknown: " + u.Reason), Skipped: &junitOutcome{
			Type:    "unknown",
			Message: fmt.Sprintf("The files do not decide %s: %s", Plural(len(u.Subjects), "fact"), Visible(u.Reason)),
			Text:    Visible(strings.Join(shown, ", ")),
		}})
	}
	return suite
}

// encodeXML writes doc as an indented XML document. The encoder replaces characters
// that XML does not allow; those that can be shown have been made visible before.
func encodeXML(w io.Writer, doc any) error {
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
