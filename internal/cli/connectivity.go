package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/trace"
)

// connectivityFlags say which connections to print and how.
type connectivityFlags struct {
	input          inputFlags
	format         string
	from, to, port string
}

// connectivityFormats are the values of --format, each with its writer.
var connectivityFormats = []struct {
	name string
	open func(io.Writer) connectionWriter
}{
	{"text", newTextConnections},
	{"csv", newCSVConnections},
	{"json", newJSONConnections},
	{"dot", newDOTConnections},
	{"mermaid", newMermaidConnections},
}

// connectionWriter prints connections one by one. Errors of the underlying writer
// are for a buffered writer to keep.
type connectionWriter interface {
	write(trace.Connection)
	close()
}

func newConnectivityCommand(a *app) *cobra.Command {
	f := &connectivityFlags{}
	cmd := &cobra.Command{
		Use:   "connectivity [flags] [path...]",
		Short: "Print who may talk to whom, as far as NetworkPolicies decide it",
		Long: `Connectivity prints the connections between workloads, and between workloads and
addresses outside the cluster, that the NetworkPolicies of both ends admit. A
cluster that does not enforce policies admits everything. Security groups, route
tables and SNAT entries are no part of it: lint judges them.

A connection that the files do not decide is printed as text and JSON only, as
possible.

Exit codes:
  0  printed
  2  wrong flag, argument or configuration
  3  something could not be analysed; the rest was, and its connections are printed`,
		Args: cobra.ArbitraryArgs,
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) { return f.input.needs(args) },
			func(_ *cobra.Command, args []string) error { return a.connectivity(f, args) },
		),
	}
	names := connectivityFormatNames()
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.format, "format", "text", "print as text, csv, json, dot or mermaid")
	flags.StringVar(&f.from, "from", "", "only from `peer`: namespace/name, with * for any characters, or an address or CIDR")
	flags.StringVar(&f.to, "to", "", "only to `peer`: namespace/name, with * for any characters, or an address or CIDR")
	flags.StringVar(&f.port, "port", "", "only what `port` is part of, like 443 or 53/UDP")
	f.input.register(cmd)
	complete(cmd, "format", names...)
	return cmd
}

func connectivityFormatNames() []string {
	names := make([]string, len(connectivityFormats))
	for i, format := range connectivityFormats {
		names[i] = format.name
	}
	return names
}

// filter reads --from, --to and --port.
func (f *connectivityFlags) filter() (filter trace.Filter, err error) {
	if filter.From, err = trace.ParseEndFilter(f.from); err != nil {
		return filter, usagef("use --from: %w", err)
	}
	if filter.To, err = trace.ParseEndFilter(f.to); err != nil {
		return filter, usagef("use --to: %w", err)
	}
	if f.port == "" {
		return filter, nil
	}
	number, protocol, given := strings.Cut(f.port, "/")
	if filter.Port, err = strconv.Atoi(number); err != nil || filter.Port < 1 || filter.Port > 65535 {
		return filter, usagef("use --port %q: want a number from 1 to 65535, perhaps with /TCP, /UDP or /SCTP", f.port)
	}
	filter.Protocol = strings.ToUpper(protocol)
	if known := []string{"TCP", "UDP", "SCTP"}; given && !slices.Contains(known, filter.Protocol) {
		return filter, usagef("use --port %q: unknown protocol%s", f.port, config.DidYouMean(filter.Protocol, known))
	}
	return filter, nil
}

func (a *app) connectivity(f *connectivityFlags, args []string) error {
	filter, err := f.filter()
	if err != nil {
		return err
	}
	i := slices.Index(connectivityFormatNames(), f.format)
	if i < 0 {
		return usagef("unknown --format %q%s", f.format, config.DidYouMean(f.format, connectivityFormatNames()))
	}
	ctx, cancel := a.context()
	defer cancel()
	in, err := a.input(ctx, &f.input, args)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	c, w, err := a.session(in).Connectivity(ctx)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	a.showBroken(&report.Report{Diagnostics: w.Diagnostics, SkipInvalid: f.input.skipInvalid, Display: in.display})

	out := bufio.NewWriterSize(a.stdout, 1<<16)
	printer := connectivityFormats[i].open(out)
	for connection := range c.Connections(filter) {
		printer.write(connection)
	}
	if ctx.Err() != nil { // the connections ended for it
		return failed(ctx.Err(), f.input.limits.timeout)
	}
	printer.close()
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write connections: %w", err)
	}
	if f.input.incomplete(w.Parsed.Empty(), w.Complete()) {
		a.code = ExitIncomplete
	}
	return nil
}

// texts renders things once, however often they are printed.
type texts[T comparable] struct {
	render func(T) string
	known  map[T]string
}

func newTexts[T comparable](render func(T) string) texts[T] {
	return texts[T]{render, make(map[T]string)}
}

func (t texts[T]) of(x T) string {
	text, ok := t.known[x]
	if !ok {
		text = t.render(x)
		t.known[x] = text
	}
	return text
}

