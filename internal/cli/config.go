package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/report"
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
	var file string
	cmd := &cobra.Command{
		Use:   "verify [flags] [path]",
		Short: "Check the configuration that a run in the path would use",
		Long: `Verify reads the configuration file that a run over the path, or in the working
directory, would use, and names every mistake in it with its place.

Exit codes:
  0  the file is right
  2  there is a mistake in it, or there is no file`,
		Args: onePath("config verify"),
		RunE: func(_ *cobra.Command, args []string) error {
			in, err := a.input(context.Background(), &inputFlags{config: file}, args)
			if err != nil {
				return err
			}
			if in.cfg.File == "" {
				return mistakef("verify configuration: no %s in %s or above it: egresslint config init writes one", config.FileName, in.display(in.startDir()))
			}
			if in.policies != nil {
				own, err := in.newOwn(context.Background(), nil, nil)
				if err != nil {
					return err
				}
				for _, left := range own.Left() {
					return mistakef("%s: %s", in.display(left.Range.File), left.Message)
				}
			}
			_, err = fmt.Fprintf(a.stdout, "%s is right.\n", report.Visible(in.display(in.cfg.File)))
			return err
		},
	}
	registerConfig(cmd, &file)
	return cmd
}

func newConfigPrintCommand(a *app) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "print [flags] [path]",
		Short: "Print the configuration that a run in the path would use",
		Long: `Print writes the configuration that a run over the path, or in the working
directory, would use, with the defaults filled in. Its paths are relative to the
folder of the configuration file, or to the working directory if there is none.

Exit codes:
  0  the configuration is printed
  2  there is a mistake in it`,
		Args: onePath("config print"),
		RunE: func(_ *cobra.Command, args []string) error {
			in, err := a.input(context.Background(), &inputFlags{config: file}, args)
			if err != nil {
				return err
			}
			head, dir := "# No "+config.FileName+" was found: these are the defaults.", "."
			if in.cfg.File != "" {
				head, dir = "# "+report.Visible(in.display(in.cfg.File)), path.Dir(in.cfg.File)
			}
			if _, err := fmt.Fprintln(a.stdout, head); err != nil {
				return err
			}
			return config.Print(a.stdout, in.cfg, dir)
		},
	}
	registerConfig(cmd, &file)
	return cmd
}

func registerConfig(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "read the configuration from `file` instead of the nearest "+config.FileName)
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
		RunE: func(_ *cobra.Command, args []string) error { return a.initConfig(f, args, force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace a configuration that is there already")
	cmd.Flags().DurationVar(&f.timeout, "timeout", defaultTimeout, "give up after this time, 0 for never")
	return cmd
}

func (a *app) initConfig(f *inputFlags, args []string, force bool) error {
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return mistakef("write configuration: %w", err)
	case !info.IsDir():
		return usagef("config init %s: it is no folder", dir)
	}
	file := filepath.Join(dir, config.FileName)
	switch info, err := os.Lstat(file); {
	case err != nil: // there is none, or writing it tells what is wrong
	case !force:
		return mistakef("write configuration: %s is there already, pass --force to replace it", file)
	case info.Mode()&fs.ModeSymlink != 0:
		// It may be part of a pull request, and lead to any file of the user.
		return mistakef("write configuration: %s is a symlink, and what it leads to is not replaced: remove it first", file)
	}
	in, err := a.input(context.Background(), f, []string{dir})
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(f.timeout)
	defer cancel()
	w, err := read(ctx, in, newStopwatch())
	if err != nil {
		return timedOut(err, f.timeout)
	}
	a.showBroken(&report.Report{Diagnostics: w.diagnostics, Display: in.display})
	s := newSketch(w, in)
	if err := os.WriteFile(file, s.text(), 0o644); err != nil {
		return mistakef("write configuration: %w", err)
	}
	if !w.complete() {
		a.code = ExitIncomplete
	}
	_, err = fmt.Fprintf(a.stdout, "Wrote %s (clusters: %d, stacks: %d).\n", report.Visible(file), len(s.clusters), len(s.stacks))
	return err
}
