package report

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// What GitHub code scanning takes,
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
// More makes it refuse the file or drop the rest.
const (
	maxSARIFResults     = 25_000
	maxSARIFRelated     = 100
	maxSARIFDescription = 1024 // code points of a rule's full description
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// The sarif types are the part of SARIF 2.1.0 that this format uses.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}

	sarifRun struct {
		Tool               sarifTool                     `json:"tool"`
		AutomationDetails  sarifAutomation               `json:"automationDetails"`
		OriginalURIBaseIDs map[string]sarifBaseDirectory `json:"originalUriBaseIds"`
		ColumnKind         string                        `json:"columnKind"`
		Invocations        []sarifInvocation             `json:"invocations"`
		Results            []sarifResult                 `json:"results"`
	}

	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}

	sarifAutomation struct {
		ID string `json:"id"`
	}

	sarifBaseDirectory struct {
		Description sarifText `json:"description"`
	}

	sarifDriver struct {
		Name           string              `json:"name"`
		Version        string              `json:"version"`
		InformationURI string              `json:"informationUri"`
		Rules          []sarifRule         `json:"rules"`
		Notifications  []sarifNotification `json:"notifications"`
	}

	sarifRule struct {
		ID                   string              `json:"id"`
		ShortDescription     sarifText           `json:"shortDescription"`
		FullDescription      sarifText           `json:"fullDescription"`
		Help                 sarifMarkdown       `json:"help"`
		HelpURI              string              `json:"helpUri,omitempty"` // a project's own rule may have none
		DefaultConfiguration sarifConfiguration  `json:"defaultConfiguration"`
		Properties           sarifRuleProperties `json:"properties"`
	}

	sarifText struct {
		Text string `json:"text"`
	}

	sarifMarkdown struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}

	sarifConfiguration struct {
		Level string `json:"level"`
	}

	sarifRuleProperties struct {
		Precision       string   `json:"precision"`
		ProblemSeverity string   `json:"problem.severity"`
		Tags            []string `json:"tags"`
	}

	// sarifNotification describes a kind of diagnostic.
	sarifNotification struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}

	sarifInvocation struct {
		ExecutionSuccessful        bool                      `json:"executionSuccessful"`
		ToolExecutionNotifications []sarifNotificationResult `json:"toolExecutionNotifications"`
	}

	sarifNotificationResult struct {
		Descriptor *sarifReference `json:"descriptor,omitempty"`
		Level      string          `json:"level"`
		Message    sarifText       `json:"message"`
		Locations  []sarifLocation `json:"locations,omitempty"`
	}

	sarifReference struct {
		ID string `json:"id"`
	}

	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           *int              `json:"ruleIndex,omitempty"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		// Suppressions are there in all results of a run or in none (section 3.27.23).
		Suppressions *[]sarifSuppression `json:"suppressions,omitempty"`
		Properties   *sarifProperties    `json:"properties,omitempty"`
	}

	// sarifProperties is the bag of a result; the standard has no word for these.
	sarifProperties struct {
		From []string `json:"from"` // see [finding.Finding.From]
	}

	sarifSuppression struct {
		Kind          string         `json:"kind"`
		Status        string         `json:"status"`
		Justification string         `json:"justification,omitempty"`
		Location      *sarifLocation `json:"location,omitempty"`
	}

	sarifLocation struct {
		ID               int            `json:"id,omitempty"`
		PhysicalLocation sarifPhysical  `json:"physicalLocation"`
		LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
		Message          *sarifText     `json:"message,omitempty"`
	}

	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}

	sarifArtifact struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId"`
	}

	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}

	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
)

// baseID stands for the root of the repository in the URIs of a log.
const baseID = "%SRCROOT%"

