package place_test

import (
	"testing"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

func at(file string, line, column int) source.Range {
	return source.Range{File: file, Start: source.Pos{Line: line, Column: column}}
}

func TestRegistry(t *testing.T) {
	r := place.NewRegistry()
	if none := r.Add(place.Place{Address: "x"}); none != (place.Origin{}) {
		t.Errorf("a place without a range is %+v", none)
	}
	base := place.Place{Range: at("main.tf", 3, 5), Address: "alicloud_vpc.a", Root: "infra"}
	first := r.Add(base)
	if first != (place.Origin{Ref: 1, File: "main.tf", Line: 3, Column: 5}) {
		t.Errorf("the first place is %+v", first)
	}
	if again := r.Add(base); again != first {
		t.Errorf("the same place is %+v and %+v", first, again)
	}
	seen := map[int]bool{first.Ref: true}
	for name, change := range map[string]func(*place.Place){
		"range":     func(p *place.Place) { p.Range = at("main.tf", 3, 6) },
		"address":   func(p *place.Place) { p.Address = "alicloud_vpc.b" },
		"root":      func(p *place.Place) { p.Root = "other" },
		"variant":   func(p *place.Place) { p.Variant = "prod" },
		"rendering": func(p *place.Place) { p.From = "overlay prod" },
		"caller":    func(p *place.Place) { p.Callers = []source.Range{at("main.tf", 9, 1)} },
		"way":       func(p *place.Place) { p.Via = []located.Step{{Range: at("locals.tf", 1, 1)}} },
		"ignore":    func(p *place.Place) { p.Ignores = []place.Ignore{{Text: "rule"}} },
	} {
		other := base
		change(&other)
		o := r.Add(other)
		if seen[o.Ref] {
			t.Errorf("a place with another %s is the same place", name)
		}
		seen[o.Ref] = true
		if got := r.List[o.Ref]; got.Range != other.Range || got.Address != other.Address {
			t.Errorf("origin %d stands for %+v, want %+v", o.Ref, got, other)
		}
	}
	if len(r.List) != len(seen)+1 {
		t.Errorf("%d places for %d origins", len(r.List), len(seen))
	}
}

func TestOrder(t *testing.T) {
	list := []place.Origin{
		{Ref: 9, File: "a.tf", Line: 1, Column: 1},
		{Ref: 8, File: "a.tf", Line: 1, Column: 2},
		{Ref: 7, File: "a.tf", Line: 2, Column: 1},
		{Ref: 6, File: "b.tf", Line: 1, Column: 1},
	}
	for i, a := range list {
		for j, b := range list {
			if a.Before(b) != (i < j) || a.Same(b) != (i == j) {
				t.Errorf("%+v and %+v: before %t, same %t", a, b, a.Before(b), a.Same(b))
			}
			if want := list[min(i, j)]; place.First(a, b) != want {
				t.Errorf("first of %+v and %+v is %+v", a, b, place.First(a, b))
			}
		}
		if place.First(a, place.Origin{}) != a || place.First(place.Origin{}, a) != a {
			t.Errorf("no place comes before %+v", a)
		}
	}
	if same := (place.Origin{Ref: 1, File: "a.tf", Line: 1, Column: 1}); !same.Same(list[0]) {
		t.Error("instances of one block are not one place for people")
	}
}
