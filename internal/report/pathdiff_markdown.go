package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/egresslint/egresslint/internal/pipeline"
)

// writePathDiffMarkdown writes a document for a comment on a change, with a table for
// each kind of change and as many rows as fit.
func writePathDiffMarkdown(w io.Writer, d *PathDiff) error {
	const more = "\n%d more paths are left out, because this document would be too large for GitHub. The json format has all.\n"
	var b strings.Builder
	fmt.Fprintf(&b, "## Paths of workloads\n\n%s\n", markdown(d.summary()))
	if text := d.incomplete(); text != "" {
		fmt.Fprintf(&b, "\n**%s**\n", markdown(text))
	}
	written, full := 0, false
	d.groups(func(title string, changes []pipeline.PathChange) {
		for i := range changes {
			c := &changes[i]
			before, after := d.sides(c)
			var row strings.Builder
			if i == 0 {
				fmt.Fprintf(&row, "\n### %s\n\n", capital(title))
				markdownRow(&row, "Workload", "Destination", "Before", "After")
				markdownRow(&row, "---", "---", "---", "---")
			}
			markdownRow(&row, markdown(d.workload(c)), markdown(destination(c)), markdownVerdict(before), markdownVerdict(after))
			// After the first row that does not fit, none is written.
			if full = full || b.Len()+row.Len() > maxMarkdown-len(more)-20; full { // 20 for the digits of a number
				return
			}
			b.WriteString(row.String())
			written++
		}
	})
	if full {
		fmt.Fprintf(&b, more, len(d.Changes)-written)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownVerdict is a verdict with its place.
func markdownVerdict(side [2]string) string {
	if side[1] == "" {
		return markdown(side[0])
	}
	return markdown(side[0]) + " " + markdownCode(side[1])
}
