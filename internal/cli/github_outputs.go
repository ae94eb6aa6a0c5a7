package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/actions"
)

// newGitHubOutputsCommand returns the command with which action.yml, the only one
// to call it, sets its outputs.
func newGitHubOutputsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "github-outputs report.json",
		Short:  "Set the outputs of a step of a workflow",
		Args:   exactlyOne("the report in the format json"),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return mistakef("read report: %w", err)
			}
			defer f.Close() //nolint:errcheck // it is only read
			return actions.SetOutputs(f, os.Getenv)
		},
	}
}
