package architecture

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/sandbox"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

const securityPage = "docs/security.md"

var (
	packagePath = regexp.MustCompile(`^(?:parser|internal)(?:/[a-z]+)*$`)
	testName    = regexp.MustCompile(`^Test[A-Z]\w*(?:/.+)?$`)
	// testFunction matches the name of a test.
	testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestThreatsHaveTests keeps the table of threats honest: each has two guards and names
// tests, which are there, in the package that stands before them. A script of
// TestScripts is a file.
func TestThreatsHaveTests(t *testing.T) {
	threats := rows(readPage(t, securityPage).section(t, "Threats and guards"))
	if len(threats) == 0 {
		t.Fatal("found no threats")
	}
	known := make(map[string][]string)
	for _, cells := range threats {
		if len(cells) != 4 || slices.Contains(cells, "") {
			t.Errorf("%s: %q has not two guards and tests", securityPage, cells[0])
			continue
		}
		for _, cell := range cells[1:3] {
			for _, dir := range codeIn(cell) {
				if packagePath.MatchString(dir) {
					testsOf(t, known, dir)
				}
			}
		}
		dir, named := "", 0
		for _, code := range codeIn(cells[3]) {
			switch {
			case packagePath.MatchString(code):
				dir = code
			case !testName.MatchString(code):
				t.Errorf("%s: `%s` is neither a package nor a test", securityPage, code)
			default:
				named++
				name, script, _ := strings.Cut(code, "/")
				if !slices.Contains(testsOf(t, known, dir), name) {
					t.Errorf("%s: %s has no %s", securityPage, dir, name)
				}
				if script == "" {
					continue
				}
				if _, err := fs.Stat(repositoryRoot(), "testdata/script/"+script+".txtar"); err != nil {
					t.Errorf("%s: %s: %v", securityPage, code, err)
				}
			}
		}
		if named == 0 {
			t.Errorf("%s: %q names no test", securityPage, cells[0])
		}
	}
}

// testsOf returns the names of the tests of a package, which must exist.
func testsOf(t *testing.T, known map[string][]string, dir string) []string {
	t.Helper()
	if names, ok := known[dir]; ok {
		return names
	}
	files, err := fs.Glob(repositoryRoot(), dir+"/*.go")
	if err != nil || len(files) == 0 {
		t.Errorf("%s: there is no package %s", securityPage, dir)
	}
	names := []string{}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range testFunction.FindAllStringSubmatch(readPage(t, file).text, -1) {
			names = append(names, m[1])
		}
	}
	known[dir] = names
	return names
}

// TestLimitsOfSecurityPage keeps the limits of the page equal to the constants.
func TestLimitsOfSecurityPage(t *testing.T) {
	cli, supervise := readDeclarations(t, "internal/cli"), readDeclarations(t, "internal/supervise")
	parser, terraform, plans := readDeclarations(t, "parser"), readDeclarations(t, "parser/terraform"), readDeclarations(t, "parser/tfjson")
	helm, templates, kustomize := readDeclarations(t, "parser/helm"), readDeclarations(t, "parser/bounded"), readDeclarations(t, "parser/kustomize")
	git, engine := readDeclarations(t, "parser/source"), readDeclarations(t, "internal/engine")
	checkLimits(t, securityPage, map[string]string{
		"memory of the worker": "2 GiB, or half of the machine's or container's memory if that is less",
		"stack of the worker":  supervise.mebibytes(t, "maxStack"),
		"time of a run":        cli.times(t, "defaultTimeout", "Minute") + " minutes",
		"time of one file, chart, archive, overlay, root, application or folder of rules": partTime(t),
		"workers of a run":                                         supervise.constant(t, "maxAttempts"),
		"a file of the tree, or standard input":                    fmt.Sprintf("%d MiB", source.MaxFileSize>>20),
		"a file that a flag names outside of the tree":             cli.mebibytes(t, "maxFlagFile"),
		"git's list of tracked files":                              git.mebibytes(t, "maxIndex"),
		"values of a YAML or JSON file":                            thousands(fmt.Sprint(kubernetes.MaxValues)),
		"values of all manifests of a run, rendered ones included": parser.constant(t, "maxRunValues"),
		"values of a plan or a state":                              plans.constant(t, "maxValues"),
		"text of all Terraform files":                              terraform.mebibytes(t, "maxSource"),
		"a Terraform root": fmt.Sprintf("%s steps, %s elements, %s of text",
			terraform.constant(t, "maxSteps"), terraform.constant(t, "maxElements"), terraform.mebibytes(t, "maxLetters")),
		"files of a chart, those in its archives included": fmt.Sprintf("%s, %s files", helm.mebibytes(t, "maxChartSize"), helm.constant(t, "maxChartFiles")),
		"archives of a chart":                              helm.constant(t, "maxArchives"),
		"a rendering of a chart": fmt.Sprintf("%s steps, %s made, %s looked at",
			templates.constant(t, "maxSteps"), templates.mebibytes(t, "maxMade"), templates.mebibytes(t, "maxRead")),
		"what an overlay reads; what it comes to": kustomize.mebibytes(t, "maxBuildSize") + "; " + kustomize.mebibytes(t, "maxGrown"),
		"a rule of your own":                      engine.times(t, "DefaultRuleTimeout", "Second") + " seconds, " + engine.mebibytes(t, "DefaultRuleMemory"),
		"files that a run writes":                 supervise.shifted(t, "maxFile", "30") + " GiB",
	})
}

