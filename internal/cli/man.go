package cli

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManCommand returns the command with which the release writes the man pages
// that come with the binaries.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man folder",
		Short:  "Write the man pages into a folder",
		Args:   exactlyOne("the folder to write to"),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return mistakef("write man pages: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			// The date is that of SOURCE_DATE_EPOCH, see https://reproducible-builds.org.
			header := &doc.GenManHeader{Section: "1", Source: "egresslint " + version(), Manual: "egresslint manual"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return mistakef("write man pages: %w", err)
			}
			return nil
		},
	}
}

// exactlyOne accepts one argument, which is what.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s takes one argument, %s", cmd.CommandPath(), what)
		}
		return nil
	}
}
