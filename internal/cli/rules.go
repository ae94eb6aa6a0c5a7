package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/policies"
)

// ruleJSON is a rule as "rules --format json" prints it.
type ruleJSON struct {
	ID          string           `json:"id"`
	Title       string           `json:"title"`
	Category    string           `json:"category"`
	Severity    finding.Severity `json:"severity"`
	Precision   string           `json:"precision"`
	Since       string           `json:"since"`
	Description string           `json:"description"`
	Help        string           `json:"help"`
	References  []string         `json:"references"`
	Docs        string           `json:"docs"`
	Parameters  []parameterJSON  `json:"parameters,omitempty"`
	File        string           `json:"file,omitempty"` // of a rule of the project's own
}

// parameterJSON is a parameter of a rule.
type parameterJSON struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Default     any    `json:"default"`
}

func newRulesCommand(a *app) *cobra.Command {
	var format string
	var f inputFlags
	cmd := &cobra.Command{
		Use:   "rules [id]",
		Short: "List the rules, or explain one",
		Long: `Rules lists the rules, or explains the one with the given id. The rules of your
own are among them: those of --policy, and those that the configuration names.

It also explains what stands in brackets behind messages that are no findings,
such as parse-error or invalid-object.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("rules takes one rule id, found %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			ids, directive := completeRule(cmd, args, prefix)
			for _, c := range codes {
				ids = append(ids, string(c.kind))
			}
			return ids, directive
		},
		RunE: a.confined(func(*cobra.Command, []string) (*needs, error) { return f.needs(nil) }, func(_ *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usagef("unknown format %q%s", format, config.DidYouMean(format, []string{"text", "json"}))
			}
			if len(args) == 1 && format == "text" {
				if ok, err := a.explainCode(args[0]); ok {
					return err
				}
			}
			rules, err := engine.Rules(policies.FS)
			if err != nil {
				return err
			}
			own, err := a.ownRules(&f)
			if err != nil {
				return err
			}
			rules = append(rules, own...)
			slices.SortFunc(rules, func(a, b engine.Rule) int { return strings.Compare(a.ID, b.ID) })
			if len(args) == 1 {
				i := slices.IndexFunc(rules, func(r engine.Rule) bool { return r.ID == args[0] })
				if i < 0 {
					ids := make([]string, len(rules))
					for i, r := range rules {
						ids[i] = r.ID
					}
					return noRule(args[0], ids)
				}
				rules = rules[i : i+1]
			}
			switch {
			case format == "json":
				return a.printRulesJSON(rules)
			case len(args) == 1:
				return a.explainRule(rules[0])
			default:
				return a.listRules(rules)
			}
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	complete(cmd, "format", "text", "json")
	registerPolicies(cmd, &f.policies)
	registerConfig(cmd, &f)
	return cmd
}

// ownRules returns the rules of the project's own. A configuration that has other
// mistakes does not keep them from being listed.
func (a *app) ownRules(f *inputFlags) ([]engine.Rule, error) {
	ctx, cancel := a.context()
	defer cancel()
	w, err := a.openWorkspace()
	if err != nil {
		return nil, err
	}
	in := &input{workspace: w}
	configured, err := w.configuredPolicies(f.config)
	if err != nil {
		return nil, err
	}
	if err := in.loadPolicies(ctx, f, configured); err != nil || in.policies == nil {
		return nil, err
	}
	return in.policies.Rules(), nil
}

func (a *app) listRules(rules []engine.Rule) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rules {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, r.Severity, report.Visible(r.Title))
	}
	return w.Flush()
}

func (a *app) explainRule(r engine.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)\n\n%s.\n\n%s\n", r.ID, r.Severity, r.Category, strings.TrimSuffix(r.Title, "."), r.Description)
	if r.Help != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Help)
	}
	if len(r.Parameters) > 0 {
		b.WriteString("\nParameters:\n")
		for _, p := range r.Parameters {
			value, err := json.Marshal(p.Default)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "  %s: %s (default %s)\n", p.Name, p.Description, value)
		}
	}
	if len(r.References) > 0 {
		b.WriteString("\nSources:\n")
		for _, ref := range r.References {
			fmt.Fprintf(&b, "  %s\n", ref)
		}
	}
	switch {
	case r.File != "":
		fmt.Fprintf(&b, "\nFile: %s\n", r.File)
	default:
		fmt.Fprintf(&b, "\nDocumentation: %s\n", r.DocsURL)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\n"), "\n") {
		if _, err := fmt.Fprintln(a.stdout, report.Visible(line)); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printRulesJSON(rules []engine.Rule) error {
	docs := make([]ruleJSON, len(rules))
	for i, r := range rules {
		docs[i] = ruleJSON{
			ID: r.ID, Title: r.Title, Category: r.Category, Severity: r.Severity, Precision: r.Precision, Since: r.Since,
			Description: r.Description, Help: r.Help, References: r.References, Docs: r.DocsURL, File: r.File,
		}
		for _, p := range r.Parameters {
			docs[i].Parameters = append(docs[i].Parameters, parameterJSON(p))
		}
	}
	return report.EncodeJSON(a.stdout, docs)
}

// completeRule offers the ids of rules to shell completion.
func completeRule(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return analysis.BuiltInIDs(), cobra.ShellCompDirectiveNoFileComp
}

// complete offers words as values of a flag to shell completion.
func complete(cmd *cobra.Command, flag string, words ...string) {
	// The only error is a flag that does not exist, which completion tests would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}
