package actions_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/cli"
)

// TestMain is egresslint where the test's binary goes by that name, so that the
// action runs what is tested.
func TestMain(m *testing.M) {
	if cli.IsWorker() || filepath.Base(os.Args[0]) == "egresslint" {
		os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// action is action.yml, as far as a runner reads it.
type action struct {
	Inputs map[string]struct {
		Default string `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Value string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
}

type step struct {
	Name             string            `yaml:"name"`
	ID               string            `yaml:"id"`
	Shell            string            `yaml:"shell"`
	WorkingDirectory string            `yaml:"working-directory"`
	Env              map[string]string `yaml:"env"`
	Run              string            `yaml:"run"`
}

// readAction reads action.yml. A key that the runner below does not know is an
// error: the test would pass over what it does.
func readAction(t *testing.T) *action {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.Unmarshal(data, &a); err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Runs struct {
			Steps []map[string]any `yaml:"steps"`
		} `yaml:"runs"`
	}
	if err := yaml.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	known := []string{"name", "id", "shell", "working-directory", "env", "run"}
	for _, s := range raw.Runs.Steps {
		for key := range s {
			if !slices.Contains(known, key) {
				t.Fatalf("action.yml: the test's runner does not know the key %s of a step", key)
			}
		}
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatal("action.yml: this is no composite action")
	}
	return &a
}

// runner runs the steps of action.yml in the way of a runner: each with bash, an
// environment of its own and the files for commands.
type runner struct {
	workspace string
	// actionPath is where the action's tree lies.
	actionPath string
	temp       string
	with       map[string]string
	event      map[string]any
	env        map[string]string
}

// result is what a run of the action left behind.
type result struct {
	code    int
	log     string
	outputs map[string]string
	summary string
	files   string // the runner's folder for temporary files
}

// newRunner returns a runner whose workspace has the files.
func newRunner(t *testing.T, files map[string]string) *runner {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil || os.PathSeparator != '/' {
		t.Skip("needs bash, and a system on which a script can be a program")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{workspace: t.TempDir(), actionPath: root, temp: t.TempDir()}
	for name, text := range files {
		name = filepath.Join(r.workspace, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Where no git work tree is around the files, tests would read the machine's.
	if err := os.MkdirAll(filepath.Join(r.workspace, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	return r
}

// install puts the egresslint under test where the first step would put it.
func (r *runner) install(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(r.temp, "egresslint")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "egresslint")); err != nil {
		t.Fatal(err)
	}
}

// run runs the named steps, or all of them, up to the first that fails.
func (r *runner) run(t *testing.T, names ...string) *result {
	t.Helper()
	a := readAction(t)
	context := map[string]string{}
	for name := range r.with {
		if _, ok := a.Inputs[name]; !ok {
			t.Fatalf("action.yml has no input %s", name)
		}
	}
	for name, input := range a.Inputs {
		context["inputs."+name] = input.Default
	}
	for name, value := range r.with {
		context["inputs."+name] = value
	}
	flatten("github.event", r.event, context)

	res := &result{outputs: make(map[string]string), files: r.temp}
	for i, s := range a.Runs.Steps {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		r.step(t, i, s, context, res)
		if res.code != 0 {
			break
		}
	}
	for name, output := range a.Outputs {
		if value := evaluate(t, output.Value, context); value != "" {
			res.outputs[name] = value
		}
	}
	return res
}

// step runs one step, and adds its outputs to the context.
func (r *runner) step(t *testing.T, number int, s step, context map[string]string, res *result) {
	t.Helper()
	if s.Shell != "bash" {
		t.Fatalf("step %s: a composite action must name the shell, and the test knows bash", s.Name)
	}
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	event, err := json.Marshal(r.event)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"PATH":                os.Getenv("PATH"),
		"HOME":                os.Getenv("HOME"),
		"CI":                  "true",
		"GITHUB_ACTIONS":      "true",
		"GITHUB_ACTION_PATH":  r.actionPath,
		"GITHUB_EVENT_PATH":   file("event.json", string(event)),
		"GITHUB_OUTPUT":       file("output", ""),
		"GITHUB_STEP_SUMMARY": file("summary", ""),
		"GITHUB_WORKSPACE":    r.workspace,
		"RUNNER_ARCH":         "X64",
		"RUNNER_OS":           "Linux",
		"RUNNER_TEMP":         r.temp,
	}
	maps.Copy(env, r.env)
	for name, value := range s.Env {
		env[name] = evaluate(t, value, context)
	}
	if strings.Contains(s.Run, "${{") {
		t.Fatalf("step %s: an expression inside of run is code that an input writes", s.Name)
	}

	cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", file("script.sh", s.Run))
	cmd.Dir = r.workspace
	if s.WorkingDirectory != "" {
		cmd.Dir = filepath.Join(r.workspace, evaluate(t, s.WorkingDirectory, context))
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		res.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("step %d: %v", number+1, err)
	}
	res.log += log.String()
	for name, value := range readOutputs(t, env["GITHUB_OUTPUT"]) {
		context["steps."+s.ID+".outputs."+name] = value
	}
	summary, err := os.ReadFile(env["GITHUB_STEP_SUMMARY"])
	if err != nil {
		t.Fatal(err)
	}
	res.summary += string(summary)
}

// flatten adds the members of an object to the context under their paths.
func flatten(prefix string, object map[string]any, context map[string]string) {
	for name, value := range object {
		switch value := value.(type) {
		case map[string]any:
			flatten(prefix+"."+name, value, context)
		case string:
			context[prefix+"."+name] = value
		}
	}
}

var (
	expression = regexp.MustCompile(`\$\{\{ (.+?) \}\}`)
	property   = regexp.MustCompile(`^[a-z_]+(\.[a-z_-]+)+$`)
)

// evaluate replaces the expressions of a text. They are properties of the context,
// or several of which the first that is not empty counts: a || b.
func evaluate(t *testing.T, text string, context map[string]string) string {
	t.Helper()
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		for operand := range strings.SplitSeq(expression.FindStringSubmatch(found)[1], " || ") {
			if !property.MatchString(operand) {
				t.Fatalf("action.yml: the test's runner cannot evaluate %s", found)
			}
			if value := context[operand]; value != "" {
				return value
			}
		}
		return ""
	})
}

// readOutputs reads a file of outputs: name=value lines, and values of several
// lines between delimiters.
func readOutputs(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	outputs := make(map[string]string)
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		at := strings.IndexAny(lines[i], "=<")
		switch {
		case at > 0 && lines[i][at] == '=':
			outputs[lines[i][:at]] = lines[i][at+1:]
		case at > 0 && strings.HasPrefix(lines[i][at:], "<<"):
			key, delimiter := lines[i][:at], lines[i][at+2:]
			end := slices.Index(lines[i+1:], delimiter)
			if end < 0 {
				t.Fatalf("output %s has no end in %q", key, data)
			}
			outputs[key] = strings.Join(lines[i+1:i+1+end], "\n")
			i += end + 1
		default:
			t.Fatalf("%q is no line of a file of outputs", lines[i])
		}
	}
	return outputs
}

// commands returns the workflow commands that a runner takes from a log, without
// those between stop-commands and its token.
func commands(log string) []string {
	var list []string
	token := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case token != "":
			if line == "::"+token+"::" {
				token = ""
			}
		case strings.HasPrefix(line, "::stop-commands::"):
			token = strings.TrimPrefix(line, "::stop-commands::")
		case strings.HasPrefix(line, "::"), strings.Contains(line, "##["):
			list = append(list, line)
		}
	}
	return list
}
