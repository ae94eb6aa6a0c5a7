package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/finding"
)

// gitlabIssue is an entry of a GitLab code quality report.
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// gitlabSeverity leaves the two highest of GitLab's five levels to reports about
// what runs, such as those of vulnerabilities.
var gitlabSeverity = map[finding.Severity]string{finding.Error: "major", finding.Warning: "minor", finding.Note: "info"}

// writeGitLab writes the findings and what could not be analysed.
func writeGitLab(w io.Writer, r *Report, _ Options) error {
	doc := []gitlabIssue{}
	seen := make(map[string]int)
	for _, issue := range r.issues() {
		parts := []string{issue.check, issue.at.File, issue.identity}
		key := strings.Join(parts, "\x00")
		// GitLab shows one of those with the same fingerprint. Lines would make it
		// change with every edit above, so equal ones are counted.
		if n := seen[key]; n > 0 {
			parts = append(parts, strconv.Itoa(n))
		}
		seen[key]++
		sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
		entry := gitlabIssue{
			Description: issue.message, CheckName: issue.check,
			Fingerprint: hex.EncodeToString(sum[:16]), Severity: gitlabSeverity[issue.severity],
		}
		// GitLab matches names with those of the merge request's files.
		entry.Location.Path = issue.at.File
		entry.Location.Lines.Begin = max(issue.at.Start.Line, 1)
		doc = append(doc, entry)
	}
	return EncodeJSON(w, doc)
}
