package engine_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/policies"
)

// regoFiles reads the Rego files of the policies directory, with their tests.
func regoFiles(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	fsys := os.DirFS(policiesDir)
	err := fs.WalkDir(fsys, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".rego" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func parse(t *testing.T, texts map[string]string) map[string]*ast.Module {
	t.Helper()
	modules := make(map[string]*ast.Module, len(texts))
	for name, text := range texts {
		m, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{ProcessAnnotation: true})
		if err != nil {
			t.Fatal(err)
		}
		modules[name] = m
	}
	return modules
}

// compiler returns one as rules are compiled with, which checks their types
// against the model's schema as well.
func compiler(t *testing.T, tests ...string) *ast.Compiler {
	t.Helper()
	text, err := fs.ReadFile(policies.FS, "schemas/model.json")
	if err != nil {
		t.Fatal(err)
	}
	var model any
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.MustParseRef("schema.model"), model)
	return ast.NewCompiler().
		WithCapabilities(engine.Capabilities(tests...)).
		WithStrict(true).
		WithSchemas(schemas).
		WithUseTypeCheckAnnotations(true)
}

// TestRegoTests runs the tests beside the rules with what the engine allows, and
// wants every line of the rules to be reached by them.
func TestRegoTests(t *testing.T) {
	modules := parse(t, regoFiles(t))
	coverage := cover.New()
	store := inmem.New()
	runner := tester.NewRunner().
		SetCompiler(compiler(t, "internal.test_case")).
		SetStore(store).
		RaiseBuiltinErrors(true).
		SetCoverageQueryTracer(coverage).
		SetModules(modules)
	passed := 0
	err := storage.Txn(t.Context(), store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		results, err := runner.RunTests(t.Context(), txn)
		if err != nil {
			return err
		}
		for r := range results {
			switch {
			case r.Error != nil:
				t.Errorf("%s: %s: %v", r.Location, r.Name, r.Error)
			case r.Fail:
				t.Errorf("%s: %s failed", r.Location, r.Name)
			default:
				passed++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if passed < len(modules) {
		t.Errorf("only %d tests ran", passed)
	}
	for name, file := range coverage.Report(modules).Files {
		for _, r := range file.NotCovered {
			t.Errorf("%s:%d is not reached by a test", name, r.Start.Row)
		}
	}
}

// TestMisspeltFieldsAreFound changes every field that a rule reads, one at a
// time: the schema must catch each.
func TestMisspeltFieldsAreFound(t *testing.T) {
	texts := regoFiles(t)
	libraries := make(map[string]string)
	for name, text := range texts {
		if strings.HasPrefix(name, "lib/") && !strings.HasSuffix(name, "_test.rego") {
			libraries[name] = text
		}
	}
	check := func(name, text string) bool {
		modules := parse(t, libraries)
		modules[name] = parse(t, map[string]string{name: text})[name]
		c := compiler(t)
		c.Compile(modules)
		return !c.Failed()
	}
	field := regexp.MustCompile(`\b(?:input|gate|entry|target|cluster|mismatch|vswitch|requirement|workload|evidence)(?:\.[a-z0-9_]+)+\b`)
	for name, text := range texts {
		if path.Base(name) != "rule.rego" {
			continue
		}
		head, code, _ := strings.Cut(text, "\nviolation contains")
		fields := field.FindAllString(code, -1)
		slices.Sort(fields)
		fields = slices.Compact(fields)
		if len(fields) == 0 {
			t.Errorf("%s reads no field", name)
		}
		if !check(name, text) {
			t.Errorf("%s does not compile as it is", name)
		}
		for _, f := range fields {
			misspelt := regexp.MustCompile(regexp.QuoteMeta(f)+`\b`).ReplaceAllString(code, f+"x")
			if check(name, head+"\nviolation contains"+misspelt) {
				t.Errorf("%s: %sx instead of %s is not noticed", name, f, f)
			}
		}
	}
}

// TestRulesAreComplete holds every rule to what users get: a documentation page,
// tests, sources, and texts in the house's form.
func TestRulesAreComplete(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) < 30 {
		t.Errorf("only %d rules are embedded", len(rules))
	}
	onDisk, err := filepath.Glob(filepath.Join(policiesDir, "rules", "*", "*", "rule.rego"))
	if err != nil || len(onDisk) != len(rules) {
		t.Errorf("%d rules on disk (%v), %d embedded", len(onDisk), err, len(rules))
	}
	id := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z]+)+$`)
	for _, r := range rules {
		dir := filepath.Join(policiesDir, "rules", r.Category, r.ID)
		for _, file := range []string{filepath.Join(dir, "rule_test.rego"), filepath.Join(docsDir, r.ID+".md")} {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("rule %s: %v", r.ID, err)
			}
		}
		if !id.MatchString(r.ID) {
			t.Errorf("rule %s: the id is not kebab-case", r.ID)
		}
		if len(r.Title) > 80 || strings.HasSuffix(r.Title, ".") {
			t.Errorf("rule %s: the title is not one short sentence without a full stop", r.ID)
		}
		if len(r.Description) > 1024 {
			t.Errorf("rule %s: the description is longer than code scanning shows", r.ID)
		}
		if len(r.References) == 0 {
			t.Errorf("rule %s: no sources", r.ID)
		}
		for i, ref := range r.References {
			if !strings.HasPrefix(ref, "https://") || engine.ReferenceTitles(r)[i] == "" {
				t.Errorf("rule %s: source %q needs an https address and a title", r.ID, ref)
			}
		}
		text := regoFiles(t)["rules/"+r.Category+"/"+r.ID+"/rule_test.rego"]
		for _, name := range engine.Cases(r) {
			// A case's name may be put together from its parts.
			if stem, _, _ := strings.Cut(name, "-internal-local"); !strings.Contains(text, `"`+stem+`"`) {
				t.Errorf("rule %s: no test mentions the case %q", r.ID, name)
			}
		}
	}
}

// TestMessagesHaveTheirArguments compares the names in a rule's templates with
// the arguments that its violations carry.
func TestMessagesHaveTheirArguments(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	texts := regoFiles(t)
	for _, r := range rules {
		name := "rules/" + r.Category + "/" + r.ID + "/rule.rego"
		module := parse(t, map[string]string{name: texts[name]})[name]
		var given []string
		ast.WalkTerms(module, func(term *ast.Term) bool {
			object, ok := term.Value.(ast.Object)
			if !ok {
				return false
			}
			args := object.Get(ast.InternedTerm("args"))
			if args == nil {
				return false
			}
			for _, key := range args.Value.(ast.Object).Keys() {
				given = append(given, string(key.Value.(ast.String)))
			}
			return true
		})
		slices.Sort(given)
		if diff := cmp.Diff(engine.Arguments(r), given); diff != "" {
			t.Errorf("rule %s: arguments (-in templates +in violations):\n%s", r.ID, diff)
		}
	}
}
