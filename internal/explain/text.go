package explain

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/truth"
)

// Writing is how explanations are printed.
type Writing struct {
	// Display makes the name of a file one for the person who reads it.
	Display func(string) string
	// Verbose prints every hop with all that was compared.
	Verbose bool
}

// What is printed of a path, if nobody asks for more.
const (
	maxLines   = 25 // of a path
	maxAsides  = 2  // assumptions and near misses, each
	maxSources = 3
	maxPaths   = 20 // of a summary
)

// indent is where the words begin behind what they are about.
const indent = "           "

// WriteText prints what becomes of each path: the verdict with what stops it first, then
// each hop.
func WriteText(out io.Writer, list []*Explanation, w Writing) error {
	buffered := bufio.NewWriter(out)
	for i, e := range list {
		if i > 0 {
			fmt.Fprintln(buffered)
		}
		for _, line := range w.lines(e) {
			fmt.Fprintln(buffered, report.Visible(line))
		}
	}
	return buffered.Flush()
}

// WriteSummary prints a line for each path, with those that stop first.
func WriteSummary(out io.Writer, list []*Explanation, w Writing) error {
	buffered := bufio.NewWriter(out)
	shown := list
	if !w.Verbose {
		shown = list[:min(len(list), maxPaths)]
	}
	for _, e := range shown {
		fmt.Fprintln(buffered, report.Visible(e.headline()+w.behind(e.where())))
	}
	if more := len(list) - len(shown); more > 0 {
		fmt.Fprintf(buffered, "and %d more: --verbose lists all, --from and --to explain one\n", more)
	}
	return buffered.Flush()
}

// where is the place of the first blocker, else of the need.
func (e *Explanation) where() *Location {
	for _, h := range e.Hops {
		if h.At != nil && len(e.Blockers) > 0 && h.Name == e.Blockers[0] {
			return h.At
		}
	}
	return e.Need
}

// headline is the verdict with the first blocker.
func (e *Explanation) headline() string {
	who := e.Workload
	if e.Cluster != "" {
		who += " in " + e.Cluster
	}
	to := e.Destination
	if e.Protocol != "" && e.Protocol != "TCP" {
		to += "/" + e.Protocol
	}
	switch first := e.first(); {
	case e.Path == truth.Open:
		return fmt.Sprintf("open: %s can reach %s", who, to)
	case first == nil:
		return fmt.Sprintf("%s: %s to %s", e.Path, who, to)
	case e.Path == truth.Unknown:
		return fmt.Sprintf("unknown: whether %s can reach %s depends on %s", who, to, first.label())
	default:
		return fmt.Sprintf("blocked: %s cannot reach %s, stopped at %s", who, to, first.label())
	}
}

// first is the first hop that stops the packet; if none does, the first that is unknown.
func (e *Explanation) first() *Hop {
	for i, h := range e.Hops {
		if len(e.Blockers) > 0 && h.Name == e.Blockers[0] || len(e.Blockers) == 0 && h.Verdict == truth.Unknown {
			return &e.Hops[i]
		}
	}
	return nil
}

// behind is a place behind a text.
func (w Writing) behind(l *Location) string {
	if l == nil {
		return ""
	}
	return " (" + w.place(l) + ")"
}

func (w Writing) place(l *Location) string {
	return w.Display(l.File) + ":" + strconv.Itoa(l.Line)
}

// lines are the path as text.
func (w Writing) lines(e *Explanation) []string {
	top := []string{e.headline()}
	if e.Asked {
		top = append(top, entry("need", "no file has it: it was asked for"))
	} else {
		top = append(top, entry("need", string(e.Strength)+w.behind(e.Need)))
	}
	end := w.end(e)
	facts := -1 // all
	if !w.Verbose {
		facts = max(0, maxLines-len(top)-len(end)-len(w.hops(e, 0)))
	}
	hops := w.hops(e, facts)
	if room := maxLines - len(top) - len(end) - 1; !w.Verbose && len(hops) > max(room+1, 0) {
		hops = append(hops[:max(room, 0)], entry("", fmt.Sprintf("... %d more lines: --verbose", len(hops)-room)))
	}
	lines := append(append(top, hops...), end...)
	if !w.Verbose && len(lines) > maxLines {
		lines = append(lines[:maxLines-1], entry("", "... more: --verbose"))
	}
	return lines
}

