package actions_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/actions"
)

func TestSetOutputs(t *testing.T) {
	const report = `{"kind": "Report", "summary": {"unknowns": 4, "findings": {"error": 1, "warning": 2, "note": 3}}}`
	dir := t.TempDir()
	tests := []struct {
		name, report, file string
		want               map[string]string
		err                string
	}{
		{name: "report", report: report, file: "output", want: map[string]string{"findings": "6", "errors": "1", "warnings": "2", "unknowns": "4"}},
		{name: "no JSON", report: "nothing", file: "none", err: "read report: invalid character"},
		{name: "other JSON", report: `{"kind": "Model"}`, file: "none", err: `read report: it is no report in the format json, its kind is "Model"`},
		{name: "no file", report: report, err: "set outputs: GITHUB_OUTPUT is not set"},
		{name: "file that cannot be written", report: report, file: "no/such/folder", err: "set output findings: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := test.file
			if file != "" {
				file = filepath.Join(dir, file)
			}
			err := actions.SetOutputs(strings.NewReader(test.report), func(name string) string {
				if name == "GITHUB_OUTPUT" {
					return file
				}
				return ""
			})
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := readOutputs(t, file); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("outputs %v, want %v", got, test.want)
			}
		})
	}
}
