package cli

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/explain"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
)

// explainFlags say what is explained and how.
type explainFlags struct {
	input             inputFlags
	format            string
	from, to, cluster string
	code              string
	verbose           bool
}

var explainFormats = []string{"text", "json", "mermaid"}

// maxExplained is how many paths are explained in full as text, if nobody asks for more;
// of more there is a line for each.
const maxExplained = 3

func newExplainCommand(a *app) *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain [flags] [workload] [path...]",
		Short: "Explain hop by hop why a workload can or cannot reach something",
		Long: `Explain prints the way from a workload to a destination: the verdict and what stops
the packet first, then each check in the order in which the packet meets it, with
what was compared and where it stands, what would settle what is unknown, and the
smallest change that lets the packet pass.

Any pair can be asked about, also one that no file says is needed. A workload is
called orders, shop/orders, deploy/orders or shop/orders[Deployment]; a destination
rds/orders-db, payments (a Service), db.example.com, 10.1.2.3 or internet, with
:PORT or :PORT/udp behind it if only that port is meant. An argument that is no file
or folder is the workload. Without a workload and a destination, every path that
does not pass is listed.

--code explains a reason code, such as wrong-vswitch, and reads no files.

Exit codes:
  0  explained, whatever the verdict is
  2  wrong flag, argument or configuration, or nothing in the files has the name
  3  something could not be analysed, or nothing is there; the rest is explained`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("code") {
				return a.printCode(f, args)
			}
			return a.confined(
				func(_ *cobra.Command, args []string) (*needs, error) {
					_, paths := f.split(args)
					if err := f.check(); err != nil {
						return nil, err
					}
					return f.input.needs(paths)
				},
				func(_ *cobra.Command, args []string) error { return a.explain(f, args) },
			)(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.from, "from", "", "explain how packets leave this `workload`")
	flags.StringVar(&f.to, "to", "", "explain the way to this `destination`, with :port or :port/protocol behind it for one port")
	flags.StringVar(&f.cluster, "cluster", "", "only on the cluster of this `name`")
	flags.StringVar(&f.code, "code", "", "explain a reason `code`")
	flags.StringVar(&f.format, "format", "text", "print as text, json or mermaid")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print every hop with all that was compared, and every path")
	registerPolicies(cmd, &f.input.policies)
	f.input.register(cmd)
	complete(cmd, "format", explainFormats...)
	complete(cmd, "code", explain.CodeNames()...)
	return cmd
}

func (f *explainFlags) check() error {
	if !slices.Contains(explainFormats, f.format) {
		return usagef("unknown --format %q%s", f.format, config.DidYouMean(f.format, explainFormats))
	}
	return nil
}

// split tells the workload among the arguments from the paths: it is the only one that is
// no file or folder and does not look like one.
func (f *explainFlags) split(args []string) (workload string, paths []string) {
	if f.from != "" {
		return f.from, args
	}
	for i, arg := range args {
		if _, err := os.Lstat(arg); err == nil || arg == stdinArg || isKnown(arg) {
			continue
		}
		if workload != "" {
			return "", args
		}
		workload = arg
		paths = slices.Concat(args[:i], args[i+1:])
	}
	if workload == "" {
		return "", args
	}
	return workload, paths
}

// printCode explains what a reason code means, wherever it is given.
func (a *app) printCode(f *explainFlags, args []string) error {
	if f.from != "" || f.to != "" || len(args) > 0 {
		return usagef("--code is explained by itself: give no workload, destination or path")
	}
	found := false
	for _, c := range explain.Codes() {
		if c.Name != f.code {
			continue
		}
		if found {
			_, _ = fmt.Fprintln(a.stdout)
		}
		found = true
		if _, err := fmt.Fprintf(a.stdout, "%s (%s)\n%s\n", c.Name, c.At, c.Paragraph()); err != nil {
			return err
		}
		for _, rule := range c.Rules {
			_, _ = fmt.Fprintf(a.stdout, "Rule: %s\n", rule)
		}
	}
	if !found {
		return mistakef("unknown --code %q%s", f.code, config.DidYouMean(f.code, explain.CodeNames()))
	}
	return nil
}

