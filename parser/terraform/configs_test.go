package terraform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// answers are what Terraform makes of the outputs of a configuration: Error if it
// rejects it, else their values, and which parts of them only apply will tell.
type answers struct {
	Error   bool           `json:"error,omitempty"`
	Values  map[string]any `json:"values,omitempty"`
	Unknown map[string]any `json:"unknown,omitempty"`
}

// undecided are the outputs that are unknown here though Terraform knows them when
// it plans, with the reason.
var undecided = map[string]string{
	"try_can.file": "nope.txt could not be read: file does not exist", // it may be made before Terraform runs
}

// TestConfigs compares the outputs of whole configurations with what Terraform
// plans for them. Each archive in testdata/configs holds a configuration, options
// as in TestCases, and in its file "answers.json" what Terraform said; -update
// asks a terraform that is installed again.
func TestConfigs(t *testing.T) {
	files, err := filepath.Glob("testdata/configs/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("only %d configurations: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive := txtar.Parse(mustRead(t, file))
			if *update {
				ask(t, archive)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			compareConfig(t, name, archive)
		})
	}
}

const answersName = "answers.json"

func compareConfig(t *testing.T, name string, archive *txtar.Archive) {
	var want answers
	var config []txtar.File
	for _, f := range archive.Files {
		if f.Name != answersName {
			config = append(config, f)
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(f.Data))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
	}
	if want.Error != strings.HasPrefix(name, "bad_") {
		t.Errorf("Terraform rejects it: %t", want.Error)
	}
	if want.Values == nil && !want.Error {
		t.Fatal("no answers: run with -update where terraform is installed")
	}
	tree, names := treeOf(string(txtar.Format(&txtar.Archive{Files: config})))
	// Outputs are read through resources in the same module.
	exprs := make(map[string]string)
	for _, f := range config {
		if filepath.Dir(f.Name) == "." {
			addOutputs(t, exprs, f)
		}
	}
	tree.Overlay("outputs_of_test.tf", []byte(probes(exprs)))
	opts, _ := options(t, string(archive.Comment))
	roots, diags := terraform.Load(context.Background(), tree, append(names, "outputs_of_test.tf"), opts)
	if want.Error {
		if !slices.ContainsFunc(diags, func(d source.Diagnostic) bool { return d.Kind == source.EvaluationError }) {
			t.Error("Terraform rejects it, and no mistake is reported")
		}
		return
	}
	if len(diags) > 0 {
		t.Error(messages(diags))
	}
	for _, output := range sortedKeys(want.Values) {
		got := resource(t, roots[0], "terraform_data.output_"+output).Body.Get("input").List[0]
		reason, documented := undecided[name+"."+output]
		if documented {
			if u := got.FirstUnknown(); u == nil || u.Reason != reason {
				t.Errorf("output.%s: got %s, want an unknown for the reason %q", output, show(got), reason)
			}
			continue
		}
		for _, msg := range disagreements(got, want.Values[output], want.Unknown[output]) {
			t.Errorf("output.%s%s", output, msg)
		}
	}
}

// disagreements compares a value with what Terraform has for it. What Terraform
// does not know may be a reference here, or unknown; or known, where a part of an
// expression decides it: then it is right whatever apply will bring.
func disagreements(v *located.Value, after, unknown any) []string {
	list, isList := after.([]any)
	m, isMap := after.(map[string]any)
	switch {
	case unknown == true:
		return nil
	case v.IsUnknown():
		return []string{": unknown: " + v.Reason}
	case v.Kind == located.List && isList:
		if len(list) != len(v.List) {
			return []string{fmt.Sprintf(": got %d elements, want %d", len(v.List), len(list))}
		}
		var out []string
		for i, e := range v.List {
			for _, msg := range disagreements(e, list[i], at(unknown, i)) {
				out = append(out, fmt.Sprintf("[%d]%s", i, msg))
			}
		}
		return out
	case v.Kind == located.Map && isMap:
		var out []string
		keys := sortedKeys(m)
		for _, f := range v.Map {
			if _, ok := m[f.Key]; !ok && field(unknown, f.Key) == nil {
				out = append(out, "."+f.Key+": Terraform does not have it")
			}
		}
		for _, k := range keys {
			for _, msg := range disagreements(v.Get(k), m[k], field(unknown, k)) {
				out = append(out, "."+k+msg)
			}
		}
		return out
	}
	if got, want := kindAndText(v), fmt.Sprintf("%T %v", after, after); got != want {
		return []string{fmt.Sprintf(": got %s, want %s", got, want)}
	}
	return nil
}

