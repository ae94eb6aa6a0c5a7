package cli_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
)

// diagnosticKinds returns the values of all constants of the type DiagnosticKind in the
// program's source.
func diagnosticKinds(t *testing.T) []string {
	t.Helper()
	var kinds []string
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			typ := spec.Type
			if selector, ok := typ.(*ast.SelectorExpr); ok {
				typ = selector.Sel
			}
			if ident, ok := typ.(*ast.Ident); !ok || ident.Name != "DiagnosticKind" {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					kind, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					kinds = append(kinds, kind)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

// Everything that may stand in brackets behind a message has an explanation, and
// a place in the schema of the json format.
func TestCodesAreExplained(t *testing.T) {
	kinds := diagnosticKinds(t)
	if len(kinds) < 10 {
		t.Fatalf("found only the kinds %q", kinds)
	}
	schema, err := os.ReadFile("../report/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		var stdout, stderr bytes.Buffer
		if code := cli.Main(nil, &stdout, &stderr, []string{"rules", kind}); code != cli.ExitOK {
			t.Errorf("%s: %s", kind, stderr.String())
		}
		if !strings.HasPrefix(stdout.String(), kind+" (") {
			t.Errorf("%s: the explanation begins otherwise:\n%s", kind, stdout.String())
		}
		if !bytes.Contains(schema, []byte(strconv.Quote(kind))) {
			t.Errorf("%s is not in the schema of the json format", kind)
		}
	}
}
