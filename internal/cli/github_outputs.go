package cli

import (
	"bytes"
	"os"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/actions"
	"github.com/egresslint/egresslint/internal/disk"
)

// maxReport is how large a report may be that is read again, in bytes.
const maxReport = 1 << 30

// newGitHubOutputsCommand returns the command with which action.yml, the only one
// to call it, sets its outputs.
func newGitHubOutputsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "github-outputs report.json",
		Short:  "Set the outputs of a step of a workflow",
		Args:   exactlyOne("the report in the format json"),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := disk.Read(args[0], nil, maxReport)
			if err != nil {
				return mistakef("read report %s: %w", args[0], err)
			}
			return actions.SetOutputs(bytes.NewReader(data), os.Getenv)
		},
	}
}
