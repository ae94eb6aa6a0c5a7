package engine_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/policies"
)

// bomb is a rule that wants too much: lines stand in its body, rules beside it.
func bomb(lines string, rules ...string) string {
	rule := strings.ReplaceAll(ownRule, "own", "bomb")
	rule = strings.Replace(rule, "some cluster", lines+"\n\tsome cluster", 1)
	return rule + "\n" + strings.Join(rules, "\n") + "\n"
}

// chain is a list of rules of which each refers to the one before it: %[1]s is its
// name, %[2]s that of the other.
func chain(name, first, next string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s0 := %s\n", name, first)
	for i := range n {
		fmt.Fprintf(&b, next+"\n", fmt.Sprintf("%s%d", name, i+1), fmt.Sprintf("%s%d", name, i))
	}
	return b.String()
}

// doubled is a value that holds 2 to the power of n others, and takes hardly any
// memory.
func doubled(name string, n int) string {
	return chain(name, `["x"]`, "%[1]s := [%[2]s | some _ in [1, 2]]", n)
}

const long = `text := concat("", [x | some i in numbers.range(1, 1000); x := "aaaaaaaaaa"])`

// bombs are rules with a word of what is said of them.
func bombs() map[string]struct{ rule, want string } {
	many := strings.Repeat
	return map[string]struct{ rule, want string }{
		"replace":             {bomb(`count(replace(text, "a", text)) > 0`, long), "replace: one call"},
		"replace in replace":  {bomb(`count(a8) > 0`, chain("a", `"aaaaaaaaaa"`, `%[1]s := replace(%[2]s, "a", "aaaaaaaaaa")`, 8)), "replace: one call"},
		"replace_n":           {bomb(`count(strings.replace_n({"a": text, "b": text}, text)) > 0`, long), "strings.replace_n: one call"},
		"concat":              {bomb(`count(concat(text, list)) > 0`, long, `list := [x | some i in numbers.range(1, 5000); x := "a"]`), "concat: one call"},
		"width":               {bomb(`count(sprintf("` + many("%1000000d", 40) + `", numbers.range(1, 40))) > 0`), "sprintf: one call"},
		"width of an operand": {bomb(`count(sprintf("` + many("%*d", 40) + `", numbers.range(1, 80))) > 0`), "sprintf: one call"},
		"argument twice":      {bomb(`count(sprintf("`+many("%[1]s", 4000)+`", [text])) > 0`, long), "sprintf: one call"},
		"text of a value":     {bomb(`count(sprintf("%v", [x60])) > 0`, doubled("x", 60)), "sprintf: one call"},
		"range":               {bomb(`count(numbers.range(1, 1000000000000)) > 0`), "numbers.range: one call"},
		"arrays":              {bomb(`count(a30) > 0`, chain("a", "numbers.range(1, 1000)", "%[1]s := array.concat(%[2]s, %[2]s)", 30)), "array.concat: one call"},
		"objects":             {bomb(`count(object.union_n([a60, {"c": 1}])) > 0`, chain("a", `{"a": 1}`, `%[1]s := {"a": %[2]s, "b": %[2]s}`, 60)), "object.union_n: one call"},
		"sets":                {bomb(`count({x60} | {y60}) > 0`, doubled("x", 60), doubled("y", 60)), "or: one call"},
		"many sets":           {bomb(`count(a) > 0`, `a := [s | some _ in numbers.range(1, 1000); some i in numbers.range(1, 1000); s := {i} | whole]`, `whole := {x | some x in numbers.range(1, 20000)}`), "or: functions make more"},
		"powers":              {bomb("a40 > 0", chain("a", "1234567890123456789", "%[1]s := %[2]s * %[2]s", 40)), "mul: a number has more than 4096 digits"},
		"exponents":           {bomb(`floor(a40) > 0`, chain("a", "1.5e300", "%[1]s := %[2]s * %[2]s", 40)), "mul: a number has more than 4096 digits"},
		"split":               {bomb(`count(split(a2, "")) > 0`, long, "a0 := text", chain("b", "text", `%[1]s := concat(%[2]s, ["", "", ""])`, 0), `a1 := concat("", [text, text, text, text, text, text, text, text, text, text])`, `a2 := concat("", [a1, a1, a1, a1, a1, a1, a1, a1, a1, a1])`), "split: one call"},
		"search":              {bomb(`regex.match("`+many("(a?){50}", 20)+`b", a1)`, long, `a1 := concat("", [text, text, text, text, text, text, text, text, text, text])`), "regex.match: one call"},
		"long expression":     {bomb(`regex.match(text, text)`, long), "regex.match: a regular expression is longer"},
		"rewriting":           {bomb(`count(regex.replace(text, "a", "`+many("$0", 5000)+`")) > 0`, long), "regex.replace: one call"},
		"long glob":           {bomb(`glob.match(text, [], text)`, long), "glob.match: a glob is longer"},
		"blocks":              {bomb(`count(net.cidr_contains_matches(blocks, blocks)) > 0`, `blocks := [x | some i in numbers.range(1, 3000); x := "10.0.0.0/8"]`), "net.cidr_contains_matches: one call"},
		"comparison":          {bomb(`x60 == y60`, doubled("x", 60), doubled("y", 60)), "takes more than 16 MiB of memory"},
		"search of a value":   {bomb(`x60 in [y60]`, doubled("x", 60), doubled("y", 60)), "internal.member_2: one call"},
		"memory of a set":     {bomb(`count(pairs) > 0`, "pairs contains [i, j, sprintf(\"%d\", [i + j])] if {\n\tsome i in numbers.range(1, 3000)\n\tsome j in numbers.range(1, 3000)\n}"), "takes more than 16 MiB of memory"},
		"memory of an array":  {bomb(`count([[i, j, k] | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); k := i * j]) > 0`), "takes more than 16 MiB of memory"},
		"time":                {bomb("some a in numbers.range(1, 300)\n\tsome b in numbers.range(1, 30000)\n\tsome c in [1, 2, 3]\n\ta * b * c == -1"), "took longer than"},
		"one endless step":    {bomb(`count({x27, y27}) > 0`, doubled("x", 27), doubled("y", 27)), "took longer than"},
		"many findings":       {strings.Replace(bomb(`some i in numbers.range(1, 100000)`), `"n": n}, "key": [n]`, `"n": n}, "key": [n, sprintf("%d", [i])]`, 1), "what it reports has more than 16 MiB"},
	}
}

