package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

const (
	// overlayFile tells the go command which files to read in the place of others.
	overlayFile = "overlay.json"
	// activeFile holds the number of the change that is made. A file beside the program and
	// no variable of the environment, because a program under test may start itself with
	// another one.
	activeFile = "active"
	switchFile = "zz_mutate.go"
)

// change is one way to change one condition.
type change struct {
	id     int
	at     token.Position
	change string
}

type goPackage struct {
	Dir, ImportPath, Name string
	GoFiles               []string
}

func list(ctx context.Context, patterns []string) ([]goPackage, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list", "-json=Dir,ImportPath,Name,GoFiles"}, patterns...)...)
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(text)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("list packages: %w", err)
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// instrument writes copies of the files of packages that hold all changes, of those whose
// names match, and an overlay with which they are built.
func instrument(ctx context.Context, work string, files *regexp.Regexp, patterns []string) ([]change, error) {
	packages, err := list(ctx, patterns)
	if err != nil {
		return nil, err
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	replace := make(map[string]string)
	write := func(original string, text []byte) error {
		replace[original] = filepath.Join(work, fmt.Sprintf("%d.go", len(replace)))
		return os.WriteFile(replace[original], text, 0o600)
	}
	m := &mutator{fset: token.NewFileSet()}
	for _, p := range packages {
		for _, name := range p.GoFiles {
			if !files.MatchString(name) {
				continue
			}
			original := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(m.fset, original, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			file.Comments = directives(file.Comments)
			ast.Inspect(file, m.visit)
			var text bytes.Buffer
			if err := format.Node(&text, m.fset, file); err != nil {
				return nil, fmt.Errorf("write %s: %w", original, err)
			}
			if err := write(original, text.Bytes()); err != nil {
				return nil, err
			}
		}
		if err := write(filepath.Join(p.Dir, switchFile), fmt.Appendf(nil, switchText, p.Name, activeFile)); err != nil {
			return nil, err
		}
	}
	for i := range m.changes {
		if name, err := filepath.Rel(here, m.changes[i].at.Filename); err == nil {
			m.changes[i].at.Filename = name
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return m.changes, os.WriteFile(filepath.Join(work, overlayFile), text, 0o600)
}

// directives are the comments that the compiler reads. The others are left out, since
// they would end up in the middle of what is put around conditions.
func directives(groups []*ast.CommentGroup) []*ast.CommentGroup {
	return slices.DeleteFunc(groups, func(g *ast.CommentGroup) bool {
		return !slices.ContainsFunc(g.List, func(c *ast.Comment) bool {
			return len(c.Text) > 5 && c.Text[:5] == "//go:"
		})
	})
}

// switchText is the file that is added to each package: its name, and that of the file
// that says which change is made.
const switchText = `package %s

import (
	mutateOS "os"
	mutateFilepath "path/filepath"
	mutateStrconv "strconv"
)

var mutateActive = func() int {
	program, err := mutateOS.Executable()
	if err != nil {
		return 0
	}
	text, err := mutateOS.ReadFile(mutateFilepath.Join(mutateFilepath.Dir(program), %q))
	if err != nil {
		return 0
	}
	id, _ := mutateStrconv.Atoi(string(text))
	return id
}()

func mutateCondition[T ~bool](id int, condition T) T {
	switch mutateActive {
	case id:
		return true
	case id + 1:
		return false
	}
	return condition
}

func mutateChoice[T ~bool](id int, condition, other T) T {
	if mutateActive == id {
		return other
	}
	return condition
}
`

type mutator struct {
	fset    *token.FileSet
	changes []change
}

// visit puts a switch around each condition of a statement, and around each operand of
// && and ||, but for those of loops: one that does not end is noticed by the clock alone.
func (m *mutator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		n.Cond = m.condition(n.Cond)
	case *ast.ReturnStmt:
		for i, e := range n.Results {
			if isLogical(e) {
				n.Results[i] = m.condition(e)
			}
		}
	case *ast.AssignStmt:
		for i, e := range n.Rhs {
			if isLogical(e) {
				n.Rhs[i] = m.condition(e)
			}
		}
	case *ast.GenDecl:
		return n.Tok == token.VAR // a constant is none any more behind a switch
	}
	return true
}

// isLogical reports whether e is certainly a truth value.
func isLogical(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return isLogical(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	case *ast.BinaryExpr:
		return e.Op == token.LAND || e.Op == token.LOR || neighbour(e.Op) != token.ILLEGAL || e.Op == token.EQL || e.Op == token.NEQ
	}
	return false
}

// neighbour is the comparison that differs where both sides are equal.
func neighbour(op token.Token) token.Token {
	switch op {
	case token.LSS:
		return token.LEQ
	case token.LEQ:
		return token.LSS
	case token.GTR:
		return token.GEQ
	case token.GEQ:
		return token.GTR
	}
	return token.ILLEGAL
}

// condition returns e with switches around its smallest parts.
func (m *mutator) condition(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.ParenExpr:
		e.X = m.condition(e.X)
		return e
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LAND, token.LOR:
			e.X, e.Y = m.condition(e.X), m.condition(e.Y)
			return e
		case token.LSS, token.LEQ, token.GTR, token.GEQ:
			other := *e
			other.Op = neighbour(e.Op)
			id := m.add(e.Pos(), fmt.Sprintf("%s in the place of %s in %s", other.Op, e.Op, m.text(e)))
			return m.forced(e, call("mutateChoice", id, e, &other))
		}
	}
	return m.forced(e, e)
}

// forced returns switched, which stands for e, behind a switch that makes it true or false.
func (m *mutator) forced(e, switched ast.Expr) ast.Expr {
	id := m.add(e.Pos(), "true in the place of "+m.text(e))
	m.add(e.Pos(), "false in the place of "+m.text(e))
	return call("mutateCondition", id, switched)
}

func (m *mutator) add(pos token.Pos, text string) int {
	id := len(m.changes) + 1
	m.changes = append(m.changes, change{id: id, at: m.fset.Position(pos), change: text})
	return id
}

func (m *mutator) text(e ast.Expr) string {
	var b bytes.Buffer
	if err := format.Node(&b, m.fset, e); err != nil {
		return "a condition"
	}
	return string(bytes.Join(bytes.Fields(b.Bytes()), []byte(" ")))
}

func call(name string, id int, args ...ast.Expr) *ast.CallExpr {
	number := &ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(id)}
	return &ast.CallExpr{Fun: ast.NewIdent(name), Args: append([]ast.Expr{number}, args...)}
}

// conditions is how many conditions are changed.
func conditions(all []change) int {
	places := make(map[token.Position]bool)
	for _, c := range all {
		places[c.at] = true
	}
	return len(places)
}

// sample returns n of all changes, in their order; all if n is 0.
func sample(all []change, n int, seed uint64) []change {
	if n == 0 || n >= len(all) {
		return all
	}
	kept := slices.Clone(all)
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	kept = kept[:n]
	slices.SortFunc(kept, func(a, b change) int { return cmp.Compare(a.id, b.id) })
	return kept
}
