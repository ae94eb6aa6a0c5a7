package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

func newConfigCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write, check or print the configuration",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command \"config %s\"%s", args[0], config.DidYouMean(args[0], []string{"init", "verify", "print"}))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigInitCommand(a), newConfigVerifyCommand(a), newConfigPrintCommand(a))
	return cmd
}

func newConfigVerifyCommand(a *app) *cobra.Command {
	var f inputFlags
	cmd := &cobra.Command{
		Use:   "verify [flags] [path]",
		Short: "Check the configuration that a run in the path would use",
		Long: `Verify reads the configuration file that a run over the path, or in the working
directory, would use, and names every mistake in it with its place.

Exit codes:
  0  the file is right
  2  there is a mistake in it, or there is no file`,
		Args: onePath("config verify"),
		RunE: a.confined(configNeeds(&f), func(_ *cobra.Command, args []string) error {
			ctx, cancel := a.context()
			defer cancel()
			in, err := a.input(ctx, &f, args)
			if err != nil {
				return failed(err, f.limits.timeout)
			}
			if in.cfg.File == "" {
				return mistakef("verify configuration: no %s in %s or above it: egresslint config init writes one", config.FileName, in.display(in.startDir()))
			}
			if in.policies != nil {
				own, err := analysis.CompileOwn(ctx, in.policies, in.cfg, analysis.Selection{})
				if err != nil {
					return failed(err, f.limits.timeout)
				}
				for _, left := range own.Left() {
					return mistakef("%s: %s", in.display(left.Range.File), left.Message)
				}
			}
			_, err = fmt.Fprintf(a.stdout, "%s is right.\n", report.Visible(in.display(in.cfg.File)))
			return err
		}),
	}
	registerConfig(cmd, &f)
	return cmd
}

func newConfigPrintCommand(a *app) *cobra.Command {
	var f inputFlags
	cmd := &cobra.Command{
		Use:   "print [flags] [path]",
		Short: "Print the configuration that a run in the path would use",
		Long: `Print writes the configuration that a run over the path, or in the working
directory, would use, with the defaults filled in. Its paths are relative to the
folder of the configuration file, or to the working directory if there is none.
In the place of a variable's value that is secret it says so: one with a password
in it, or of a variable that is sensitive or whose name says that it is a secret.

Exit codes:
  0  the configuration is printed
  2  there is a mistake in it`,
		Args: onePath("config print"),
		RunE: a.confined(configNeeds(&f), func(_ *cobra.Command, args []string) error {
			ctx, cancel := a.context()
			defer cancel()
			in, err := a.input(ctx, &f, args)
			if err != nil {
				return failed(err, f.limits.timeout)
			}
			head, dir := "# No "+config.FileName+" was found: these are the defaults.", "."
			if in.cfg.File != "" {
				head, dir = "# "+report.Visible(in.display(in.cfg.File)), path.Dir(in.cfg.File)
			}
			if _, err := fmt.Fprintln(a.stdout, head); err != nil {
				return err
			}
			return config.Print(a.stdout, withoutSecrets(in.cfg, in.tree), dir)
		}),
	}
	registerConfig(cmd, &f)
	return cmd
}

// withoutSecrets is a configuration to be printed: a log that it ends up in may be
// public where the file is not, or not yet.
func withoutSecrets(cfg *config.Config, tree *source.Tree) *config.Config {
	shown := *cfg
	shown.Stacks = slices.Clone(cfg.Stacks)
	for i := range shown.Stacks {
		s := &shown.Stacks[i]
		s.Vars = slices.Clone(s.Vars)
		secret := terraform.SecretVariables(tree, s.Dir)
		for k, v := range s.Vars {
			if secret(v.Name) || len(located.Credentials(v.Value)) > 0 {
				s.Vars[k].Value = "(sensitive value)" // as Terraform says
			}
		}
	}
	return &shown
}

// registerConfig registers the flags of a command that reads the configuration and the
// rules of the project's own.
func registerConfig(cmd *cobra.Command, f *inputFlags) {
	cmd.Flags().StringVar(&f.config, "config", "", "read the configuration from `file` instead of the nearest "+config.FileName)
	f.limits.register(cmd)
}

// configNeeds is what such a command wants of the system for a path.
func configNeeds(f *inputFlags) func(*cobra.Command, []string) (*needs, error) {
	return func(_ *cobra.Command, args []string) (*needs, error) { return f.needs(args) }
}

// onePath accepts at most one argument.
func onePath(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%s takes one path, found %d", name, len(args))
		}
		return nil
	}
}

func newConfigInitCommand(a *app) *cobra.Command {
	f := &inputFlags{noConfig: true}
	var force bool
	cmd := &cobra.Command{
		Use:   "init [flags] [dir]",
		Short: "Write a configuration with what is found in a folder",
		Long: `Init looks at a folder, or at the working directory, and writes ` + config.FileName + `
into it: the clusters, the variable files and the charts that it found, with
comments on what may be said of them. A run gives the same findings with the file
as without it.

Exit codes:
  0  the file is written
  2  wrong flag or argument, or there is a configuration already
  3  something could not be analysed; the file has the rest`,
		Args: onePath("config init"),
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) {
				file, err := newConfigFile(args, force)
				if err != nil {
					return nil, err
				}
				n, err := f.needs(args)
				if err != nil {
					return nil, err
				}
				n.outputs = []string{file}
				return n, nil
			},
			func(_ *cobra.Command, args []string) error { return a.initConfig(f, args) },
		),
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace a configuration that is there already")
	f.limits.register(cmd)
	return cmd
}

// configFile is the file that init writes.
func configFile(args []string) string { return filepath.Join(orHere(args)[0], config.FileName) }

// newConfigFile returns the file that init writes, unless it must not.
func newConfigFile(args []string, force bool) (string, error) {
	dir := orHere(args)[0]
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return "", mistakef("write configuration: %w", err)
	case !info.IsDir():
		return "", usagef("config init %s: it is no folder", dir)
	}
	file := configFile(args)
	// If there is none, or it cannot be looked at, writing it tells.
	if info, err := os.Lstat(file); err == nil {
		switch {
		case !force:
			return "", mistakef("write configuration: %s is there already, pass --force to replace it", file)
		case info.Mode()&fs.ModeSymlink != 0:
			// It may be part of a pull request, and lead to any file of the user.
			return "", mistakef("write configuration: %s is a symlink, and what it leads to is not replaced: remove it first", file)
		}
	}
	return file, nil
}

func (a *app) initConfig(f *inputFlags, args []string) error {
	file := configFile(args)
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
	a.showBroken(&report.Report{Diagnostics: w.Diagnostics, Display: in.display})
	s := newSketch(w, in)
	if err := a.write(file, s.text()); err != nil {
		return mistakef("write configuration %s: %w", file, err)
	}
	if !w.Complete() {
		a.code = ExitIncomplete
	}
	_, err = fmt.Fprintf(a.stdout, "Wrote %s (clusters: %d, stacks: %d).\n", report.Visible(file), len(s.clusters), len(s.stacks))
	return err
}
