package report

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// JSONVersion is the version of the json format, which schema.json describes.
const JSONVersion = "egresslint.io/v1alpha1"

// jsonReport is the document of the json format.
type jsonReport struct {
	APIVersion  string           `json:"apiVersion"`
	Kind        string           `json:"kind"`
	Tool        jsonTool         `json:"tool"`
	Findings    []jsonFinding    `json:"findings"`
	Suppressed  []jsonFinding    `json:"suppressed"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
	Unknowns    []jsonUnknown    `json:"unknowns"`
	Bindings    []jsonBinding    `json:"bindings"`
	Comparison  *jsonComparison  `json:"comparison"`
	Checks      *[]jsonCheck     `json:"checks"`
	Summary     jsonSummary      `json:"summary"`
}

type jsonTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type jsonFinding struct {
	Rule        string           `json:"rule"`
	Severity    finding.Severity `json:"severity"`
	Message     string           `json:"message"`
	Remedy      string           `json:"remedy"`
	Location    *jsonLocation    `json:"location"`
	Address     string           `json:"address"`
	Related     []jsonRelated    `json:"related"`
	Instances   []string         `json:"instances"`
	Variants    []string         `json:"variants"`
	From        []string         `json:"from"`
	Fingerprint string           `json:"fingerprint"`
	Docs        string           `json:"docs"`
	Suppression *jsonSuppression `json:"suppression,omitempty"`
}

type jsonSuppression struct {
	Kind     finding.SuppressionKind `json:"kind"`
	Reason   string                  `json:"reason"`
	Until    string                  `json:"until,omitempty"`
	Location *jsonLocation           `json:"location"`
}

type jsonRelated struct {
	Message  string        `json:"message"`
	Location *jsonLocation `json:"location"`
}

type jsonDiagnostic struct {
	Kind     source.DiagnosticKind `json:"kind"`
	Severity finding.Severity      `json:"severity"`
	Message  string                `json:"message"`
	Location *jsonLocation         `json:"location"`
}

// jsonLocation has lines and columns from 1, in code points, up to but not
// including the end; they are left out for a whole file.
type jsonLocation struct {
	File        string `json:"file"`
	StartLine   int    `json:"startLine,omitempty"`
	StartColumn int    `json:"startColumn,omitempty"`
	EndLine     int    `json:"endLine,omitempty"`
	EndColumn   int    `json:"endColumn,omitempty"`
}

type jsonUnknown struct {
	Reason   string   `json:"reason"`
	Subjects []string `json:"subjects"`
}

type jsonBinding struct {
	Manifests string `json:"manifests"`
	Cluster   string `json:"cluster"`
	Reason    string `json:"reason"`
	Hint      string `json:"hint"`
}

type jsonComparison struct {
	Ref       string `json:"ref"`
	Commit    string `json:"commit"`
	Unchanged int    `json:"unchanged"`
}

type jsonSummary struct {
	Files struct {
		Terraform int `json:"terraform"`
		Variables int `json:"variables"`
		YAML      int `json:"yaml"`
		JSON      int `json:"json"`
	} `json:"files"`
	Clusters     int `json:"clusters"`
	Resources    int `json:"resources"`
	Objects      int `json:"objects"`
	Workloads    int `json:"workloads"`
	Requirements int `json:"requirements"`
	Unknowns     int `json:"unknowns"`
	Findings     struct {
		Error   int `json:"error"`
		Warning int `json:"warning"`
		Note    int `json:"note"`
	} `json:"findings"`
	Suppressed int `json:"suppressed"`
}

func writeJSON(w io.Writer, r *Report, _ Options) error {
	doc := jsonReport{
		APIVersion:  JSONVersion,
		Kind:        "Report",
		Tool:        jsonTool{Name: "egresslint", Version: r.Version},
		Findings:    []jsonFinding{},
		Suppressed:  []jsonFinding{},
		Diagnostics: []jsonDiagnostic{},
		Unknowns:    []jsonUnknown{},
		Bindings:    []jsonBinding{},
	}
	for _, f := range r.Findings {
		doc.Findings = append(doc.Findings, r.jsonFinding(f))
	}
	for _, f := range r.Suppressed {
		doc.Suppressed = append(doc.Suppressed, r.jsonFinding(f))
	}
	for _, d := range r.diagnostics() {
		doc.Diagnostics = append(doc.Diagnostics, jsonDiagnostic{
			Kind: d.Kind, Severity: r.severity(d), Message: d.Message, Location: newLocation(d.Range),
		})
	}
	s := &r.Summary
	for _, u := range s.Unknowns {
		doc.Unknowns = append(doc.Unknowns, jsonUnknown{Reason: u.Reason, Subjects: list(u.Subjects)})
	}
	for _, b := range s.Bindings {
		doc.Bindings = append(doc.Bindings, jsonBinding(b))
	}
	doc.Checks = r.jsonChecks()
	if c := r.Comparison; c != nil {
		doc.Comparison = &jsonComparison{Ref: c.Ref, Commit: c.Commit, Unchanged: c.Unchanged}
	}
	js := &doc.Summary
	js.Files.Terraform, js.Files.Variables, js.Files.YAML, js.Files.JSON = s.Files.Terraform, s.Files.Variables, s.Files.YAML, s.Files.JSON
	js.Clusters, js.Resources, js.Objects = s.Clusters, s.Resources, s.Objects
	js.Workloads, js.Requirements, js.Unknowns = s.Workloads, s.Requirements, s.UnknownCount()
	js.Findings.Error, js.Findings.Warning, js.Findings.Note = r.count(finding.Error), r.count(finding.Warning), r.count(finding.Note)
	js.Suppressed = len(r.Suppressed)
	return EncodeJSON(w, doc)
}

func (r *Report) jsonFinding(f *finding.Finding) jsonFinding {
	out := jsonFinding{
		Rule: f.Rule, Severity: f.Severity, Message: f.Message, Remedy: f.Remedy,
		Location: newLocation(f.Range), Address: f.Address, Related: []jsonRelated{},
		Instances: list(f.Instances), Variants: list(f.Variants), From: list(f.From),
		Fingerprint: f.Fingerprint(), Docs: r.docsURL(f.Rule),
	}
	for _, rel := range f.Related {
		out.Related = append(out.Related, jsonRelated{Message: rel.Message, Location: newLocation(rel.Range)})
	}
	if s := f.Suppression; s != nil {
		out.Suppression = &jsonSuppression{Kind: s.Kind, Reason: s.Reason, Location: newLocation(s.At)}
		if !s.Until.IsZero() {
			out.Suppression.Until = s.Until.Format(time.DateOnly)
		}
	}
	return out
}

// newLocation is nil for what has no place.
func newLocation(r source.Range) *jsonLocation {
	if r.IsZero() {
		return nil
	}
	return &jsonLocation{
		File:      r.File,
		StartLine: r.Start.Line, StartColumn: r.Start.Column,
		EndLine: r.End.Line, EndColumn: r.End.Column,
	}
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// EncodeJSON writes doc as indented JSON, with hidden characters escaped.
func EncodeJSON(w io.Writer, doc any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := w.Write(hiddenJSON(b.Bytes()))
	return err
}