// visiblePeer is what lists call a peer.
func visiblePeer(p *trace.Peer) string { return report.Visible(p.String()) }

// textConnections prints a line for each connection.
type textConnections struct {
	out   io.Writer
	peers texts[*trace.Peer]
	sets  texts[netpol.ConnectionSet]
}

func newTextConnections(out io.Writer) connectionWriter {
	return textConnections{out, newTexts(visiblePeer), newTexts(netpol.ConnectionSet.String)}
}

func (t textConnections) write(c trace.Connection) {
	switch {
	case c.Sure == c.Possible:
		t.line(c, t.sets.of(c.Sure))
	case c.Sure.IsEmpty():
		t.line(c, "possibly "+t.sets.of(c.Possible))
	default:
		t.line(c, t.sets.of(c.Sure)+", possibly "+t.sets.of(c.Possible))
	}
}

func (t textConnections) line(c trace.Connection, what string) {
	writeAll(t.out, t.peers.of(c.From), " -> ", t.peers.of(c.To), ": ", what, "\n")
}

func (textConnections) close() {}

// writeAll leaves errors to the buffered writer below, which keeps them.
func writeAll(out io.Writer, texts ...string) {
	for _, text := range texts {
		_, _ = io.WriteString(out, text)
	}
}

// csvConnections prints what other analyzers of network policies print, so that
// results can be compared. Rows are put together from fields that are encoded once.
type csvConnections struct {
	out   io.Writer
	peers texts[*trace.Peer]
	sets  texts[netpol.ConnectionSet]
}

func newCSVConnections(out io.Writer) connectionWriter {
	writeAll(out, "src,dst,conn\n")
	return csvConnections{
		out,
		newTexts(func(p *trace.Peer) string { return csvField(visiblePeer(p)) }),
		newTexts(func(s netpol.ConnectionSet) string { return csvField(s.String()) }),
	}
}

func (c csvConnections) write(x trace.Connection) {
	if !x.Sure.IsEmpty() {
		writeAll(c.out, c.peers.of(x.From), ",", c.peers.of(x.To), ",", c.sets.of(x.Sure), "\n")
	}
}

func (csvConnections) close() {}

// csvField encodes one field of a row.
func csvField(text string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{text}) // a builder takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonConnections prints an array with an object for each connection.
type jsonConnections struct {
	out  io.Writer
	some bool
}

func newJSONConnections(out io.Writer) connectionWriter { return &jsonConnections{out: out} }

func (j *jsonConnections) write(c trace.Connection) {
	separator := "[\n  "
	if j.some {
		separator = ",\n  "
	}
	j.some = true
	data, err := json.Marshal(struct {
		From     string `json:"src"`
		To       string `json:"dst"`
		Sure     string `json:"conn"`
		Possible string `json:"possible"`
	}{c.From.String(), c.To.String(), c.Sure.String(), c.Possible.String()})
	if err == nil { // strings always marshal
		_, _ = fmt.Fprintf(j.out, "%s%s", separator, data)
	}
}

func (j *jsonConnections) close() {
	if !j.some {
		_, _ = io.WriteString(j.out, "[")
	}
	_, _ = io.WriteString(j.out, "\n]\n")
}

// dotConnections prints a graph for Graphviz.
type dotConnections struct {
	out   io.Writer
	peers texts[*trace.Peer]
}

func newDOTConnections(out io.Writer) connectionWriter {
	_, _ = io.WriteString(out, "digraph connectivity {\n  rankdir=LR;\n  node [shape=box];\n")
	return dotConnections{out, newTexts(dotQuote)}
}

func (d dotConnections) write(c trace.Connection) {
	if !c.Sure.IsEmpty() {
		_, _ = fmt.Fprintf(d.out, "  %s -> %s [label=%s];\n", d.peers.of(c.From), d.peers.of(c.To), strconv.Quote(c.Sure.String()))
	}
}

func (d dotConnections) close() { _, _ = io.WriteString(d.out, "}\n") }

func dotQuote(p *trace.Peer) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(visiblePeer(p)) + `"`
}

// mermaidConnections prints a flowchart for Mermaid, which GitHub renders.
type mermaidConnections struct {
	out   io.Writer
	nodes map[*trace.Peer]string
}

func newMermaidConnections(out io.Writer) connectionWriter {
	_, _ = io.WriteString(out, "flowchart LR\n")
	return &mermaidConnections{out, make(map[*trace.Peer]string)}
}

func (m *mermaidConnections) write(c trace.Connection) {
	if !c.Sure.IsEmpty() {
		_, _ = fmt.Fprintf(m.out, "  %s -->|%q| %s\n", m.node(c.From), c.Sure.String(), m.node(c.To))
	}
}

// node is the id of a peer, with its text the first time.
func (m *mermaidConnections) node(p *trace.Peer) string {
	if id, ok := m.nodes[p]; ok {
		return id
	}
	id := "n" + strconv.Itoa(len(m.nodes)+1)
	m.nodes[p] = id
	return id + `["` + report.MermaidLabel(p.String()) + `"]`
}

func (*mermaidConnections) close() {}
