package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/parser/part"
)

// lintFlags say which rules run and what happens with their findings.
type lintFlags struct {
	input         inputFlags
	formats       []string
	failOn        string
	failOnUnknown bool
	only          []string
	disable       []string
	changedSince  string
	color         string
	sarifAll      bool
	baseline      string
	// failOnWeakened says that what a change does to the checks fails the run.
	failOnWeakened bool
	quiet          bool
	verbose        bool
}

// never is the value of --fail-on for which findings do not count.
const never = "never"

func newLintCommand(a *app) *cobra.Command {
	f := &lintFlags{}
	cmd := &cobra.Command{
		Use:   "lint [flags] [path...]",
		Short: "Lint files and folders (what egresslint does without a command)",
		Long: `Lint reads the manifests and the Terraform in the given files and folders, or in
the working directory. The path - is standard input.

What they refer to is read too, as long as it lies in the same git work tree.

` + exitCodesHelp,
		Args: cobra.ArbitraryArgs,
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) { return f.needs(args) },
			func(_ *cobra.Command, args []string) error { return a.lint(f, args) },
		),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.formats, "format", []string{"text"}, "write a report in `format[=file]`: text, json, sarif, github (annotations of a workflow), markdown, junit, gitlab or checkstyle; when all reports go to files, text is on standard output too (repeatable)")
	flags.StringVar(&f.failOn, "fail-on", "", "lowest `severity` that gives exit code 1: error, warning, note or never (default error)")
	flags.BoolVar(&f.failOnUnknown, "fail-on-unknown", false, "give exit code 1 if the files leave a fact undecided")
	flags.StringSliceVar(&f.only, "only", nil, "run only these `rules` (repeatable)")
	flags.StringSliceVar(&f.disable, "disable", nil, "do not run these `rules` (repeatable)")
	registerPolicies(cmd, &f.input.policies)
	flags.StringVar(&f.changedSince, "changed-since", "", "report only findings that the files did not have where HEAD and the revision `ref` part (their merge base); changes that are not committed count")
	f.registerBase(cmd)
	f.input.register(cmd)
	flags.StringVar(&f.baseline, "baseline", "", "count only findings that are not in `file`, which egresslint baseline writes")
	flags.BoolVar(&f.sarifAll, "sarif-suppressed", false, "write suppressed findings into SARIF reports too; GitHub shows them as open alerts")
	flags.StringVar(&f.color, "color", "auto", "colours: auto, always or never")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print findings and errors only, without notices and summary")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print all notices, and tell on standard error what was read, matched, and how long it took")
	complete(cmd, "format", report.Formats()...)
	complete(cmd, "fail-on", "error", "warning", "note", never)
	complete(cmd, "color", "auto", "always", "never")
	for _, flag := range []string{"only", "disable"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, completeRule) // see complete
	}
	return cmd
}

// check returns the outputs, or a usage error of the flags' values.
func (f *lintFlags) check() ([]output, error) {
	outputs, err := parseOutputs(f.formats)
	if err != nil {
		return nil, err
	}
	if len(f.only) > 0 && !slices.ContainsFunc(f.only, func(id string) bool { return !slices.Contains(f.disable, id) }) {
		return nil, mistakef("no rule is left to run: --disable takes away all that --only names")
	}
	for _, flag := range []struct {
		name, value string
		words       []string
	}{
		{"fail-on", f.failOn, []string{"error", "warning", "note", never}},
		{"color", f.color, []string{"auto", "always", "never"}},
	} {
		if flag.value != "" && !slices.Contains(flag.words, flag.value) {
			return nil, usagef("unknown --%s %q%s", flag.name, flag.value, config.DidYouMean(flag.value, flag.words))
		}
	}
	if f.changedSince != "" && git.CheckRef(f.changedSince) != nil {
		return nil, usagef("use --changed-since %q: want a branch, a tag or a commit", f.changedSince)
	}
	if f.quiet && f.verbose {
		return nil, usagef("--quiet and --verbose exclude each other")
	}
	return outputs, f.checkBase()
}

// checkRules tells of an id that no rule has.
func (f *lintFlags) checkRules(known []string) error {
	for _, id := range slices.Concat(f.only, f.disable) {
		if !slices.Contains(known, id) {
			return noRule(id, known)
		}
	}
	return nil
}

// needs is what lint wants of the system.
func (f *lintFlags) needs(args []string) (*needs, error) {
	outputs, err := f.check()
	if err != nil {
		return nil, err
	}
	n, err := f.input.needs(args)
	if err != nil {
		return nil, err
	}
	n.files = append(n.files, f.baseline)
	for _, o := range outputs {
		n.outputs = append(n.outputs, o.path)
	}
	if f.changedSince != "" || f.input.configFrom.ref != "" {
		n.revisions = f.revisions
	}
	return n, nil
}