// diagnosticKinds describes the kinds of diagnostics, in the order in which they are declared.
var diagnosticKinds = []sarifNotification{
	{string(source.ParseError), sarifText{"A file could not be read as what it is."}},
	{string(source.EvaluationError), sarifText{"Terraform would reject an expression."}},
	{string(source.LimitReached), sarifText{"The input is larger or deeper than a run accepts."}},
	{string(source.RenderError), sarifText{"A Helm chart or a kustomization could not be rendered."}},
	{string(source.PolicyError), sarifText{"A rule failed."}},
	{string(source.InvalidObject), sarifText{"The API server would reject a Kubernetes object."}},
	{string(source.DuplicateObject), sarifText{"A Kubernetes object is there twice."}},
	{string(source.EmptyFile), sarifText{"A file has no bytes; it may have been cut off."}},
	{string(source.ModuleMistake), sarifText{"Terraform would reject an expression of a module that nothing calls."}},
	{string(source.UnmatchedEntry), sarifText{"A flag or an entry of the configuration is about nothing that was read."}},
	{string(source.SuppressionMistake), sarifText{"A suppression cannot be read."}},
	{string(source.SuppressionUnexplained), sarifText{"A suppression has no reason."}},
	{string(source.SuppressionUnknownRule), sarifText{"A suppression names a rule that does not exist."}},
	{string(source.SuppressionExpired), sarifText{"The last day of a suppression is over."}},
	{string(source.SuppressionUnused), sarifText{"No finding needs a suppression."}},
	{string(source.BaselineFixed), sarifText{"A finding of the baseline is gone."}},
	{string(source.NoBase), sarifText{"The revision that the findings were to be compared with cannot be read."}},
	{string(source.TrackedIgnored), sarifText{"A file is linted because git tracks it, although an ignore file matches it."}},
	{string(source.TrackedSkipped), sarifText{"Files that git tracks lie in a directory that is not linted."}},
	{string(source.Unread), sarifText{"Something outside the files was not read, so that what depends on it is unknown."}},
}

// writeSARIF writes a log of exactly one run: GitHub refuses a file with several
// runs of one category. It leaves out primaryLocationLineHash, which GitHub's
// upload computes and warns about when its value differs; egresslint/v1 is the
// fingerprint for everybody else.
func writeSARIF(w io.Writer, r *Report, opts Options) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name:           "egresslint",
			Version:        r.Version,
			InformationURI: "https://github.com/egresslint/egresslint",
			Rules:          []sarifRule{},
			Notifications:  diagnosticKinds,
		}},
		AutomationDetails: sarifAutomation{ID: "egresslint/"},
		OriginalURIBaseIDs: map[string]sarifBaseDirectory{
			baseID: {Description: sarifText{"The root of the repository."}},
		},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	if len(r.checks()) > 0 {
		run.Tool.Driver.Notifications = append(slices.Clip(diagnosticKinds), checksKind)
	}
	for _, rule := range r.Rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSARIFRule(rule))
	}
	findings, dropped := worst(r.Findings, maxSARIFResults)
	if opts.SARIFSuppressed {
		// They come last, so that none takes the place of a finding that counts.
		suppressed, more := worst(r.Suppressed, maxSARIFResults-len(findings))
		findings, dropped = slices.Concat(findings, suppressed), dropped+more
	}
	for _, f := range findings {
		result := r.sarifResult(f)
		if opts.SARIFSuppressed {
			result.Suppressions = r.sarifSuppressions(f)
		}
		run.Results = append(run.Results, result)
	}
	run.Invocations = []sarifInvocation{r.sarifInvocation(dropped)}
	return EncodeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func newSARIFRule(rule engine.Rule) sarifRule {
	problem := rule.Severity.String()
	if rule.Severity == finding.Note {
		problem = "recommendation" // GitHub's word for it
	}
	return sarifRule{
		ID:                   rule.ID,
		ShortDescription:     sarifText{rule.Title},
		FullDescription:      sarifText{cut(rule.Description, maxSARIFDescription)},
		Help:                 sarifMarkdown{Text: rule.Description, Markdown: rule.Help},
		HelpURI:              rule.DocsURL,
		DefaultConfiguration: sarifConfiguration{rule.Severity.String()},
		Properties: sarifRuleProperties{
			Precision:       rule.Precision,
			ProblemSeverity: problem,
			Tags:            []string{"alibaba-cloud", "kubernetes", "terraform", "egress", rule.Category},
		},
	}
}

// worst returns at most n findings, the most severe ones in their order, and how
// many were left out.
func worst(findings []*finding.Finding, n int) ([]*finding.Finding, int) {
	if len(findings) <= n {
		return findings, 0
	}
	kept := slices.Clone(findings)
	slices.SortStableFunc(kept, func(a, b *finding.Finding) int { return int(b.Severity - a.Severity) })
	kept = kept[:n]
	finding.Sort(kept)
	return kept, len(findings) - n
}

