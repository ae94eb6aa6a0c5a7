package report

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// How much the markdown format shows.
const (
	// maxMarkdown is the size of a document in bytes. GitHub refuses the summary of a
	// step that is larger than 1 MiB; other steps of the same name, and what the
	// workflow itself writes there, need room too.
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
	maxMarkdown           = 900 << 10
	maxMarkdownCell       = 600 // code points
	maxMarkdownDiagnostic = 20
)

// writeMarkdown writes a document for the summary of a GitHub workflow's step and
// for comments. The findings, worst first, get the room that the rest leaves.
func writeMarkdown(w io.Writer, r *Report, _ Options) error {
	var head, tail strings.Builder
	fmt.Fprintf(&head, "## egresslint\n\n%s\n", r.headline())
	r.markdownComparison(&head)
	r.markdownChecks(&head)
	r.markdownDiagnostics(&tail)
	r.markdownMap(&tail)
	r.markdownUnknowns(&tail)
	r.markdownFindings(&head, maxMarkdown-tail.Len())
	head.WriteString(tail.String())
	_, err := io.WriteString(w, head.String())
	return err
}

// headline is the outcome in one paragraph.
func (r *Report) headline() string {
	if r.Empty {
		return "**There is nothing to analyse.**"
	}
	s := &r.Summary
	errors, warnings, notes := r.count(finding.Error), r.count(finding.Warning), r.count(finding.Note)
	outcome := "No findings"
	if r.Comparison != nil {
		outcome = "No new findings"
	}
	switch {
	case errors+warnings+notes > 0:
		outcome = fmt.Sprintf("%s, %s and %s", Plural(errors, "error"), Plural(warnings, "warning"), Plural(notes, "note"))
	case s.nothingJudged():
		outcome = nothingToJudge
	}
	text := "**" + outcome + ".**"
	if n := r.broken(); n > 0 {
		text += fmt.Sprintf(" **%s could not be analysed.**", Plural(n, "place"))
	}
	if suppressed := r.suppressed(); suppressed != "" {
		text += " " + suppressed + "."
	}
	return text + fmt.Sprintf(" Read %s: %s, %s, %s, %s.", files(s.Files), Plural(s.Clusters, "cluster"),
		Plural(s.Resources, "Terraform resource"), Plural(s.Workloads, "workload"), Plural(s.Requirements, "requirement"))
}

// markdownComparison says what the findings were compared with, or why they are all
// that there are although only new ones were asked for.
func (r *Report) markdownComparison(b *strings.Builder) {
	if c := r.Comparison; c != nil {
		fmt.Fprintf(b, "\nCompared with %.10s, where HEAD and %s part: %s not shown.\n", c.Commit, markdownCode(c.Ref), before(c.Unchanged))
	}
	for _, d := range r.diagnostics() {
		if d.Kind == source.NoBase {
			fmt.Fprintf(b, "\n**Notice:** %s\n", markdown(sentence(d.Message)))
		}
	}
}

// markdownFindings writes the table of findings, as many rows as fit.
func (r *Report) markdownFindings(b *strings.Builder, size int) {
	if len(r.Findings) == 0 {
		return
	}
	const more = "\n%d more findings are left out, because this document would be too large for GitHub. The json format has all.\n"
	size -= len(more) + 20 // the digits of a number
	worst := slices.Clone(r.Findings)
	slices.SortStableFunc(worst, func(a, b *finding.Finding) int { return int(b.Severity - a.Severity) })
	b.WriteString("\n")
	markdownRow(b, "Severity", "Rule", "Place", "What is wrong", "What to change")
	markdownRow(b, "---", "---", "---", "---", "---")
	for i, f := range worst {
		message := f.Message
		if len(f.From) > 0 {
			message = sentence(message) + " " + comesFrom(f)
		}
		if len(f.Instances) > 0 {
			message = sentence(message) + " Module instances: " + strings.Join(f.Instances, ", ")
		}
		if len(f.Variants) > 0 {
			message = sentence(message) + " With the variables of " + strings.Join(f.Variants, ", ")
		}
		var row strings.Builder
		markdownRow(&row, f.Severity.String(), markdownLink(f.Rule, r.docsURL(f.Rule)), markdownPlace(f.Range), markdown(message), markdown(f.Remedy))
		if b.Len()+row.Len() > size {
			fmt.Fprintf(b, more, len(worst)-i)
			return
		}
		b.WriteString(row.String())
	}
}

