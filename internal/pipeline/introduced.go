package pipeline

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/place"
)

// Introduced splits findings into those that the files of base do not have and
// those that they do. Both sides went through the same steps; origins are the
// places of the model that findings are about.
//
// A finding is old if each of its parts is: if base has a part of the same rule
// with the same file, address, root, variant and key, that is no less severe and
// is not the match of another part already, so that a second equal finding is
// new. It is old too where the key lacks some of the arguments, since what stops
// three vSwitches and then only two is the same problem, partly repaired. And it
// is old where the file or the root differs because what it is about was moved:
// what base found is then no longer where it was.
func Introduced(findings, base []*finding.Finding, origins []place.Place) (introduced, unchanged []*finding.Finding) {
	b := newBefore(base, origins)
	parts := newParts(findings)
	// The surest matches first: they may not go to something that is only similar.
	for _, same := range []func(head, base *part) bool{
		(*part).equals,
		func(head, base *part) bool { return head.near(base, b) && slices.Equal(head.Key, base.Key) },
		func(head, base *part) bool { return head.near(base, b) && within(head.Key, base.Key) },
	} {
		for _, p := range parts {
			if p.match == nil {
				p.match = b.take(p, same)
			}
		}
	}
	isNew := make(map[*finding.Finding]bool)
	for _, p := range parts {
		if p.match == nil {
			isNew[p.of] = true
		}
	}
	for _, f := range findings {
		if isNew[f] {
			introduced = append(introduced, f)
		} else {
			unchanged = append(unchanged, f)
		}
	}
	return introduced, unchanged
}

// part is a part of a finding.
type part struct {
	finding.Part
	of    *finding.Finding
	match *part // in the other files
}

// newParts returns the parts of findings in an order that does not depend on how
// they were merged.
func newParts(findings []*finding.Finding) []*part {
	var parts []*part
	for _, f := range findings {
		for _, p := range f.Parts {
			parts = append(parts, &part{Part: p, of: f})
		}
	}
	slices.SortStableFunc(parts, func(p, q *part) int {
		return cmp.Or(
			cmp.Compare(p.of.Rule, q.of.Rule), cmp.Compare(p.Address, q.Address), cmp.Compare(p.File, q.File),
			cmp.Compare(p.Root, q.Root), cmp.Compare(p.Variant, q.Variant), slices.Compare(p.Key, q.Key),
			cmp.Compare(q.Severity, p.Severity),
		)
	})
	return parts
}

// equals reports whether base is the same part.
func (p *part) equals(base *part) bool {
	return p.File == base.File && p.Root == base.Root && p.Variant == base.Variant && slices.Equal(p.Key, base.Key)
}

// near reports whether base is about the same place, which may have moved.
func (p *part) near(base *part, b *before) bool {
	return (p.File == base.File || b.moved(base)) &&
		(p.Root == base.Root && p.Variant == base.Variant || !b.scopes[scope{base.Root, base.Variant}])
}

// within reports whether all arguments of key are among those of other, each as
// often as it is there.
func within(key, other []string) bool {
	rest := slices.Clone(other)
	for _, arg := range key {
		i := slices.Index(rest, arg)
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

// scope is a variant of a Terraform root.
type scope struct{ root, variant string }

// about is what a part is of, wherever it lies.
type about struct{ rule, address string }

// owner is something in a file.
type owner struct{ file, address string }

// before is what the base had, and what is left of it.
type before struct {
	parts  map[about][]*part
	scopes map[scope]bool
	owners map[owner]bool
	files  map[string]bool
}

func newBefore(base []*finding.Finding, origins []place.Place) *before {
	b := &before{
		parts:  make(map[about][]*part),
		scopes: make(map[scope]bool), owners: make(map[owner]bool), files: make(map[string]bool),
	}
	for _, p := range newParts(base) {
		key := about{p.of.Rule, p.Address}
		b.parts[key] = append(b.parts[key], p)
	}
	for _, p := range origins {
		b.scopes[scope{p.Root, p.Variant}] = true
		b.owners[owner{p.Range.File, p.Address}] = true
		b.files[p.Range.File] = true
	}
	return b
}

// moved reports whether what a part is about is no longer in its file.
func (b *before) moved(p *part) bool {
	if p.Address == "" {
		return !b.files[p.File]
	}
	return !b.owners[owner{p.File, p.Address}]
}

// take returns the first part that is the same as p and has no match yet.
func (b *before) take(p *part, same func(head, base *part) bool) *part {
	for _, candidate := range b.parts[about{p.of.Rule, p.Address}] {
		if candidate.match == nil && candidate.Severity >= p.Severity && same(p, candidate) {
			candidate.match = p
			return candidate
		}
	}
	return nil
}
