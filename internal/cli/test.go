package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/policies"
)

// testFlags say which tests of policies run, and what is told of them.
type testFlags struct {
	input    inputFlags
	run      string
	coverage bool
	verbose  bool
}

func newTestCommand(a *app) *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:   "test [flags] [path...]",
		Short: "Run the tests of your own rules",
		Long: `Test runs the tests in the files *_test.rego of folders and OPA bundles: those
given, or those that policies in the configuration names. As in a run, rules may
call only some functions, and a field that the model does not have is a mistake.

Exit codes:
  0  all tests pass
  1  a test fails
  2  wrong flag or argument, a policy that does not compile, or no test`,
		Args: cobra.ArbitraryArgs,
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) {
				n, err := f.input.needs(nil)
				if err != nil {
					return nil, err
				}
				n.folders = args
				return n, nil
			},
			func(_ *cobra.Command, args []string) error { return a.test(f, args) },
		),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&f.run, "run", "", "run only tests whose package and name match the regular `expression`")
	cmd.Flags().BoolVar(&f.coverage, "coverage", false, "print the lines of rules that no test reaches")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "print the tests that pass, and what they print")
	registerConfig(cmd, &f.input)
	return cmd
}

func (a *app) test(f *testFlags, args []string) error {
	if _, err := regexp.Compile(f.run); err != nil {
		return usagef("read --run %q: %w", f.run, err)
	}
	ctx, cancel := a.context()
	defer cancel()
	own, err := a.testedPolicies(ctx, f, args)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	run, err := engine.Test(ctx, policies.FS, own, engine.TestOptions{Run: f.run, Coverage: f.coverage})
	if err != nil {
		return mistakef("%w", err)
	}
	if len(run.Results) == 0 {
		if f.run != "" {
			return mistakef("run tests: none matches --run %q", f.run)
		}
		return mistakef("run tests: there is none: they are rules whose names begin with test_, in files that end in _test.rego")
	}
	return a.reportTests(run, f)
}

// testedPolicies loads the policies whose tests are to run.
func (a *app) testedPolicies(ctx context.Context, f *testFlags, args []string) (*engine.Policies, error) {
	w, err := a.openWorkspace()
	if err != nil {
		return nil, err
	}
	var configured []config.Path
	if len(args) == 0 {
		if configured, err = w.configuredPolicies(f.input.config); err != nil {
			return nil, err
		}
		if len(configured) == 0 {
			return nil, usagef("test: give the folder of your rules: no %s here or above names policies", config.FileName)
		}
	}
	sources, err := w.policySources(w.policyTree(), args, configured)
	if err != nil {
		return nil, err
	}
	return loadPolicies(ctx, sources)
}

// reportTests prints the tests that did not pass, and how many there are of each
// outcome. Durations would make the same run look different each time.
func (a *app) reportTests(run *engine.TestRun, f *testFlags) error {
	counts := make(map[engine.Outcome]int)
	var b strings.Builder
	for _, r := range run.Results {
		counts[r.Outcome]++
		word := map[engine.Outcome]string{engine.Passed: "PASS", engine.Failed: "FAIL", engine.Skipped: "SKIP"}[r.Outcome]
		if r.Outcome == engine.Passed && !f.verbose {
			continue
		}
		fmt.Fprintf(&b, "%s %s:%d %s\n", word, report.Visible(r.File), r.Line, report.Visible(r.Name))
		if r.Failed != "" {
			fmt.Fprintf(&b, "  line %d is not true: %s\n", r.FailedLine, report.Visible(r.Failed))
		}
		if r.Err != nil {
			fmt.Fprintf(&b, "  %s\n", report.Visible(strings.Join(strings.Fields(r.Err.Error()), " ")))
		}
		for line := range strings.Lines(r.Output) {
			fmt.Fprintf(&b, "  | %s\n", report.Visible(strings.TrimRight(line, "\r\n")))
		}
	}
	if f.coverage {
		for _, place := range run.Uncovered {
			fmt.Fprintf(&b, "%s:%d is reached by no test\n", report.Visible(place.File), place.Line)
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped", counts[engine.Passed], counts[engine.Failed], counts[engine.Skipped])
	if f.coverage {
		fmt.Fprintf(&b, ", %.1f %% of the lines covered", run.Coverage)
	}
	b.WriteByte('\n')
	if counts[engine.Failed] > 0 {
		a.code = ExitFindings
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
