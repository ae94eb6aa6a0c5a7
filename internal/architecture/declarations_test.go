package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declarations are the package-level values of a package, as they are written: tables and
// limits that are not exported need not be for these tests.
type declarations map[string]ast.Expr

// parsePackage parses the files of a directory without their tests, in order.
func parsePackage(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := fs.Glob(repositoryRoot(), dir+"/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, readPage(t, name).text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		t.Fatalf("found no Go files in %s", dir)
	}
	return files
}

// readDeclarations returns the values of a package.
func readDeclarations(t *testing.T, dir string) declarations {
	t.Helper()
	values := make(declarations)
	for _, file := range parsePackage(t, dir) {
		for _, decl := range file.Decls {
			general, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for i, name := range value.Names {
					if i < len(value.Values) {
						values[name.Name] = value.Values[i]
					}
				}
			}
		}
	}
	return values
}

// text returns the value of a string or number literal, or the name of a constant.
func (d declarations) text(t *testing.T, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.Ident:
		if value, ok := d[e.Name].(*ast.BasicLit); ok {
			return d.text(t, value)
		}
		return e.Name
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		return e.Value
	case nil:
		return ""
	}
	t.Fatalf("cannot read the expression %T", e)
	return ""
}

// elements returns the elements of a composite literal, or of a variable that holds one.
func (d declarations) elements(t *testing.T, e ast.Expr) []ast.Expr {
	t.Helper()
	switch e := e.(type) {
	case *ast.CompositeLit:
		return e.Elts
	case *ast.Ident:
		return d.elements(t, d[e.Name])
	case nil:
		return nil
	}
	t.Fatalf("cannot read the elements of %T", e)
	return nil
}

// keys returns the keys of a map literal, sorted.
func (d declarations) keys(t *testing.T, name string) []string {
	t.Helper()
	var list []string
	for _, element := range d.elements(t, d[name]) {
		kv, ok := element.(*ast.KeyValueExpr)
		if !ok {
			t.Fatalf("%s is no map", name)
		}
		list = append(list, d.text(t, kv.Key))
	}
	slices.Sort(list)
	if len(list) == 0 {
		t.Fatalf("found no keys of %s", name)
	}
	return list
}
