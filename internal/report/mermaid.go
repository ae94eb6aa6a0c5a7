package report

import (
	"fmt"
	"strconv"
	"strings"
)

// What a map shows. GitHub draws no chart of more than 500 edges or 50,000
// characters, and nobody finds anything in one of that size.
const (
	maxMapPaths = 25 // of two edges each
	maxMapLabel = 80 // code points
)

// MermaidLabel escapes a text for the quoted label of a node or an edge of a
// Mermaid chart: what ends the label, starts an escape, a directive or a tag, or
// closes the Markdown block around the chart becomes a numeric escape. Mermaid
// takes a label without any text for a mistake, so that it becomes a space.
func MermaidLabel(s string) string {
	if s == "" {
		return " "
	}
	var b strings.Builder
	for _, r := range Visible(s) {
		switch r {
		case '"', '#', '&', ';', '<', '>', '%', '`', '|', '\\', '*', '~':
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// chart writes a flowchart.
type chart struct {
	b   strings.Builder
	ids map[string]string // of nodes, by what they stand for
}

// node returns the id of what key stands for, and writes its node the first time.
// The brackets give the shape.
func (c *chart) node(key, open, label, end string) string {
	if id, ok := c.ids[key]; ok {
		return id
	}
	id := "n" + strconv.Itoa(len(c.ids)+1)
	c.ids[key] = id
	fmt.Fprintf(&c.b, "  %s%s\"%s\"%s\n", id, open, MermaidLabel(cut(label, maxMapLabel)), end)
	return id
}

// blockedMap returns a flowchart of the paths: from each workload over the hop that
// stops its packet to the destination that it does not reach. It also returns how
// many paths are on it.
//
// A hop has a node for each destination: one that several destinations shared would
// seem to connect every workload with every destination.
func blockedMap(paths []BlockedPath) (text string, shown int) {
	paths = paths[:min(len(paths), maxMapPaths)]
	c := chart{ids: make(map[string]string)}
	c.b.WriteString("flowchart LR\n")
	stopped := make(map[string]bool)
	for _, p := range paths {
		reason := p.Hop
		if p.Code != "" {
			reason += ": " + p.Code
		}
		from := c.node("workload\x00"+p.Workload, "[", p.Workload, "]")
		hop := c.node("hop\x00"+reason+"\x00"+p.Destination, "{{", reason, "}}")
		to := c.node("destination\x00"+p.Destination, "([", p.Destination, "])")
		fmt.Fprintf(&c.b, "  %s --> %s\n", from, hop)
		if !stopped[hop] {
			stopped[hop] = true
			fmt.Fprintf(&c.b, "  %s --x %s\n", hop, to)
		}
	}
	return c.b.String(), len(paths)
}
