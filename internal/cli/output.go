package cli

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
)

// output is one report to write.
type output struct {
	format string
	path   string // empty for standard output
}

// parseOutputs reads the values of --format, format[=path].
func parseOutputs(values []string) ([]output, error) {
	var outputs []output
	taken := make(map[string]string)
	for _, v := range values {
		format, file, found := strings.Cut(v, "=")
		if file == stdinArg { // - stands for the standard stream here too
			file = ""
		} else if found && file == "" {
			return nil, usagef("read --format %q: the path is empty", v)
		}
		if !slices.Contains(report.Formats(), format) {
			return nil, usagef("unknown format %q%s", format, config.DidYouMean(format, report.Formats()))
		}
		if other, ok := taken[file]; ok {
			where := "standard output"
			if file != "" {
				where = file
			}
			return nil, usagef("formats %s and %s both go to %s: give one a path, as in --format %s=path", other, format, where, format)
		}
		taken[file] = format
		outputs = append(outputs, output{format, file})
	}
	if _, ok := taken[""]; !ok {
		// Whoever asks for a file wants to see the findings all the same.
		outputs = append(outputs, output{format: "text"})
	}
	return outputs, nil
}

// writeReports writes every output. One that fails does not keep the others
// from being written.
func (a *app) writeReports(outputs []output, r *report.Report, color string, opts report.Options) error {
	var failed error
	shown := false
	for _, o := range outputs {
		w := a.stdout
		opts.Color = color == "always"
		var b bytes.Buffer
		if o.path != "" {
			w = &b // a report that fails half-way leaves no broken file
		} else {
			opts.Color = useColor(color, w, os.LookupEnv)
		}
		err := report.Write(w, o.format, r, opts)
		if err == nil && o.path != "" {
			if err = os.WriteFile(o.path, []byte(a.redactor.Text(b.String())), 0o644); err != nil {
				err = mistakef("write report: %w", err)
			}
		}
		if err != nil && failed == nil {
			failed = err
		}
		shown = shown || o.format == "text" && o.path == ""
	}
	if !shown {
		a.showBroken(r)
	}
	return failed
}

// showBroken tells on standard error what could not be analysed, when no report
// on the terminal does.
func (a *app) showBroken(r *report.Report) {
	var broken []source.Diagnostic
	for _, d := range r.Diagnostics {
		if d.Fatal() {
			broken = append(broken, d)
		}
	}
	// There is nobody left to tell when standard error fails.
	_ = report.Write(a.stderr, "text", &report.Report{
		Diagnostics: broken, SkipInvalid: r.SkipInvalid, Display: r.Display,
	}, report.Options{Quiet: true})
}

// useColor decides whether standard output gets colours: the flag, then NO_COLOR
// (https://no-color.org), CLICOLOR_FORCE and CLICOLOR
// (https://bixense.com/clicolors), then whether it is a terminal.
func useColor(flag string, w io.Writer, env func(string) (string, bool)) bool {
	set := func(name string) (string, bool) {
		value, ok := env(name)
		return value, ok && value != ""
	}
	switch flag {
	case "always":
		return true
	case "never":
		return false
	}
	if _, ok := set("NO_COLOR"); ok {
		return false
	}
	if value, ok := set("CLICOLOR_FORCE"); ok && value != "0" {
		return true
	}
	if value, ok := set("CLICOLOR"); ok && value == "0" {
		return false
	}
	if value, _ := set("TERM"); value == "dumb" {
		return false
	}
	if redacted, ok := w.(*report.RedactedWriter); ok {
		w = redacted.Unwrap()
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