// kindAndText renders a scalar as fmt does what encoding/json makes of it.
func kindAndText(v *located.Value) string {
	switch v.Kind {
	case located.Null:
		return fmt.Sprintf("%T %v", nil, nil)
	case located.Bool:
		return fmt.Sprintf("%T %v", v.Bool, v.Bool)
	case located.Number:
		return fmt.Sprintf("%T %v", json.Number(v.Str), v.Str)
	case located.String:
		return fmt.Sprintf("%T %v", v.Str, v.Str)
	default:
		return show(v)
	}
}

func probes(exprs map[string]string) string {
	var b strings.Builder
	for _, name := range sortedKeys(exprs) {
		fmt.Fprintf(&b, "resource \"terraform_data\" \"output_%s\" {\n  input = [%s\n  ]\n}\n", name, exprs[name])
	}
	return b.String()
}

// addOutputs adds the expressions of a file's outputs in native syntax.
func addOutputs(t *testing.T, exprs map[string]string, f txtar.File) {
	switch {
	case strings.HasSuffix(f.Name, ".tf"):
		outputsIn(t, exprs, f.Name, f.Data)
	case strings.HasSuffix(f.Name, ".tf.json"):
		var doc struct {
			Output map[string]struct{ Value json.RawMessage }
		}
		if err := json.Unmarshal(f.Data, &doc); err != nil {
			t.Fatal(err)
		}
		for name, o := range doc.Output {
			exprs[name] = string(o.Value)
			var text string
			if json.Unmarshal(o.Value, &text) == nil { // quotes inside of ${ } are not escaped in native syntax
				exprs[name] = `"` + text + `"`
			}
		}
	}
}

// ask plans the configuration and puts what Terraform says into the archive.
func ask(t *testing.T, archive *txtar.Archive) {
	bin, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed: its answers cannot be recorded again")
	}
	dir := t.TempDir()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == answersName })
	for _, f := range archive.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	opts, _ := options(t, string(archive.Comment))
	env := append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	for _, name := range sortedKeys(opts.Env) {
		env = append(env, "TF_VAR_"+name+"="+opts.Env[name])
	}
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(bin, args...)
		cmd.Dir, cmd.Env = dir, env
		return cmd.Output()
	}
	plan := []string{"plan", "-input=false", "-no-color", "-out=plan.out"}
	for _, f := range opts.VarFiles {
		plan = append(plan, "-var-file="+f)
	}
	for _, v := range opts.Vars {
		plan = append(plan, "-var="+v.Name+"="+v.Value)
	}
	var got answers
	if _, err := run("init", "-input=false", "-no-color"); err != nil {
		got.Error = true
	} else if _, err := run(plan...); err != nil {
		got.Error = true
	} else {
		got.Values, got.Unknown = plannedOutputs(t, run)
	}
	data, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	archive.Files = append(archive.Files, txtar.File{Name: answersName, Data: append(data, '\n')})
}

func plannedOutputs(t *testing.T, run func(...string) ([]byte, error)) (values, unknown map[string]any) {
	data, err := run("show", "-json", "plan.out")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OutputChanges map[string]struct {
			After        any `json:"after"`
			AfterUnknown any `json:"after_unknown"`
		} `json:"output_changes"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	values, unknown = make(map[string]any), make(map[string]any)
	for name, o := range doc.OutputChanges {
		values[name] = o.After
		if o.AfterUnknown != false {
			unknown[name] = o.AfterUnknown
		}
	}
	return values, unknown
}
