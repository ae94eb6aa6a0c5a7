package architecture

import (
	"go/ast"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/explain"
	"github.com/egresslint/egresslint/internal/model"
)

// codePackages are those whose code gives reason codes.
var codePackages = []string{"internal/world", "internal/trace", "internal/alicloud", "internal/kube", "internal/netpol"}

// returnsCodes are the functions that return codes without saying so in their signature.
var returnsCodes = []string{"unusableDNS", "judgeLoadBalancer", "denialCode", "code"}

// innerCodes are codes of a package that others translate before the model has them.
var innerCodes = []string{"pod-address", "port-name"}

var codeWord = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func isCode(name string) bool {
	return name == "code" || name == "Code" || name == "direction" || strings.HasSuffix(name, "Code")
}

// codePositions are the places of parameters and fields that hold a code, by the name of
// their function or struct, and of results.
type codePositions struct{ params, fields, results map[string][]int }

func positionsOf(list *ast.FieldList) (at []int) {
	i := 0
	for _, field := range list.List {
		for _, name := range field.Names {
			if isCode(name.Name) {
				at = append(at, i)
			}
			i++
		}
	}
	return at
}

func findPositions(files []*ast.File) codePositions {
	p := codePositions{make(map[string][]int), make(map[string][]int), make(map[string][]int)}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				p.params[n.Name.Name] = positionsOf(n.Type.Params)
				if n.Type.Results != nil {
					p.results[n.Name.Name] = positionsOf(n.Type.Results)
				}
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					p.fields[n.Name.Name] = positionsOf(s.Fields)
				}
			}
			return true
		})
	}
	return p
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// codeLiterals are the strings that a package gives as codes: assigned to what is called
// so, passed as such a parameter, or returned as such a result.
func codeLiterals(files []*ast.File) map[string]bool {
	found := make(map[string]bool)
	positions := findPositions(files)
	take := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && codeWord.MatchString(text) {
				found[text] = true
			}
		}
	}
	takeAt := func(list []ast.Expr, at []int) {
		for _, i := range at {
			if i < len(list) {
				take(list[i])
			}
		}
	}
	for _, file := range files {
		var function string
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				function = n.Name.Name
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if isCode(nameOf(left)) && i < len(n.Rhs) {
						take(n.Rhs[i])
					}
				}
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if (isCode(name.Name) || strings.HasPrefix(name.Name, "Code")) && i < len(n.Values) {
						take(n.Values[i])
					}
					if table, ok := oneValue(n).(*ast.CompositeLit); ok && name.Name == "deadCodes" {
						for _, e := range table.Elts {
							if pair, ok := e.(*ast.KeyValueExpr); ok {
								take(pair.Value)
							}
						}
					}
				}
			case *ast.KeyValueExpr:
				if isCode(nameOf(n.Key)) {
					take(n.Value)
				}
			case *ast.CompositeLit:
				takeAt(n.Elts, positions.fields[nameOf(n.Type)])
			case *ast.CallExpr:
				takeAt(n.Args, positions.params[nameOf(n.Fun)])
			case *ast.ReturnStmt:
				takeAt(n.Results, positions.results[function])
				if slices.Contains(returnsCodes, function) {
					for _, e := range n.Results {
						take(e)
					}
				}
			}
			return true
		})
	}
	return found
}

func oneValue(n *ast.ValueSpec) ast.Expr {
	if len(n.Values) != 1 {
		return nil
	}
	return n.Values[0]
}

// TestCodesAreListed holds the list of reason codes against the code that gives them.
func TestCodesAreListed(t *testing.T) {
	given := make(map[string]bool)
	for _, dir := range codePackages {
		if _, err := fs.Stat(repositoryRoot(), dir); err != nil {
			continue
		}
		for code := range codeLiterals(parsePackage(t, dir)) {
			given[code] = true
		}
	}
	known := explain.CodeNames()
	for code := range given {
		if !slices.Contains(known, code) && !slices.Contains(innerCodes, code) {
			t.Errorf("the code %q is given and is not in the list of internal/explain", code)
		}
	}
	for _, code := range known {
		if !given[code] {
			t.Errorf("the code %q is in the list of internal/explain and nothing gives it", code)
		}
	}
}

// TestCodesAreExplained looks at what the list says of each.
func TestCodesAreExplained(t *testing.T) {
	rules, seen := analysis.BuiltInIDs(), make(map[string]bool)
	for _, c := range explain.Codes() {
		if key := c.At + "\x00" + c.Name; seen[key] {
			t.Errorf("%s of %s is listed twice", c.Name, c.At)
		} else {
			seen[key] = true
		}
		if !strings.HasSuffix(c.Meaning, ".") {
			t.Errorf("%s of %s: the meaning is no sentence: %q", c.Name, c.At, c.Meaning)
		}
		if len(c.Rules) > 0 && !strings.HasSuffix(c.Way, ".") {
			t.Errorf("%s of %s: rules report it, and nothing says what to do: %q", c.Name, c.At, c.Way)
		}
		for _, id := range c.Rules {
			if !slices.Contains(rules, id) {
				t.Errorf("%s of %s names the rule %s, which does not exist", c.Name, c.At, id)
			}
		}
	}
	for _, hop := range model.HopNames() {
		if !slices.ContainsFunc(explain.Codes(), func(c explain.Code) bool { return c.At == hop }) {
			t.Errorf("the hop %s has no code", hop)
		}
	}
}

const explainPage = "docs/explain.md"

// TestCodesOfPage keeps the table of codes equal to the list. Its failure prints what the
// page should have.
func TestCodesOfPage(t *testing.T) {
	const begin = "## Reason codes"
	var want strings.Builder
	for i, hop := range append(model.HopNames(), "") {
		title := "Beside the hops"
		if hop != "" {
			title = "`" + hop + "`"
		}
		if i > 0 {
			want.WriteByte('\n')
		}
		want.WriteString("### " + title + "\n\n| Code | Meaning |\n|---|---|\n")
		for _, c := range explain.Codes() {
			switch {
			case hop == c.At:
				want.WriteString("| `" + c.Name + "` | " + c.Paragraph() + " |\n")
			case hop == "" && !slices.Contains(model.HopNames(), c.At):
				want.WriteString("| `" + c.Name + "`, of the " + c.At + " | " + c.Paragraph() + " |\n")
			}
		}
	}
	text := readPage(t, explainPage).text
	_, rest, found := strings.Cut(text, begin+"\n")
	_, rest, _ = strings.Cut(rest, "\n###")
	if got := "###" + rest; !found || got != want.String() {
		t.Errorf("%s: the codes behind %q should be:\n%s", explainPage, begin, want.String())
	}
}