// entry is a line with the word that says what it is about.
func entry(word, text string) string { return fmt.Sprintf("  %-8s %s", word, text) }

// hops are the lines of the checks. At most so many lines are given to what was compared,
// if that is not negative; hops that pass fold into one line then.
func (w Writing) hops(e *Explanation, facts int) []string {
	var lines, passing []string
	flush := func() {
		if len(passing) > 0 {
			lines = append(lines, entry("open", strings.Join(passing, ", ")))
			passing = nil
		}
	}
	for i := range e.Hops {
		h := &e.Hops[i]
		if h.Verdict == truth.Open && facts >= 0 {
			passing = append(passing, h.label())
			continue
		}
		flush()
		text := h.label()
		switch {
		case h.Meaning != "" && h.Detail != "":
			text += ": " + strings.TrimSuffix(h.Meaning, ".") + "; " + h.Detail
		case h.Meaning+h.Detail != "":
			text += ": " + h.Meaning + h.Detail
		}
		lines = append(lines, entry(string(h.Verdict), text+w.behind(h.At)))
		compared := w.compared(h)
		if facts >= 0 && len(compared) > facts {
			compared = compared[:facts]
		}
		if facts >= 0 {
			facts -= len(compared)
		}
		lines = append(lines, compared...)
	}
	flush()
	return lines
}

// compared are the lines of what a hop compared.
func (w Writing) compared(h *Hop) []string {
	var lines []string
	line := func(label, text string) { lines = append(lines, indent+label+": "+text) }
	if h.Component != "" {
		line("by", h.Component)
	}
	if len(h.Sources) > 0 {
		line("source", w.some(h.Sources, maxSources))
	}
	for _, f := range h.Facts {
		line(f.Label, f.Value+w.behind(f.At))
	}
	return lines
}

// some is a list of which only the first are printed, if nobody asks for more.
func (w Writing) some(list []string, most int) string {
	if w.Verbose || len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// end are the lines behind the hops.
func (w Writing) end(e *Explanation) []string {
	var lines []string
	if len(e.Blockers) > 1 {
		lines = append(lines, entry("all of", strings.Join(e.Blockers, ", ")+" stop it, each by itself"))
	}
	asides := func(word string, list []Aside) {
		for i, aside := range list {
			if i == maxAsides && !w.Verbose {
				lines = append(lines, entry("", fmt.Sprintf("... %d more: --verbose", len(list)-i)))
				return
			}
			lines = append(lines, entry(word, aside.Text+w.behind(aside.At)))
		}
	}
	asides("near", e.NearMisses)
	asides("assumed", e.Assumptions)
	lines = append(lines, e.settling()...)
	for i, c := range e.Changes {
		word := "change"
		if len(e.Changes) > 1 {
			word = fmt.Sprintf("change %d", i+1)
		}
		rule := ""
		if c.Rule != "" {
			rule = " [" + c.Rule + "]"
		}
		if c.Suppressed {
			rule += " (suppressed)"
		}
		lines = append(lines, entry(word, c.Text+w.behind(c.At)+rule))
	}
	switch {
	case len(e.Changes) == 0:
	case e.Changes[0].Then == truth.Unknown:
		lines = append(lines, indent+"then the path is unknown, until what is to be settled is")
	default:
		lines = append(lines, indent+"then the path is open")
	}
	return lines
}

// settling are the lines on what is unknown: one for all checks that one thing decides.
func (e *Explanation) settling() []string {
	var lines []string
	for rest := e.Unknowns; len(rest) > 0; {
		n := 1
		for rest[0].Way != "" && n < len(rest) && rest[n].Way == rest[0].Way {
			n++
		}
		names := make([]string, n)
		for i, s := range rest[:n] {
			names[i] = s.Hop
		}
		text := strings.Join(names, ", ") + ": "
		if rest[0].Way != "" {
			text += rest[0].Way + " "
		}
		passes, stops := outcomes(e.Blockers, e.undecided(), names)
		when, not := "If it passes", "if not"
		if n > 1 {
			when, not = "If all pass", "if one does not"
		}
		lines = append(lines, entry("settle", fmt.Sprintf("%s%s, %s; %s, %s.", text, when, passes, not, stops)))
		rest = rest[n:]
	}
	return lines
}

func (e *Explanation) undecided() []string {
	names := make([]string, len(e.Unknowns))
	for i, s := range e.Unknowns {
		names[i] = s.Hop
	}
	return names
}