// markdownDiagnostics writes what could not be analysed.
func (r *Report) markdownDiagnostics(b *strings.Builder) {
	shown, left := 0, 0
	for _, d := range r.diagnostics() {
		switch {
		case !d.Fatal():
		case shown == maxMarkdownDiagnostic:
			left++
		default:
			if shown == 0 {
				b.WriteString("\n### What could not be analysed\n\nEverything else was.\n\n")
				markdownRow(b, "Kind", "Place", "What is wrong")
				markdownRow(b, "---", "---", "---")
			}
			shown++
			markdownRow(b, markdown(string(d.Kind)), markdownPlace(d.Range), markdown(d.Message))
		}
	}
	if left > 0 {
		fmt.Fprintf(b, "\n%d more are in the log.\n", left)
	}
}

// markdownMap draws the paths that are blocked, if there is a finding that they
// help to understand. A path does not know by which findings it is told, so that those
// of findings that are not shown are on the map too, which then says so.
func (r *Report) markdownMap(b *strings.Builder) {
	if len(r.Findings) == 0 || len(r.Blocked) == 0 {
		return
	}
	text, n := blockedMap(r.Blocked)
	which := ""
	if len(r.Suppressed) > 0 {
		which = " All of them are on the map, also those of findings that are not in the table."
	}
	b.WriteString("\n### Blocked paths\n\nFrom a workload over what stops its packet to the destination that it does not reach." + which + "\n\n```mermaid\n" + text + "```\n")
	if left := len(r.Blocked) - n; left > 0 {
		fmt.Fprintf(b, "\n%d more blocked paths are not on the map.\n", left)
	}
}

// markdownUnknowns writes the reasons why facts are unknown, most frequent first.
func (r *Report) markdownUnknowns(b *strings.Builder) {
	s := &r.Summary
	if len(s.Unknowns) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### What the files do not decide\n\n%s, counted neither as right nor as wrong.\n\n", Plural(s.UnknownCount(), "fact"))
	markdownRow(b, "Facts", "Why, and what to do", "For example")
	markdownRow(b, "---:", "---", "---")
	for i, u := range s.Unknowns {
		if i == maxUnknownGroups {
			fmt.Fprintf(b, "\n%d more reasons are in the json format.\n", len(s.Unknowns)-i)
			break
		}
		example := ""
		if len(u.Subjects) > 0 {
			example = markdown(u.Subjects[0])
		}
		markdownRow(b, fmt.Sprint(len(u.Subjects)), markdown(u.Reason), example)
	}
}

// markdownRow writes a row of a table; the cells are escaped already.
func markdownRow(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// markdown escapes a text for a cell of a table, where it stays a text: it has no
// emphasis, link, image, HTML or formula, mentions nobody and refers to no issue.
// GitHub finds mentions, references and addresses in the finished text, whatever
// stood in the source, so that a zero-width space has to break them.
func markdown(s string) string {
	var b strings.Builder
	s = cut(Visible(s), maxMarkdownCell)
	for i, r := range s {
		switch r {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '$', '~':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '<', '>', '&', '|':
			fmt.Fprintf(&b, "&#%d;", r)
		case '@', '#':
			b.WriteRune(r)
			b.WriteString(breaker)
		case ':':
			b.WriteRune(r)
			if strings.HasPrefix(s[i:], "://") {
				b.WriteString(breaker)
			}
		case '.':
			if endsWith(s[:i], "www") {
				b.WriteString(breaker)
			}
			b.WriteRune(r)
		case '-':
			b.WriteRune(r)
			if endsWith(s[:i], "gh") { // GH-1 is issue 1
				b.WriteString(breaker)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// breaker is a zero-width space, visible in the source.
const breaker = "&#8203;"

// endsWith compares without regard to the case of letters; suffix is ASCII.
func endsWith(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// markdownCode writes a text as code, which is meant to be copied, so that it has
// no zero-width spaces. Nothing is mentioned or linked in code.
func markdownCode(s string) string {
	s = cut(Visible(s), maxMarkdownCell)
	if s == "" || strings.ContainsAny(s, "`|\\") || strings.TrimSpace(s) != s {
		// Parsers differ in how they read these in a code span of a table.
		return "<code>" + markdown(s) + "</code>"
	}
	return "`" + s + "`"
}

// markdownPlace is a place as path:line:column, empty if there is none.
func markdownPlace(place source.Range) string {
	if place.IsZero() {
		return ""
	}
	return markdownCode(place.String())
}

// markdownLink links a text to a page. An address that is none of the web is left out.
func markdownLink(text, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return markdown(text)
	}
	return "[" + markdown(text) + "](" + markdownURL.Replace(u.String()) + ")"
}

// markdownURL escapes what a URL may hold and what would end a link or a cell.
var markdownURL = strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C", "`", "%60", `\`, "%5C", "<", "%3C", ">", "%3E", " ", "%20")