func (r *Report) sarifResult(f *finding.Finding) sarifResult {
	result := sarifResult{
		RuleID:              f.Rule,
		Level:               f.Severity.String(),
		Locations:           []sarifLocation{r.sarifLocation(f.Range)},
		PartialFingerprints: map[string]string{"egresslint/v1": f.Fingerprint()},
	}
	if i := r.ruleIndex(f.Rule); i >= 0 {
		result.RuleIndex = &i
	}
	if f.Address != "" {
		result.Locations[0].LogicalLocations = []sarifLogical{{FullyQualifiedName: f.Address, Kind: "resource"}}
	}
	// Only the message is shown in a pull request, so it carries the fix, and
	// related places are shown only where the message links to them.
	parts := []string{sentence(f.Message)}
	if len(f.From) > 0 {
		parts = append(parts, sentence(comesFrom(f)))
		result.Properties = &sarifProperties{From: f.From}
	}
	if f.Remedy != "" {
		parts = append(parts, sentence(f.Remedy))
	}
	if len(f.Instances) > 0 {
		parts = append(parts, "Module instances: "+sentence(strings.Join(f.Instances, ", ")))
	}
	if len(f.Variants) > 0 {
		parts = append(parts, "With the variables of "+sentence(strings.Join(f.Variants, ", ")))
	}
	text := plain(strings.Join(parts, " "))
	related := f.Related[:min(len(f.Related), maxSARIFRelated)]
	var links []string
	for i, rel := range related {
		l := r.sarifLocation(rel.Range)
		l.ID = i + 1
		l.Message = &sarifText{rel.Message}
		result.RelatedLocations = append(result.RelatedLocations, l)
		links = append(links, fmt.Sprintf("[%s](%d)", linkText(rel.Message), l.ID))
	}
	if len(links) > 0 {
		text += " See " + strings.Join(links, ", ") + "."
	}
	result.Message = sarifText{text}
	return result
}

// sarifSuppressions tells why a result does not count; the list is empty if it does.
// GitHub shows suppressed results as open alerts all the same, which is why they are
// left out unless asked for.
func (r *Report) sarifSuppressions(f *finding.Finding) *[]sarifSuppression {
	s := f.Suppression
	if s == nil {
		return &[]sarifSuppression{}
	}
	out := sarifSuppression{Kind: "inSource", Status: "accepted", Justification: s.Reason}
	if s.Kind != finding.ByComment && s.Kind != finding.ByAnnotation {
		out.Kind = "external"
	}
	if !s.At.IsZero() {
		l := r.sarifLocation(s.At)
		out.Location = &l
	}
	return &[]sarifSuppression{out}
}

func (r *Report) sarifInvocation(dropped int) sarifInvocation {
	invocation := sarifInvocation{ExecutionSuccessful: !r.Empty, ToolExecutionNotifications: []sarifNotificationResult{}}
	if r.Empty {
		invocation.ToolExecutionNotifications = append(invocation.ToolExecutionNotifications, sarifNotificationResult{
			Level: "error", Message: sarifText{"There is nothing to analyse."},
		})
	}
	for _, d := range r.diagnostics() {
		severity := r.severity(d)
		if severity == finding.Error {
			invocation.ExecutionSuccessful = false
		}
		n := sarifNotificationResult{
			Descriptor: &sarifReference{string(d.Kind)},
			Level:      severity.String(),
			Message:    sarifText{plain(d.Message)},
		}
		if !d.Range.IsZero() {
			n.Locations = []sarifLocation{r.sarifLocation(d.Range)}
		}
		invocation.ToolExecutionNotifications = append(invocation.ToolExecutionNotifications, n)
	}
	invocation.ToolExecutionNotifications = append(invocation.ToolExecutionNotifications, r.sarifChecks()...)
	if dropped > 0 {
		invocation.ToolExecutionNotifications = append(invocation.ToolExecutionNotifications, sarifNotificationResult{
			Level:   "warning",
			Message: sarifText{fmt.Sprintf("%d less severe findings are left out, as a file may hold %d; the json format has all.", dropped, maxSARIFResults)},
		})
	}
	return invocation
}

// sarifLocation gives all four numbers of a region; GitHub needs a start line,
// so that the region of a whole file is its very beginning.
func (r *Report) sarifLocation(place source.Range) sarifLocation {
	place = r.resolved(place)
	start := source.Pos{Line: max(place.Start.Line, 1), Column: max(place.Start.Column, 1)}
	end := place.End
	if end.Compare(start) < 0 || end.Column < 1 {
		end = start
	}
	return sarifLocation{PhysicalLocation: sarifPhysical{
		// A relative reference of [url.URL] is percent-encoded and never mistaken for
		// one with a scheme.
		ArtifactLocation: sarifArtifact{URI: (&url.URL{Path: place.File}).String(), URIBaseID: baseID},
		Region:           sarifRegion{StartLine: start.Line, StartColumn: start.Column, EndLine: end.Line, EndColumn: end.Column},
	}}
}

// plain makes a text of a message that holds no link: what would read as one is
// escaped as SARIF wants it (section 3.11.6).
func plain(s string) string { return strings.ReplaceAll(s, "](", `\](`) }

// linkText escapes the text of a link.
func linkText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(s)
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") {
		return s
	}
	return s + "."
}

// cut shortens a text to at most n code points.
func cut(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