// partTime is how long a part may be read. A third of the time of a run is the least
// that leaves some of it for two other workers.
func partTime(t *testing.T) string {
	t.Helper()
	seconds, share := "", ""
	for _, file := range parsePackage(t, "internal/cli") {
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok || function.Name.Name != "partTime" {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				switch e, _ := n.(*ast.BinaryExpr); {
				case e == nil:
				case e.Op == token.MUL:
					seconds = declarations{}.text(t, e.X)
				case e.Op == token.QUO:
					share = declarations{}.text(t, e.Y)
				}
				return true
			})
		}
	}
	if share != "3" {
		t.Errorf("a part may take 1/%s of the time of a run", share)
	}
	return seconds + " seconds, or a third of `--timeout` if that is less"
}

// TestLimitsOfCharts does the same for the limits of charts and overlays.
func TestLimitsOfCharts(t *testing.T) {
	helm, templates, kustomize := readDeclarations(t, "parser/helm"), readDeclarations(t, "parser/bounded"), readDeclarations(t, "parser/kustomize")
	checkLimits(t, "docs/how-it-reads-kubernetes.md", map[string]string{
		"files of a chart, those in its archives included": fmt.Sprintf("%s, %s files, %s folders deep",
			helm.mebibytes(t, "maxChartSize"), helm.constant(t, "maxChartFiles"), helm.constant(t, "maxChartDepth")),
		"files of all charts": helm.mebibytes(t, "maxSetSize"),
		"archives of a chart": fmt.Sprintf("%s, %s deep in each other", helm.constant(t, "maxArchives"), helm.constant(t, "maxArchiveDepth")),
		"values of the YAML files that Helm reads of a chart":       helm.constant(t, "maxValues"),
		"text that the aliases of a values file stand for":          helm.mebibytes(t, "maxAliased"),
		"actions of the templates of a chart":                       helm.mebibytes(t, "maxActions"),
		"rounds of loops and calls of templates of a rendering":     templates.constant(t, "maxSteps"),
		"what functions make and templates write in a rendering":    templates.mebibytes(t, "maxMade"),
		"what functions look at in a rendering":                     templates.mebibytes(t, "maxRead"),
		"what functions look at in all renderings of a run":         templates.mebibytes(t, "maxTotalRead"),
		"values in each other, that a function looks at":            templates.constant(t, "maxDepth") + " deep",
		"templates that call each other":                            templates.constant(t, "maxCalls") + " deep",
		"what repeat makes":                                         helm.mebibytes(t, "maxRepeated"),
		"a rendered file":                                           helm.mebibytes(t, "maxOutput"),
		"templates that fail until the whole chart is left out":     fmt.Sprintf("%s, or %s that reach a limit", helm.constant(t, "maxBroken"), helm.constant(t, "maxOverruns")),
		"what an overlay reads, a base again for each way to it":    kustomize.mebibytes(t, "maxBuildSize"),
		"objects that an overlay may come to":                       fmt.Sprintf("%s, %s", kustomize.constant(t, "maxObjects"), kustomize.mebibytes(t, "maxGrown")),
		"objects that the steps of an overlay look at":              kustomize.constant(t, "maxWork"),
		"values that the anchors of a file of an overlay stand for": thousands(fmt.Sprint(kubernetes.MaxValues)),
		"keys of a map in a file of an overlay":                     kustomize.constant(t, "maxKeys"),
		"ways through the references of the definitions in crds":    kustomize.constant(t, "maxPaths"),
	})
}

