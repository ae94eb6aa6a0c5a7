package report

import (
	"fmt"
	"strings"

	"github.com/egresslint/egresslint/internal/checks"
)

// maxChecksShown is how many changes to the checks the text and markdown formats show.
const maxChecksShown = 50

// checksID is the id of the notifications of changes to the checks, and checksTitle what
// their section is called.
const (
	checksID    = "change-to-the-checks"
	checksTitle = "This change to the checks"
)

// checks are the changes to the checks, none if nothing was compared.
func (r *Report) checks() []checks.Change {
	if r.Comparison == nil {
		return nil
	}
	return r.Comparison.Checks
}

// checksNote says which of the checks of the change do not count; empty if all do.
func (r *Report) checksNote() string {
	if r.ConfigFrom == "" {
		return ""
	}
	return " (the configuration, the policies and the baseline that count here are those of " + r.ConfigFrom + ")"
}

// checks writes what the change does to the checks.
func (t *text) checks() {
	list := t.r.checks()
	if len(list) == 0 || t.opts.Quiet && !t.opts.ShowChecks {
		return
	}
	t.line("%s%s:", t.paint(bold, checksTitle), Visible(t.r.checksNote()))
	for i, c := range list {
		if i == maxChecksShown {
			t.line("  … and %d more, see --format json", len(list)-i)
			break
		}
		t.line("  %s: %s", lineStart(t.place(c.At)), Visible(c.Text))
	}
	t.line("")
}

// markdownChecks writes the same.
func (r *Report) markdownChecks(b *strings.Builder) {
	list := r.checks()
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n", checksTitle)
	if note := r.checksNote(); note != "" {
		fmt.Fprintf(b, "The configuration, the policies and the baseline that count here are those of %s.\n\n", markdownCode(r.ConfigFrom))
	}
	markdownRow(b, "Place", "What it does")
	markdownRow(b, "---", "---")
	for i, c := range list {
		if i == maxChecksShown {
			fmt.Fprintf(b, "\n%d more are in the json format.\n", len(list)-i)
			break
		}
		markdownRow(b, markdownPlace(c.At), markdown(c.Text))
	}
}

// jsonCheck is a change to the checks.
type jsonCheck struct {
	Kind     checks.Kind   `json:"kind"`
	Message  string        `json:"message"`
	Location *jsonLocation `json:"location"`
}

// jsonChecks is nil if nothing was compared.
func (r *Report) jsonChecks() *[]jsonCheck {
	if r.Comparison == nil {
		return nil
	}
	list := []jsonCheck{}
	for _, c := range r.Comparison.Checks {
		list = append(list, jsonCheck{Kind: c.Kind, Message: c.Text, Location: newLocation(c.At)})
	}
	return &list
}

// checksKind describes the notifications of changes to the checks.
var checksKind = sarifNotification{checksID, sarifText{"The change does something to the checks themselves."}}

// sarifChecks are notifications of the same.
func (r *Report) sarifChecks() []sarifNotificationResult {
	var list []sarifNotificationResult
	for _, c := range r.checks() {
		list = append(list, sarifNotificationResult{
			Descriptor: &sarifReference{checksID},
			Level:      "warning",
			Message:    sarifText{plain(checksTitle + ": " + c.Text)},
			Locations:  []sarifLocation{r.sarifLocation(c.At)},
		})
	}
	return list
}
