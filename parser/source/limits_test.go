package source_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
)

// Templates that are nested deeper than text/template can parse on a stack.
func TestCheckTemplate(t *testing.T) {
	const many = 1001
	tests := map[string]struct {
		text string
		line int // 0 if there is nothing wrong
	}{
		"shallow":             {"{{ if .a }}{{ range .b }}x{{ end }}{{ end }}", 0},
		"one after another":   {strings.Repeat("{{ if .a }}x{{ else if .b }}y{{ end }}", 5000), 0},
		"nested":              {strings.Repeat("{{if 1}}\n", many), many},
		"other actions":       {strings.Repeat("{{- with 1 -}}\n{{range .}}{{block \"a\" .}}", many), 335},
		"a chain":             {"{{ if 1 }}\n" + strings.Repeat("{{ else if 1 }}\n", many), many},
		"spaces":              {strings.Repeat("{{\nif 1}}", many), many},
		"in comments":         {strings.Repeat("{{/* {{ if 1 }} */}}{{- /* {{ if 1 }} */ -}}", many), 0},
		"in texts":            {strings.Repeat("{{ \"{{ if 1 }}\" }}{{ `}}{{ if 1 }}` }}", many), 0},
		"an end in a text":    {strings.Repeat("{{ if \"}}{{end}}\" }}\n", many), many},
		"an end in a comment": {strings.Repeat("{{ if 1 }}{{/*}}{{end}}*/}}\n", many), many},
		"words that begin so": {strings.Repeat("{{ iffy }}{{ .if }}{{ $if }}", many), 0},
		"never closed":        {strings.Repeat("{{ if 1 }}", 3) + "{{ if \"", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, line, err := source.CheckTemplate(test.text)
			if line != test.line || (err != nil) != (test.line > 0) || err != nil && !errors.Is(err, source.ErrNested) {
				t.Errorf("line %d, %v; want line %d", line, err, test.line)
			}
		})
	}
}

func TestCheckGlob(t *testing.T) {
	tests := map[string]string{
		"apps/**/*.{yaml,yml}":                  "",
		"{a,b{c,d{e,f}}}/{g,h}":                 "",
		`\{` + strings.Repeat(`\{,`, 99):        "",
		"[{]a":                                  "",
		strings.Repeat("{a,aa}", 9):             "",
		strings.Repeat("{a,aa}", 10):            "its alternatives stand for more than 1000 patterns",
		strings.Repeat("{a,b{c,dd}}", 8):        "its alternatives stand for more than 1000 patterns",
		"{" + strings.Repeat("a,", 1001) + "b}": "its alternatives stand for more than 1000 patterns",
		strings.Repeat("a", 5000):               "it is longer than 4096 bytes",
		"a[b":                                   "it is not a valid pattern",
		"{a,b":                                  "it is not a valid pattern",
	}
	for glob, want := range tests {
		got := ""
		if err := source.CheckGlob(glob); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.40s: %q, want %q", glob, got, want)
		}
	}
}

func TestMatchGlob(t *testing.T) {
	const name = "apps/web/deploy.yaml"
	for glob, want := range map[string]struct{ match, above bool }{
		"apps/*/*.{yml,yaml}":               {true, true},
		"{apps,live}/web":                   {false, true},
		"web":                               {false, false},
		"apps/[":                            {false, false},
		strings.Repeat("{,*}", 40) + "/**":  {false, false},
		strings.Repeat("{a,aa}", 40) + "/z": {false, false},
	} {
		if got := source.MatchGlob(glob, name); got != want.match {
			t.Errorf("%s: %v", glob, got)
		}
		if got := source.MatchGlobAbove(glob, name); got != want.above {
			t.Errorf("%s above: %v", glob, got)
		}
	}
}

// A password may hold what ends a host. Rather too much is hidden.
func TestWithoutUser(t *testing.T) {
	for address, want := range map[string]string{
		"https://git.example.com/org/repo":             "https://git.example.com/org/repo",
		"https://git.example.com:8443/org/repo@v1":     "https://git.example.com:8443/org/repo@v1",
		"https://bot:secret@git.example.com/x":         "https://git.example.com/x",
		"https://bot:p@ss/w0rd@git.example.com/x":      "https://git.example.com/x",
		"https://bot:p/ss@git.example.com/x":           "https://git.example.com/x",
		"https://token@git.example.com/x":              "https://git.example.com/x",
		"git::https://bot:secret@git.example.com//x":   "git::https://git.example.com//x",
		"ssh://git@git.example.com/x":                  "ssh://git.example.com/x",
		"git@github.com:org/repo":                      "git@github.com:org/repo",
		"bot:secret@github.com:org/repo":               "github.com:org/repo",
		"oci://registry.example.com/charts/api@sha256": "oci://registry.example.com/charts/api@sha256",
	} {
		if got := source.WithoutUser(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// Excludes that cost too much to try are over, which is told by the name of their file.
func TestTooManyExcludes(t *testing.T) {
	files := make(fstest.MapFS)
	for i := range 500 {
		files[fmt.Sprintf("%03d/%s.yaml", i, strings.Repeat("a", 20))] = &fstest.MapFile{}
	}
	exclude := []string{"000"}
	for i := range 2000 {
		exclude = append(exclude, fmt.Sprintf("z{%s}%d", strings.Repeat("*a*b,", 30), i))
	}
	exclude = append(exclude, "499")
	found, diagnostics := source.NewTree(files).Walk([]string{"."}, source.WalkOptions{Exclude: exclude, ExcludedBy: "rules.yaml"})
	if len(found) != 499 || len(diagnostics) != 1 || diagnostics[0].Kind != source.LimitReached || diagnostics[0].Range.File != "rules.yaml" {
		t.Errorf("%d files, diagnostics %v", len(found), diagnostics)
	}
}