func (a *app) explain(f *explainFlags, args []string) error {
	workload, paths := f.split(args)
	ctx, cancel := a.context()
	defer cancel()
	rules := analysis.BuiltIn(analysis.Selection{})
	in, err := a.input(ctx, &f.input, paths)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	session := a.session(in).WithRules(rules.With(ctx, in.policies, in.cfg, analysis.Selection{}), analysis.Selection{})
	facts, err := session.Facts(ctx)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	a.showBroken(&report.Report{Diagnostics: facts.Diagnostics, SkipInvalid: f.input.skipInvalid, Display: in.display})
	facts, question, err := f.ask(ctx, session, facts, workload)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	result, err := session.Judge(ctx, facts)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	index := indexOf(facts, slices.Concat(result.Findings, result.Suppressed))
	var list []*explain.Explanation
	for _, p := range index.Paths(question) {
		list = append(list, index.Of(p))
	}
	if err := a.writeExplanations(f, in, list, question); err != nil {
		return err
	}
	if f.input.incomplete(facts.Parsed.Empty(), facts.Complete()) {
		a.code = ExitIncomplete
	}
	return nil
}

// ask finds what the flags name. The facts that it returns have a path for each pair that
// is asked about.
func (f *explainFlags) ask(ctx context.Context, session analysis.Session, facts *analysis.Facts, workload string) (*analysis.Facts, explain.Question, error) {
	index := indexOf(facts, nil)
	q, err := f.question(index, workload)
	if err != nil {
		return nil, q, &usageError{err: err, plain: true}
	}
	missing, err := index.Missing(q)
	if err != nil {
		return nil, q, &usageError{err: err, plain: true}
	}
	if len(missing) == 0 {
		return facts, q, nil
	}
	var more []config.Requirement
	for i, need := range missing {
		more = append(more, config.Requirement{From: need.From, To: need.To, At: source.Range{
			File: explain.Asked, Start: source.Pos{Line: i + 1, Column: 1}, End: source.Pos{Line: i + 1, Column: 1},
		}})
	}
	if facts, err = session.Asked(ctx, facts, more); err != nil {
		return nil, q, err
	}
	index = indexOf(facts, nil)
	if q, err = f.question(index, workload); err == nil && len(index.Paths(q)) == 0 {
		err = mistakef("use --to %s: a need of that is never judged: it stands for the pod itself, or for an example", f.to)
	}
	return facts, q, err
}

// question is what the flags name. Its errors are mistakes of the user.
func (f *explainFlags) question(index *explain.Index, workload string) (q explain.Question, err error) {
	if f.cluster != "" {
		if q.Clusters, err = index.Cluster(f.cluster); err != nil {
			return q, fmt.Errorf("use --cluster: %w", err)
		}
	}
	if workload != "" {
		if q.Workloads, err = index.Workloads(workload, q.Clusters); err != nil {
			if f.from == "" {
				return q, fmt.Errorf("explain %s: there is no such file or folder, and %w", workload, err)
			}
			return q, fmt.Errorf("use --from: %w", err)
		}
	}
	if f.to != "" {
		if q.Destinations, err = index.Destinations(f.to); err != nil {
			return q, fmt.Errorf("use --to: %w", err)
		}
	}
	return q, nil
}

// indexOf is the model with the Services of the manifests.
func indexOf(facts *analysis.Facts, findings []*finding.Finding) *explain.Index {
	var services []*explain.Service
	seen := make(map[string]bool)
	for _, o := range facts.Parsed.Objects {
		if o.Kind != "Service" || o.APIVersion != "v1" {
			continue
		}
		s := kube.ReadService(o)
		if seen[s.ID()] {
			continue
		}
		seen[s.ID()] = true
		service := &explain.Service{Namespace: s.Namespace, Name: s.Name}
		for _, p := range s.Ports {
			if p.Port != 0 {
				service.Ports = append(service.Ports, explain.Port{Number: p.Port, Protocol: p.Protocol})
			}
		}
		services = append(services, service)
	}
	return explain.New(facts.Model, services, findings)
}

func (a *app) writeExplanations(f *explainFlags, in *input, list []*explain.Explanation, q explain.Question) error {
	w := explain.Writing{Display: in.display, Verbose: f.verbose}
	all := q.Workloads == nil && q.Destinations == nil
	switch {
	case f.format == "json":
		return explain.WriteJSON(a.stdout, list)
	case f.format == "mermaid":
		return explain.WriteMermaid(a.stdout, list)
	case len(list) == 0:
		text := "No path is blocked or unknown."
		if !all {
			text = "No need of that workload or destination is in the files: --from and --to together explain any pair."
		}
		_, err := fmt.Fprintln(a.stdout, text)
		return err
	case all || len(list) > maxExplained && !f.verbose:
		return explain.WriteSummary(a.stdout, list, w)
	default:
		return explain.WriteText(a.stdout, list, w)
	}
}
