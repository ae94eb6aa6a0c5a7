package terraform_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// TestCases runs the archives in testdata/cases. Each holds a tree and, in its
// file "want", what Load makes of it: per root its resources with their values,
// and the diagnostics. Lines of the archive's comment that start with "option"
// set Options; a line "places" shows where values come from: "<" stands before
// callers, "~" before other places that they passed through.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data := mustRead(t, file)
			archive := txtar.Parse(data)
			tree, names := treeOf(string(data))
			opts, places := options(t, string(archive.Comment))
			roots, diags := terraform.Load(context.Background(), tree, names, opts)
			got := report(roots, diags, places)
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
				}
			}
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want < 0 || !bytes.Equal(archive.Files[want].Data, []byte(got)) {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

func options(t *testing.T, comment string) (opts terraform.Options, places bool) {
	for line := range strings.Lines(comment) {
		f := strings.Fields(line)
		switch {
		case len(f) == 1 && f[0] == "places":
			places = true
		case len(f) < 3 || f[0] != "option":
		case f[1] == "var":
			name, val, _ := strings.Cut(strings.Join(f[2:], " "), "=")
			opts.Vars = append(opts.Vars, terraform.Assignment{Name: name, Value: val})
		case f[1] == "var-file":
			opts.VarFiles = append(opts.VarFiles, f[2])
		case f[1] == "schema": // path of an attribute, and what it holds when it is left out
			if opts.Schema == nil {
				opts.Schema = make(schema)
			}
			opts.Schema.(schema)[f[2]] = strings.Join(f[3:], " ")
		case f[1] == "env":
			name, val, _ := strings.Cut(strings.Join(f[2:], " "), "=")
			if opts.Env == nil {
				opts.Env = make(map[string]string)
			}
			opts.Env[name] = val
		case f[1] == "stack": // name, directory, variable files, NAME=VALUE
			st := terraform.Stack{Name: f[2], Dir: f[3], Vars: make(map[string]string)}
			for _, a := range f[4:] {
				if name, val, ok := strings.Cut(a, "="); ok {
					st.Vars[name] = val
				} else {
					st.VarFiles = append(st.VarFiles, a)
				}
			}
			opts.Stacks = append(opts.Stacks, st)
		default:
			t.Fatalf("unknown option %q", line)
		}
	}
	return opts, places
}

// report renders everything that Load returns.
func report(roots []*terraform.Root, diags []source.Diagnostic, places bool) string {
	var b strings.Builder
	for _, r := range roots {
		fmt.Fprintf(&b, "root %s", r.Dir)
		if r.Variant != "" {
			fmt.Fprintf(&b, " (%s)", r.Variant)
		}
		if r.Incomplete {
			b.WriteString(" (incomplete)")
		}
		b.WriteString("\n")
		for _, p := range r.Providers {
			fmt.Fprintf(&b, "  provider %s %s %s\n", p.Name, p.Module, show(p.Body))
		}
		for _, res := range r.Resources {
			fmt.Fprintf(&b, "  %s", res.Address)
			if res.Uncertain != "" {
				fmt.Fprintf(&b, " (uncertain: %s)", res.Uncertain)
			}
			if len(res.IgnoreChanges) > 0 {
				fmt.Fprintf(&b, " (ignores %s)", strings.Join(res.IgnoreChanges, ", "))
			}
			if prefix, _, _ := strings.Cut(res.Type, "_"); res.Provider != prefix {
				fmt.Fprintf(&b, " (provider %s)", res.Provider)
			}
			b.WriteString("\n")
			for _, f := range res.Body.Map {
				if places {
					showPlaces(&b, f.Key, f.Value, "    ")
				} else {
					fmt.Fprintf(&b, "    %s = %s\n", f.Key, show(f.Value))
				}
			}
		}
		for _, m := range r.UnreadModules {
			fmt.Fprintf(&b, "  unread %s %s\n", m.Address, show(m.Arguments))
		}
	}
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	return b.String()
}

func showPlaces(b *strings.Builder, key string, v *located.Value, indent string) {
	secret := ""
	if v.Sensitive {
		secret = " (sensitive)"
	}
	switch v.Kind {
	case located.List:
		fmt.Fprintf(b, "%s%s @ %s%s\n", indent, key, where(v), secret)
		for i, e := range v.List {
			showPlaces(b, fmt.Sprintf("[%d]", i), e, indent+"  ")
		}
	case located.Map:
		fmt.Fprintf(b, "%s%s @ %s%s\n", indent, key, where(v), secret)
		for _, f := range v.Map {
			showPlaces(b, fmt.Sprintf("%s (%s)", f.Key, short(f.KeyRange)), f.Value, indent+"  ")
		}
	default:
		fmt.Fprintf(b, "%s%s = %s @ %s%s\n", indent, key, show(v), where(v), secret)
	}
}
