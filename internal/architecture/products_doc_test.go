package architecture

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/product"
)

// productRow is what docs/products.md must say of one resource type.
type productRow struct {
	kind     string
	declared bool
	lists    []string
	further  []string
	closed   bool
	unless   []string
}

func rowOf(p *product.Product, typ *product.Type) *productRow {
	row := &productRow{kind: p.Kind, declared: p.Declared, closed: typ.Closed, unless: typ.Unless}
	for _, list := range typ.Lists {
		row.lists = append(row.lists, list.String())
		if list.When != "" {
			row.lists = append(row.lists, list.When)
		}
	}
	if attached := typ.Attached; attached.Resource != "" {
		row.further = append(row.further, attached.Resource+"."+attached.List, attached.Owner)
		if attached.Only != "" {
			row.further = append(row.further, attached.Only, attached.Value)
		}
	}
	for _, template := range typ.Templates {
		row.further = append(row.further, template.Resource+"."+template.List, template.Argument)
	}
	return row
}

// sameSet reports whether two lists hold the same, in any order.
func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

var footnote = regexp.MustCompile(`\]\[[^][]+\]|\]\([^)]+\)`)

// TestProductsPage keeps the table of docs/products.md equal to what
// internal/product says.
func TestProductsPage(t *testing.T) {
	want := make(map[string]*productRow)
	for i := range product.Products {
		p := &product.Products[i]
		for k := range p.Types {
			if typ := &p.Types[k]; len(typ.Lists) > 0 {
				want[typ.Resource] = rowOf(p, typ)
			}
		}
	}
	seen := make(map[string]bool)
	for _, cells := range rows(readPage(t, "docs/products.md").section(t, "Cloud service instances")) {
		if len(cells) != 7 {
			t.Fatalf("the row %q has %d cells", cells[0], len(cells))
		}
		typ := codeIn(cells[0])[0]
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
			{"Declared as, in brackets", []string{fmt.Sprint(strings.HasPrefix(cells[1], "("))}, []string{fmt.Sprint(!row.declared)}},
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
	var got, want []string
	for i := range product.Products {
		for _, typ := range product.Products[i].Types {
			if len(typ.Lists) == 0 {
				want = append(want, typ.Resource)
			}
		}
	}
	for _, cells := range rows(readPage(t, "docs/products.md").section(t, "Other destinations")) {
		typ := codeIn(cells[0])[0]
		got = append(got, typ)
		if p, _ := product.Products.Resource(typ); p != nil && !slices.Equal(codeIn(cells[1]), []string{p.Kind}) {
			t.Errorf("%s is declared as %q, docs/products.md says %s", typ, p.Kind, cells[1])
		}
	}
	if !sameSet(got, want) {
		t.Errorf("docs/products.md has the destinations %q, the code %q", got, want)
	}
}

// TestPublicConnectionsPage checks the types that open public endpoints.
func TestPublicConnectionsPage(t *testing.T) {
	text := readPage(t, "docs/products.md").section(t, "Public endpoints")
	for i := range product.Products {
		for _, c := range product.Products[i].Connections {
			if !slices.Contains(codeIn(text), c.Resource) {
				t.Errorf("docs/products.md does not say that %s opens a public endpoint", c.Resource)
			}
		}
	}
}
