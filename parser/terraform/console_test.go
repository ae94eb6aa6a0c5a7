package terraform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

const consoleDir = "testdata/console"

// TestConsole compares the value of many expressions with what Terraform's own
// console makes of them. The answers are recorded in answers.txt; -update asks a
// terraform that is installed again.
func TestConsole(t *testing.T) {
	exprs := expressions(t)
	if len(exprs) < 400 {
		t.Errorf("only %d expressions", len(exprs))
	}
	if *update {
		record(t, exprs)
	}
	data, err := os.ReadFile(consoleDir + "/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(answers) != len(exprs) {
		t.Fatalf("%d answers to %d expressions: run with -update", len(answers), len(exprs))
	}

	// Every expression becomes a file with a resource, so that its mistakes are its own.
	tree, err := source.OpenTree(consoleDir + "/config")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"main.tf"}
	var all strings.Builder
	for i, e := range exprs {
		fmt.Fprintf(&all, "resource \"terraform_data\" \"e%d\" {\n  input = [%s]\n}\n", i, e)
	}
	overlay := tree
	overlay.Overlay("main.tf", append(mustRead(t, consoleDir+"/config/main.tf"), all.String()...))
	before := strings.Count(string(mustRead(t, consoleDir+"/config/main.tf")), "\n")
	roots, diags := terraform.Load(context.Background(), overlay, names, terraform.Options{})
	if len(roots) != 1 {
		t.Fatalf("got %d roots", len(roots))
	}
	failed := make(map[int]string)
	for _, d := range diags {
		if n := d.Range.Start.Line - before; n > 0 && d.Kind == source.EvaluationError {
			failed[(n-1)/3] = d.Message
		} else {
			t.Errorf("%s: %s: %s", d.Range, d.Kind, d.Message)
		}
	}
	for _, r := range roots[0].Resources {
		i, err := strconv.Atoi(strings.TrimPrefix(r.Name, "e"))
		if err != nil {
			t.Fatal(err)
		}
		got := canonical(t, asJSON(t, r.Body.Get("input").List[0]))
		if msg, ok := failed[i]; ok {
			if answers[i] != "error" {
				t.Errorf("%s\n got error: %s\nwant %s", exprs[i], msg, answers[i])
			}
			continue
		}
		if got != answers[i] {
			t.Errorf("%s\n got %s\nwant %s", exprs[i], got, answers[i])
		}
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func expressions(t *testing.T) []string {
	var out []string
	for line := range strings.Lines(string(mustRead(t, consoleDir+"/expressions.txt"))) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// record asks terraform console for all expressions at once, as one list.
func record(t *testing.T, exprs []string) {
	bin, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed: its answers cannot be recorded again")
	}
	var in strings.Builder
	in.WriteString("jsonencode([")
	for _, e := range exprs {
		fmt.Fprintf(&in, "try(jsonencode(%s), null),", e)
	}
	in.WriteString("])\n")
	cmd := exec.Command(bin, "console", "-no-color")
	cmd.Dir = t.TempDir() // the console leaves its lock files behind
	if err := os.CopyFS(cmd.Dir, os.DirFS(consoleDir+"/config")); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(in.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("terraform console: %v\n%s", err, stderr.String())
	}
	var text string // the console quotes much as JSON does, but for ${ and %{
	unescaped := strings.NewReplacer("$${", "${", "%%{", "%{").Replace(strings.TrimSpace(string(raw)))
	if err := json.Unmarshal([]byte(unescaped), &text); err != nil {
		t.Fatalf("read answer: %v\n%s", err, raw)
	}
	var answers []*string
	if err := json.Unmarshal([]byte(text), &answers); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, a := range answers {
		if a == nil {
			out.WriteString("error\n")
			continue
		}
		dec := json.NewDecoder(strings.NewReader(*a))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out.WriteString(canonical(t, v) + "\n")
	}
	if err := os.WriteFile(consoleDir+"/answers.txt", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