// judged is what a run with a project's own rules said.
type judged struct {
	results     []engine.Result
	diagnostics []source.Diagnostic
}

// findings counts the results of the built-in rules and of a project's own one.
func (j judged) findings() (builtIn, own int) {
	for _, r := range j.results {
		if r.Rule == "own" {
			own++
		} else {
			builtIn++
		}
	}
	return builtIn, own
}

// judgeWith runs a built-in rule and a project's own over a model for which both fire.
func judgeWith(t *testing.T, opts engine.Options, sources ...engine.PolicySource) judged {
	t.Helper()
	p, err := engine.LoadPolicies(t.Context(), sources, nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := engine.NewOwn(t.Context(), policies.FS, p, opts)
	if err != nil {
		t.Fatal(err)
	}
	m := largeModel(4)
	m.Clusters = []*model.Cluster{{Name: "prod", Origin: place.Origin{Ref: 1}}}
	e := mustNew(t, policies.FS, engine.Options{Only: []string{"snat-missing"}}).Join(own)
	results, diagnostics := e.Run(t.Context(), mustValue(t, m))
	return judged{results, diagnostics}
}

// A rule that wants too much is named with its file, and everything else is judged.
func TestRuleThatWantsTooMuch(t *testing.T) {
	for name, tt := range bombs() {
		t.Run(name, func(t *testing.T) {
			opts := engine.Options{RuleTimeout: time.Minute}
			if strings.HasPrefix(tt.want, "takes more") {
				opts.RuleMemory = 16 << 20
			}
			if strings.HasPrefix(tt.want, "took longer") {
				opts.RuleTimeout = 300 * time.Millisecond
			}
			j := judgeWith(t, opts, folder("own.rego", ownRule, "bomb.rego", tt.rule))
			if builtIn, own := j.findings(); builtIn == 0 || own != 1 {
				t.Errorf("%d findings of the built-in rule and %d of the other", builtIn, own)
			}
			if len(j.diagnostics) != 1 {
				t.Fatalf("got %v, want one diagnostic", j.diagnostics)
			}
			d := j.diagnostics[0]
			if d.Kind != source.LimitReached || d.Range.File != "policies/own/bomb.rego" || !strings.Contains(d.Message, "evaluate rule bomb: ") || !strings.Contains(d.Message, tt.want) {
				t.Errorf("got %s %s %q, want %q", d.Kind, d.Range.File, d.Message, tt.want)
			}
		})
	}
}

// archived is a bundle of one file.
func archived(t *testing.T, name string, size int, text string) engine.PolicySource {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	data := append([]byte(text), make([]byte, size-len(text))...)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(size)}), func() error { _, err := w.Write(data); return err }(), w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return engine.PolicySource{Name: "bomb.tar.gz", Path: "policies/bomb.tar.gz", Bundle: b.Bytes()}
}

