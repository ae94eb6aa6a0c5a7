package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declarations are the package-level values of a package. The tables of
// internal/egress are not exported, and need not be for these tests.
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

// elements returns the elements of a composite literal, of a variable that holds
// one, or of a slice of such a variable.
func (d declarations) elements(t *testing.T, e ast.Expr) []ast.Expr {
	t.Helper()
	switch e := e.(type) {
	case *ast.CompositeLit:
		return e.Elts
	case *ast.Ident:
		return d.elements(t, d[e.Name])
	case *ast.SliceExpr:
		list := d.elements(t, e.X)
		if e.High != nil {
			t.Fatal("cannot read a slice with an end")
		}
		low, err := strconv.Atoi(d.text(t, e.Low))
		if err != nil {
			t.Fatal(err)
		}
		return list[low:]
	case nil:
		return nil
	}
	t.Fatalf("cannot read the elements of %T", e)
	return nil
}

// fields returns the values of a struct literal by field name; names are those of
// the fields for a literal without keys.
func (d declarations) fields(t *testing.T, e ast.Expr, names ...string) map[string]ast.Expr {
	t.Helper()
	out := make(map[string]ast.Expr)
	for i, element := range d.elements(t, e) {
		if kv, ok := element.(*ast.KeyValueExpr); ok {
			out[d.text(t, kv.Key)] = kv.Value
		} else {
			out[names[i]] = element
		}
	}
	return out
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

// productRow is what docs/products.md must say of one resource type.
type productRow struct {
	kind    string
	lists   []string
	further []string
	closed  bool
	unless  []string
}

// productRows reads the table of internal/egress.
func productRows(t *testing.T) map[string]productRow {
	t.Helper()
	d := readDeclarations(t, "internal/egress")
	out := make(map[string]productRow)
	for typ, value := range d.fields(t, d["products"]) {
		product := d.fields(t, value)
		row := productRow{kind: d.text(t, product["kind"]), closed: product["closed"] != nil && d.text(t, product["closed"]) == "true"}
		for _, e := range d.elements(t, product["lists"]) {
			list := d.fields(t, e)
			name := d.text(t, list["name"])
			if list["block"] != nil {
				name = d.text(t, list["block"]) + "." + name
			}
			row.lists = append(row.lists, name)
			if list["when"] != nil {
				row.lists = append(row.lists, d.text(t, list["when"]))
			}
		}
		if product["attached"] != nil {
			attached := d.fields(t, product["attached"])
			row.further = append(row.further, d.text(t, attached["typ"])+"."+d.text(t, attached["list"]), d.text(t, attached["owner"]))
			if attached["only"] != nil {
				row.further = append(row.further, d.text(t, attached["only"]), d.text(t, attached["value"]))
			}
		}
		for _, e := range d.elements(t, product["templates"]) {
			template := d.fields(t, e, "argument", "typ", "list")
			row.further = append(row.further, d.text(t, template["typ"])+"."+d.text(t, template["list"]), d.text(t, template["argument"]))
		}
		for _, e := range d.elements(t, product["unless"]) {
			row.unless = append(row.unless, d.text(t, e))
		}
		out[typ] = row
	}
	if len(out) == 0 {
		t.Fatal("found no products")
	}
	return out
}

// sameSet reports whether two lists hold the same, in any order.
func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

var footnote = regexp.MustCompile(`\]\[[^][]+\]|\]\([^)]+\)`)

// TestProductsPage keeps the table of docs/products.md equal to what
// internal/egress reads.
func TestProductsPage(t *testing.T) {
	want := productRows(t)
	seen := make(map[string]bool)
	for _, cells := range rows(readPage(t, "docs/products.md").section(t, "Cloud service instances")) {
		if len(cells) != 7 {
			t.Fatalf("the row %q has %d cells", cells[0], len(cells))
		}
		typ := strings.Join(codeIn(cells[0]), " ")
		row, ok := want[typ]
		if !ok || seen[typ] {
			t.Errorf("%s stands in docs/products.md and is not read, or stands there twice", typ)
			continue
		}
		seen[typ] = true
		for _, check := range []struct {
			column    string
			got, want []string
		}{
			{"Declared as", codeIn(cells[1]), []string{row.kind}},
			{"Arguments with entries", codeIn(cells[2]), row.lists},
			{"Further entries", codeIn(cells[3]), row.further},
			{"Left out", []string{fmt.Sprint(cells[4] == "closed")}, []string{fmt.Sprint(row.closed)}},
			{"Unless", codeIn(cells[5]), row.unless},
		} {
			if !sameSet(check.got, check.want) {
				t.Errorf("%s: column %q of docs/products.md has %q, the code %q", typ, check.column, check.got, check.want)
			}
		}
		if !footnote.MatchString(cells[6]) {
			t.Errorf("%s: docs/products.md names no source", typ)
		}
	}
	for typ := range want {
		if !seen[typ] {
			t.Errorf("docs/products.md does not say how the list of %s is read", typ)
		}
	}
}

// TestDestinationsPage does the same for what has no allow-list.
func TestDestinationsPage(t *testing.T) {
	d := readDeclarations(t, "internal/egress")
	want := d.fields(t, d["destinationTypes"])
	var got []string
	for _, cells := range rows(readPage(t, "docs/products.md").section(t, "Other destinations")) {
		typ := codeIn(cells[0])[0]
		got = append(got, typ)
		if want[typ] == nil {
			continue
		}
		if kind := d.text(t, d.fields(t, want[typ])["kind"]); !slices.Equal(codeIn(cells[1]), []string{kind}) {
			t.Errorf("%s is declared as %q, docs/products.md says %s", typ, kind, cells[1])
		}
	}
	if keys := d.keys(t, "destinationTypes"); !sameSet(got, keys) {
		t.Errorf("docs/products.md has the destinations %q, the code %q", got, keys)
	}
}

// TestPublicConnectionsPage checks the types that open public endpoints.
func TestPublicConnectionsPage(t *testing.T) {
	d := readDeclarations(t, "internal/egress")
	text := readPage(t, "docs/products.md").section(t, "Public endpoints")
	for _, e := range d.elements(t, d["publicConnections"]) {
		if typ := d.text(t, d.elements(t, e)[0]); !slices.Contains(codeIn(text), typ) {
			t.Errorf("docs/products.md does not say that %s opens a public endpoint", typ)
		}
	}
}