func (a *app) lint(f *lintFlags, args []string) error {
	outputs, err := f.check()
	if err != nil {
		return err
	}
	selected := analysis.Selection{Only: f.only, Disable: f.disable}
	rules := analysis.BuiltIn(selected)
	ctx, cancel := a.context()
	defer cancel()
	in, err := a.input(ctx, &f.input, args)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	if err := f.checkRules(in.allRules()); err != nil {
		return err
	}
	session := a.session(in).WithRules(rules.With(ctx, in.policies, in.cfg, selected), selected)
	before := startBefore(ctx, in, session, f.changedSince)
	// One after the other where it must be certain what takes too much: parts, or the
	// rules of the project's own.
	if part.Alone(ctx) || in.policies != nil {
		_, _ = before.Wait(ctx) // compare tells
	}
	base, err := in.baseline(f.baseline)
	if err != nil {
		return err
	}
	if err := in.closeBase(f.input.configFrom); err != nil {
		return err
	}
	result, err := session.WithBaseline(base).Analyze(ctx)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	result.Diagnostics = append(result.Diagnostics, in.noBaseConfig(f.input.configFrom)...)
	result, comparison, err := in.compare(ctx, f, session, result, before)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	stages := result.Facts.Stages
	stages.Lap("compare")

	// A file that is broken is reason enough for having nothing.
	empty := result.Parsed.Empty() && !f.input.allowEmpty && (result.Complete() || f.input.skipInvalid)
	r := &report.Report{
		Version:     version(),
		Rules:       slices.DeleteFunc(slices.Clone(result.Rules), func(r engine.Rule) bool { return !r.Enabled }),
		Findings:    result.Findings,
		Suppressed:  result.Suppressed,
		Diagnostics: result.Diagnostics,
		SkipInvalid: f.input.skipInvalid,
		Empty:       empty,
		Summary:     report.Summarize(result.Parsed, result.Model, result.Diagnostics),
		Blocked:     report.BlockedPaths(result.Model),
		Comparison:  comparison,
		ConfigFrom:  f.input.configFrom.ref,
		Lines:       in.lines,
		Redactor:    a.redactor,
		Display:     in.display,
		Resolve:     in.resolve,
	}
	part.Stage(ctx, "write reports")
	err = a.writeReports(outputs, r, f.color, report.Options{
		Quiet: f.quiet, HideNotices: len(f.only) > 0, Verbose: f.verbose,
		ShowChecks:      f.failOnWeakened,
		SARIFSuppressed: f.sarifAll,
		HideUnknowns:    in.cfg.Unknowns == config.UnknownsIgnore && !f.failOnUnknown,
	})
	stages.Lap("report")
	if f.verbose {
		a.tell(in, result, r)
	}
	if err != nil {
		return err
	}
	if empty {
		a.logf("found no Kubernetes manifest and no Terraform in %s", strings.Join(displayAll(in, args), ", "))
		a.logf("%s, or pass --allow-empty if that is right", emptyHint(args))
	}
	a.code = f.exitCode(in.cfg, r, result)
	return nil
}

// exitCode is what a run that printed its reports ends with.
func (f *lintFlags) exitCode(cfg *config.Config, r *report.Report, result *analysis.Result) int {
	switch {
	case f.input.incomplete(result.Parsed.Empty(), result.Complete()):
		return ExitIncomplete
	case f.failOnWeakened && (r.Comparison == nil || len(r.Comparison.Checks) > 0):
		return ExitFindings
	case (f.failOnUnknown || cfg.Unknowns == config.UnknownsFail) && r.Summary.UnknownCount() > 0:
		return ExitFindings
	}
	threshold, err := finding.ParseSeverity(cmp.Or(f.failOn, string(cfg.FailOn), finding.Error.String()))
	if err != nil { // never
		return ExitOK
	}
	for _, found := range r.Findings {
		if found.Severity >= threshold {
			return ExitFindings
		}
	}
	return ExitOK
}

// tell prints what --verbose asks for.
func (a *app) tell(in *input, result *analysis.Result, r *report.Report) {
	a.logf("root %s", in.root)
	a.logf("%s", a.confinement)
	if in.cfg.File != "" {
		a.logf("configuration %s", in.configPlace())
	}
	s := r.Summary
	a.logf("read %d Terraform, %d variable, %d YAML and %d JSON files: %d objects",
		s.Files.Terraform, s.Files.Variables, s.Files.YAML, s.Files.JSON, s.Objects)
	if n := s.Files.Skipped; n > 0 {
		a.logf("skipped %d YAML files, or parts of them, that cannot be parsed and look like no manifest", n)
	}
	for _, root := range result.Parsed.Roots {
		variant := ""
		if root.Variant != "" {
			variant = " with the variables of " + root.Variant
		}
		a.logf("evaluated %s%s: %d resources", in.display(root.Dir), variant, len(root.Resources))
	}
	for _, b := range s.Bindings {
		cluster := b.Cluster
		if cluster == "" {
			cluster = "no cluster"
		}
		a.logf("matched %s to %s (%s)", in.display(b.Manifests), cluster, b.Reason)
	}
	for _, stage := range result.Facts.Stages.List {
		a.logf("%-14s %s", stage.Name, stage.Took.Round(10*time.Microsecond))
	}
}

// displayAll returns the paths of a run; args are those that were given.
func displayAll(in *input, args []string) []string {
	paths := make([]string, len(in.settings.Paths))
	for i, name := range in.settings.Paths {
		if paths[i] = in.display(name); i < len(args) && args[i] == stdinArg {
			paths[i] = "standard input"
		}
	}
	return paths
}

// emptyHint says what to do when the paths hold nothing to analyse.
func emptyHint(args []string) string {
	if len(args) > 0 && !slices.ContainsFunc(args, func(arg string) bool { return arg != stdinArg }) {
		return "give it a manifest, or say with --stdin-filename what it is"
	}
	return "give the folder that holds them"
}