// A folder or bundle that wants too much before a rule runs is left out as a whole.
func TestPoliciesThatWantTooMuch(t *testing.T) {
	in := func(files ...string) engine.PolicySource {
		s := folder(files...)
		s.Name, s.Path = "bombs", "policies/bombs"
		return s
	}
	many := strings.Repeat
	var numbered []string
	for i := range 2001 {
		numbered = append(numbered, fmt.Sprintf("f%d.rego", i), "package a\n")
	}
	tests := map[string]struct {
		source     engine.PolicySource
		file, want string
	}{
		"brackets":        {in("a.rego", bomb("x := "+many("[", 101)+many("]", 101))), "policies/bombs/a.rego", "brackets stand in each other more than 100 deep in line 12"},
		"size":            {in("a.rego", bomb(""), "b.rego", "package b\n# "+many("x", 4<<20)), "policies/bombs", "the Rego files have more than 4 MiB"},
		"number of files": {in(append(numbered, "r.rego", bomb(""))...), "policies/bombs", "there are more than 2000 Rego files"},
		"large bundle":    {archived(t, "data.json", 65<<20, "{}"), "policies/bomb.tar.gz", "the bundle has more than 64 MiB"},
		"large file":      {archived(t, "a.rego", 5<<20, "package a\n"), "policies/bomb.tar.gz", "the Rego files have more than 4 MiB"},
		"file in bundle":  {archived(t, "a.rego", 500, "package a\n\nx := "+many("[", 200)), "policies/bomb.tar.gz/a.rego", "brackets stand in each other"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j := judgeWith(t, engine.Options{}, tt.source, folder("own.rego", ownRule))
			if builtIn, own := j.findings(); builtIn == 0 || own != 1 {
				t.Errorf("%d findings of the built-in rule and %d of the other", builtIn, own)
			}
			if len(j.diagnostics) != 1 {
				t.Fatalf("got %v, want one diagnostic", j.diagnostics)
			}
			d := j.diagnostics[0]
			if d.Kind != source.LimitReached || d.Range.File != tt.file || !strings.Contains(d.Message, tt.want) {
				t.Errorf("got %s %s %q, want %s %q", d.Kind, d.Range.File, d.Message, tt.file, tt.want)
			}
		})
	}
}

// What the compiler would need too long for, or the evaluation in one step, keeps the
// project's own rules from running, and no other.
func TestPoliciesThatDoNotCompile(t *testing.T) {
	vars := "x0 := [1]\n"
	for i := range 40 {
		vars += fmt.Sprintf("\tx%d := [x%d, x%d, cluster]\n", i+1, i, i)
	}
	tests := map[string]struct{ rule, want string }{
		"comprehensions": {bomb("x := " + strings.Repeat("[1 | y := ", 30) + "1" + strings.Repeat("]", 30) + "\n\tcount(x) > 0"), "comprehensions stand in each other"},
		"variables":      {strings.Replace(bomb(""), "some n in", vars+"\tcount(x40) > 0\n\tsome n in", 1), "a variable stands for too large a value"},
		"rules":          {bomb("a6000 > 0", chain("a", "1", "%[1]s := %[2]s", 6000)), "took longer than"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j := judgeWith(t, engine.Options{RuleTimeout: 500 * time.Millisecond}, folder("bomb.rego", tt.rule))
			if builtIn, own := j.findings(); builtIn == 0 || own != 0 {
				t.Errorf("%d findings of the built-in rule and %d of the other", builtIn, own)
			}
			if len(j.diagnostics) != 1 {
				t.Fatalf("got %v, want one diagnostic", j.diagnostics)
			}
			d := j.diagnostics[0]
			if d.Kind != source.LimitReached || !strings.HasPrefix(d.Range.File, "policies/own") || !strings.Contains(d.Message, "compile policies: "+tt.want) {
				t.Errorf("got %s %s %q, want %q", d.Kind, d.Range.File, d.Message, tt.want)
			}
		})
	}
}