// checkLimits compares the section about limits of a page with what they are.
func checkLimits(t *testing.T, name string, limits map[string]string) {
	t.Helper()
	seen := 0
	for _, cells := range rows(readPage(t, name).section(t, "Limits")) {
		what := inlineLink.ReplaceAllString(strings.ReplaceAll(cells[0], "`", ""), "")
		what = strings.TrimPrefix(what, "[")
		want, ok := limits[what]
		if !ok {
			t.Errorf("%s: the limit of %q is not checked", name, what)
			continue
		}
		seen++
		if cells[1] != want {
			t.Errorf("%s: the limit of %s is %s, the page says %s", name, what, want, cells[1])
		}
	}
	if seen != len(limits) {
		t.Errorf("%s has %d of %d limits", name, seen, len(limits))
	}
}

// times returns a number of units of time among the values of a package, written as
// 5 * time.Minute.
func (d declarations) times(t *testing.T, name, unit string) string {
	t.Helper()
	product, ok := d[name].(*ast.BinaryExpr)
	if ok {
		var of *ast.SelectorExpr
		of, ok = product.Y.(*ast.SelectorExpr)
		ok = ok && of.Sel.Name == unit
	}
	if !ok {
		t.Fatalf("found no number of %ss called %s", unit, name)
	}
	return d.text(t, product.X)
}

// shifted returns n of a number that is written as n << bits.
func (d declarations) shifted(t *testing.T, name, bits string) string {
	t.Helper()
	shift, ok := d[name].(*ast.BinaryExpr)
	if !ok || d.text(t, shift.Y) != bits {
		t.Fatalf("found no number called %s that is shifted by %s", name, bits)
	}
	return d.text(t, shift.X)
}

// TestEnvironmentOfPage keeps the list of variables that a worker sees equal to the
// code, and the modes of the sandbox.
func TestEnvironmentOfPage(t *testing.T) {
	p := readPage(t, securityPage)
	d := readDeclarations(t, "internal/cli")
	var want []string
	for _, e := range d.elements(t, d["passed"]) {
		want = append(want, d.text(t, e))
	}
	text := p.section(t, "What the worker sees of the environment")
	_, list, _ := strings.Cut(text, "for tests.")
	list, _, _ = strings.Cut(list, "With")
	if got := codeIn(list); !sameSet(got, want) {
		t.Errorf("%s has the variables %q, the code %q", securityPage, got, want)
	}
	var modes, have []string
	for _, m := range sandbox.Modes() {
		modes = append(modes, string(m))
	}
	for _, cells := range rows(p.section(t, "What the system confines")) {
		have = append(have, codeIn(cells[0])...)
	}
	if !sameSet(have, modes) {
		t.Errorf("%s has the modes %q, the code %q", securityPage, have, modes)
	}
}

// TestGitCommandsOfPage keeps the list of git commands equal to those that are run.
func TestGitCommandsOfPage(t *testing.T) {
	var want []string
	for _, file := range parsePackage(t, "internal/revision/git") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || method.Sel.Name != "git" && method.Sel.Name != "command" {
				return true
			}
			if name, ok := call.Args[1].(*ast.BasicLit); ok {
				want = append(want, declarations{}.text(t, name))
			}
			return true
		})
	}
	slices.Sort(want)
	text := readPage(t, securityPage).section(t, "How git is run")
	_, text, _ = strings.Cut(text, "commands that are run:")
	text, _, _ = strings.Cut(text, "Its environment")
	var got []string
	for _, code := range codeIn(text) {
		name, _, _ := strings.Cut(code, " ")
		got = append(got, name)
	}
	if want = slices.Compact(want); !sameSet(got, want) {
		t.Errorf("%s has the commands %q, the code %q", securityPage, got, want)
	}
}
