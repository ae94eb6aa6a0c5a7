package report

import (
	"encoding/xml"
	"io"
	"slices"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// The checkstyle types are the report of Checkstyle, as its XMLLogger writes it.
// https://checkstyle.org/apidocs/com/puppycrawl/tools/checkstyle/XMLLogger.html
type (
	checkstyleReport struct {
		XMLName xml.Name          `xml:"checkstyle"`
		Version string            `xml:"version,attr"`
		Files   []*checkstyleFile `xml:"file"`
	}

	checkstyleFile struct {
		Name   string            `xml:"name,attr"`
		Errors []checkstyleError `xml:"error"`
	}

	checkstyleError struct {
		Line     int    `xml:"line,attr"`
		Column   int    `xml:"column,attr"`
		Severity string `xml:"severity,attr"`
		Message  string `xml:"message,attr"`
		Source   string `xml:"source,attr"`
	}
)

// checkstyleVersion is the version of Checkstyle whose report this is. Readers that
// look at it want to see a number of that program.
const checkstyleVersion = "10.0"

// writeCheckstyle writes the findings and what could not be analysed, by file.
func writeCheckstyle(w io.Writer, r *Report, _ Options) error {
	doc := checkstyleReport{Version: checkstyleVersion}
	for _, issue := range r.issues() {
		severity := issue.severity.String()
		if issue.severity == finding.Note {
			severity = "info" // Checkstyle's word for it
		}
		name := Visible(issue.at.File)
		if n := len(doc.Files); n == 0 || doc.Files[n-1].Name != name {
			doc.Files = append(doc.Files, &checkstyleFile{Name: name})
		}
		file := doc.Files[len(doc.Files)-1]
		file.Errors = append(file.Errors, checkstyleError{
			Line: max(issue.at.Start.Line, 1), Column: max(issue.at.Start.Column, 1),
			Severity: severity, Message: Visible(issue.message), Source: "egresslint." + Visible(issue.check),
		})
	}
	return encodeXML(w, doc)
}

// issue is a finding, or something that could not be analysed, for formats that
// know nothing but messages at lines of files.
type issue struct {
	severity finding.Severity
	at       source.Range // with the name of the file that symlinks lead to
	check    string       // rule or kind of the diagnostic
	message  string       // with the remedy
	// identity is what tells it from others across edits elsewhere.
	identity string
}

// issues returns those that have a place, by place. What could not be analysed and
// has none, such as a rule that failed, has no line in these formats: standard error
// tells it, and the exit code.
func (r *Report) issues() []issue {
	var list []issue
	for _, d := range r.diagnostics() {
		if d.Fatal() && !d.Range.IsZero() {
			list = append(list, issue{r.severity(d), r.resolved(d.Range), string(d.Kind), d.Message, d.Message})
		}
	}
	for _, f := range r.Findings {
		message := sentence(f.Message)
		if f.Remedy != "" {
			message += " " + sentence(f.Remedy)
		}
		list = append(list, issue{f.Severity, r.resolved(f.Range), f.Rule, message, f.Fingerprint()})
	}
	slices.SortStableFunc(list, func(a, b issue) int { return a.at.Compare(b.at) })
	return list
}