// Tests of rules have the limits of rules.
func TestTestThatWantsTooMuch(t *testing.T) {
	tests := "package own_test\n\ntest_small if true\n\ntest_large if count(numbers.range(1, 1000000000000)) > 0\n"
	run, err := engine.Test(t.Context(), policies.FS, mustLoad(t, folder("own.rego", ownRule, "own_test.rego", tests)), engine.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r := run.Results; len(r) != 2 || r[0].Outcome != engine.Passed || r[1].Outcome != engine.Failed || r[1].Err == nil || !strings.Contains(r[1].Err.Error(), "numbers.range: one call would make more than") {
		t.Errorf("got %+v", r)
	}
	left := folder("own.rego", bomb("x := "+strings.Repeat("[", 101)))
	if _, err := engine.Test(t.Context(), policies.FS, mustLoad(t, left), engine.TestOptions{}); err == nil || !strings.Contains(err.Error(), "policies/own/own.rego: load policies: brackets") {
		t.Errorf("got %v", err)
	}
}

// countdown is a context whose time is over after it was asked so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestLoadingEndsWithItsTime(t *testing.T) {
	var files []string
	for i := range 50 {
		files = append(files, fmt.Sprintf("f%02d.rego", i), "package a")
	}
	ctx := &countdown{t.Context(), 10}
	if _, err := engine.LoadPolicies(ctx, []engine.PolicySource{folder(files...)}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if ctx.left < -2 {
		t.Errorf("it went on for %d files", -ctx.left)
	}
}

// A source is a part of the run while it is loaded, compiled and evaluated, and can be
// left out.
func TestPoliciesAreParts(t *testing.T) {
	p := part.Part{Kind: part.Policies, Name: "policies/own"}
	var at []string
	watch := &part.Watch{
		Begin: func(p part.Part) func(int) {
			at = append(at, "begin "+p.String())
			return func(int) { at = append(at, "end "+p.String()) }
		},
	}
	ctx := part.With(t.Context(), watch)
	run := func() (*engine.Policies, []source.Diagnostic) {
		loaded, err := engine.LoadPolicies(ctx, []engine.PolicySource{folder("own.rego", ownRule)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		own, err := engine.NewOwn(ctx, policies.FS, loaded, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, diagnostics := own.Run(ctx, mustValue(t, &model.Model{}))
		return loaded, diagnostics
	}
	if _, diagnostics := run(); len(diagnostics) > 0 {
		t.Errorf("got %v", diagnostics)
	}
	if want := slices.Repeat([]string{"begin policies policies/own", "end policies policies/own"}, 3); !slices.Equal(at, want) {
		t.Errorf("got %q", at)
	}
	watch.Left = func(left part.Part) string {
		return map[part.Part]string{p: "it took more than 2 GiB of memory"}[left]
	}
	loaded, diagnostics := run()
	want := source.Diagnostic{
		Kind: source.LimitReached, Range: source.Range{File: "policies/own"},
		Message: "load policies: it took more than 2 GiB of memory; it is left out",
	}
	if len(diagnostics) != 1 || diagnostics[0] != want {
		t.Errorf("got %v", diagnostics)
	}
	if ids := loaded.LeftIDs(); !slices.Equal(ids, []string{"own"}) {
		t.Errorf("got %q", ids)
	}
}

// Whatever rules may call, it is known what it costs.
func TestAllFunctionsHaveACost(t *testing.T) {
	for _, name := range engine.OwnFunctions() {
		if !engine.HasCost(name) {
			t.Errorf("%s has no cost", name)
		}
	}
}

// Of a file outside the tree, a mistake is told by its place and kind alone; of one
// inside, without the texts in it.
func TestMistakesQuoteNothing(t *testing.T) {
	tests := map[string]string{
		"type":     `password := "hunter2"` + "\n\nx if to_number(password) == \"hunter2\"\n",
		"parse":    `x := "hunter2" "hunter2"` + "\n",
		"open":     "x := \"hunter2\n",
		"unsafe":   "x if \"hunter2\" == y\n",
		"function": "x := nothing(\"hunter2\")\n",
		"yaml":     "# METADATA\n# custom: [hunter2\nx := 1\n",
		"metadata": "# METADATA\n# scope: package\n# title: hunter2\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"", "policies/own"} {
				s := folder("a.rego", "package a\n\n"+text)
				if s.Path = path; name == "metadata" {
					s = folder("a.rego", text+"# custom: {hunter2: hunter2}\npackage egresslint.rules.test[\"a\"]\n")
					s.Path = ""
				}
				p, err := engine.LoadPolicies(t.Context(), []engine.PolicySource{s}, nil)
				if err == nil {
					_, err = engine.NewOwn(t.Context(), policies.FS, p, engine.Options{})
				}
				if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "own/a.rego:") {
					t.Errorf("got %v", err)
				}
				if path == "" && err != nil && !strings.Contains(err.Error(), "nothing more is shown") {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// FuzzOwnRule evaluates any rule over a small model: it ends, and no panic gets out.
func FuzzOwnRule(f *testing.F) {
	f.Add(ownRule)
	for _, b := range bombs() {
		f.Add(b.rule)
	}
	m := mustValue(f, &model.Model{Clusters: []*model.Cluster{{Name: "prod", Origin: place.Origin{Ref: 1}}}})
	f.Fuzz(func(t *testing.T, text string) {
		p, err := engine.LoadPolicies(t.Context(), []engine.PolicySource{folder("a.rego", text)}, nil)
		if err != nil {
			return
		}
		own, err := engine.NewOwn(t.Context(), policies.FS, p, engine.Options{RuleTimeout: 100 * time.Millisecond, RuleMemory: 32 << 20})
		if err != nil {
			return
		}
		_, diagnostics := own.Run(t.Context(), m)
		for _, d := range diagnostics {
			if d.Range.File == "" || strings.Contains(d.Message, "internal error") {
				t.Errorf("got %v", d)
			}
		}
	})
}
