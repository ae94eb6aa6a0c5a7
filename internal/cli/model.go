package cli

import (
	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/report"
)

func newModelCommand(a *app) *cobra.Command {
	f := &inputFlags{}
	cmd := &cobra.Command{
		Use:   "model [flags] [path...]",
		Short: "Print the egress model as JSON",
		Long: `Model prints what egresslint understands of the files: the clusters, workloads,
what they need to reach, and what stands in the way. It is what the rules judge,
and is described by docs/model.md and docs/model.schema.json of egresslint.

Exit codes:
  0  the model is printed
  2  wrong flag, argument or configuration
  3  something could not be analysed, or nothing is there; the model has the rest`,
		Args: cobra.ArbitraryArgs,
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) { return f.needs(args) },
			func(_ *cobra.Command, args []string) error { return a.printModel(f, args) },
		),
	}
	f.register(cmd)
	return cmd
}

func (a *app) printModel(f *inputFlags, args []string) error {
	ctx, cancel := a.context()
	defer cancel()
	in, err := a.input(ctx, f, args)
	if err != nil {
		return failed(err, f.limits.timeout)
	}
	w, err := a.session(in).Facts(ctx)
	if err != nil {
		return failed(err, f.limits.timeout)
	}
	a.showBroken(&report.Report{Diagnostics: w.Diagnostics, SkipInvalid: f.skipInvalid, Display: in.display})
	if err := report.EncodeJSON(a.stdout, w.Model); err != nil {
		return err
	}
	if f.incomplete(w.Parsed.Empty(), w.Complete()) {
		a.code = ExitIncomplete
	}
	return nil
}
