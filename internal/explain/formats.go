package explain

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/truth"
)

// WriteJSON prints the explanations as a document.
func WriteJSON(out io.Writer, list []*Explanation) error {
	return report.EncodeJSON(out, struct {
		Paths []*Explanation `json:"paths"`
	}{append([]*Explanation{}, list...)})
}

// WriteMermaid prints a chart, which GitHub draws, of the hops of each path. GitHub draws
// no chart of thousands of nodes: of many paths it has the first.
func WriteMermaid(out io.Writer, list []*Explanation) error {
	w := bufio.NewWriter(out)
	fmt.Fprintln(w, "flowchart LR")
	nodes := 0
	node := func(left, text, right string) string {
		nodes++
		id := "n" + strconv.Itoa(nodes)
		fmt.Fprintf(w, "  %s%s\"%s\"%s\n", id, left, report.MermaidLabel(text), right)
		return id
	}
	for _, e := range list[:min(len(list), maxPaths)] {
		last := node("[", e.Workload, "]")
		arrow := "-->"
		for i := range e.Hops {
			h := &e.Hops[i]
			hop := node("{{", string(h.Verdict)+": "+h.label(), "}}")
			fmt.Fprintf(w, "  %s %s %s\n", last, arrow, hop)
			last, arrow = hop, arrows[h.Verdict]
		}
		fmt.Fprintf(w, "  %s %s %s\n", last, arrow, node("([", e.Destination, "])"))
	}
	return w.Flush()
}

// arrows are how the way goes on behind a hop.
var arrows = map[truth.Verdict]string{truth.Open: "-->", truth.Unknown: "-.->", truth.Blocked: "--x", truth.Partial: "--x"}
