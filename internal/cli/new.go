package cli

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/disk"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/report"
)

//go:embed scaffold/*.tmpl
var scaffoldFS embed.FS

// defaultPolicyDir is where new rules are written.
const defaultPolicyDir = "policies"

func newNewCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Write a rule of your own to begin with",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command \"new %s\"%s", args[0], config.DidYouMean(args[0], []string{"rule"}))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNewRuleCommand(a))
	return cmd
}

func newNewRuleCommand(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "rule [flags] category/id",
		Short: "Write a rule and its test",
		Long: `Rule writes a rule that works, and its tests, into rules/CATEGORY/ID of the folder
for rules. Change them until they say what you mean. Nothing is overwritten.

Exit codes:
  0  the files are written
  2  wrong flag or argument, or there is such a rule already`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("new rule takes a category and an id, as in internet/plain-http")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.newRule(dir, args[0]) },
	}
	cmd.Flags().StringVar(&dir, "dir", defaultPolicyDir, "write into this `folder`, which is made if it is not there")
	return cmd
}

func (a *app) newRule(dir, name string) error {
	category, id, ok := strings.Cut(name, "/")
	if !ok {
		return usagef("new rule %s: want category/id, as in internet/%s", name, name)
	}
	if err := engine.CheckName(category, id, analysis.BuiltInIDs()); err != nil {
		return mistakef("new rule %s: %w", name, err)
	}
	if isCode(id) {
		return mistakef("new rule %s: id %q: egresslint uses it in messages that are no findings", name, id)
	}
	folder := filepath.Join(dir, "rules", category, id)
	templates := template.Must(template.ParseFS(scaffoldFS, "scaffold/*.tmpl"))
	var files []string
	for _, file := range []string{"rule.rego", "rule_test.rego"} {
		if _, err := os.Lstat(filepath.Join(folder, file)); !errors.Is(err, fs.ErrNotExist) {
			return mistakef("new rule %s: %s is there already", name, filepath.Join(folder, file))
		}
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, file+".tmpl", struct{ Category, ID string }{category, id}); err != nil {
			return fmt.Errorf("new rule %s: %w", name, err)
		}
		files = append(files, b.String())
	}
	// The folder may lie in a tree that somebody else wrote.
	here, err := locate([]string{"."})
	if err != nil {
		return err
	}
	for i, file := range []string{"rule.rego", "rule_test.rego"} {
		if err := disk.Write(filepath.Join(folder, file), []byte(files[i]), here.Boundaries, disk.Options{New: true, Folders: true}); err != nil {
			return mistakef("new rule %s: write %s: %w", name, filepath.Join(folder, file), err)
		}
	}
	_, err = fmt.Fprintf(a.stdout, `Wrote %[1]s/rule.rego and rule_test.rego.

  egresslint test %[2]s        runs its tests
  egresslint --policy %[2]s    lints with it; policies: [%[2]s] in %[3]s does so always

Keep a small folder of files on which the rule fires, too: the tests judge a model
that you wrote, the folder shows that egresslint makes such a model.
`, report.Visible(filepath.ToSlash(folder)), report.Visible(filepath.ToSlash(dir)), config.FileName)
	return err
}
