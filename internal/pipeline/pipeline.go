// Package pipeline turns what rules report into the findings that a user sees:
// it resolves places, merges what is one problem to the user, and applies the
// configuration. It knows nothing of output formats.
package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// Options are what the configuration says of rules.
type Options struct {
	// Severity replaces the severity of all findings of a rule.
	Severity map[string]finding.Severity
	// Off are the rules whose findings are dropped.
	Off map[string]bool
	// Uncalled are the root directories that deploy nothing, because they are modules that
	// nothing calls: what is found there is a note.
	Uncalled map[string]bool
	// Suppressions are what the project has decided to live with; nil for nothing.
	Suppressions *suppress.Set
	// Baseline are the findings that were there before; nil for none.
	Baseline *baseline.Use
}

// Outcome is what a user sees.
type Outcome struct {
	Findings []*finding.Finding
	// Suppressed are the findings that do not count, each with its Suppression.
	Suppressed  []*finding.Finding
	Diagnostics []source.Diagnostic
}

// item is a finding on its way, with what the steps need to know of its place.
type item struct {
	finding.Finding
	place place.Place
	// kind is the rule's case, so that only findings with the same message merge.
	kind string
	// places are those of all findings that were merged into this one, its own first.
	places []place.Place
}

// Run passes results through the steps, whose order matters:
//
//  1. locate: everything after it compares places.
//  2. merge what rendered the object: the next steps take what has different words
//     or keys for different problems, and this has the same.
//  3. merge variants: the variants of one module instance must count as one
//     instance in the next step.
//  4. merge module instances, which also chooses the anchor, since that depends
//     on how many instances have the finding.
//  5. merge equal: findings with the same words at the same place, which only
//     shows when the places are final.
//  6. severity, that of modules which nothing calls last, then off: they work on the rule alone and never change what
//     merges, so that a setting does not move other findings.
//  7. suppress: a comment stands at a final place, and all places of a finding
//     must be known to tell whether it is wholly suppressed. What is off needs no
//     suppression.
//  8. sort: as the anchor is part of the order.
//  9. baseline: of equal findings, those that come first are the old ones. What is
//     suppressed needs no entry.
//
// A result whose place is not among origins becomes a diagnostic, so that a
// broken rule is seen. The error is that of ctx.
func Run(ctx context.Context, results []engine.Result, origins []place.Place, opts Options) (Outcome, error) {
	items, diagnostics := locate(results, origins)
	for _, merge := range []func([]*item) []*item{mergeFrom, mergeVariants, mergeInstances, mergeEqual} {
		if err := guard.Overdue(ctx); err != nil {
			return Outcome{}, err
		}
		items = merge(items)
	}
	items = override(items, opts.Severity)
	items = soften(items, opts.Uncalled)
	items = dropOff(items, opts.Off)

	if err := suppressItems(ctx, items, opts.Suppressions); err != nil {
		return Outcome{}, err
	}
	all := make([]*finding.Finding, len(items))
	for i, it := range items {
		all[i] = &it.Finding
	}
	finding.Sort(all)
	outcome := Outcome{Findings: []*finding.Finding{}, Diagnostics: diagnostics}
	for _, f := range all {
		if f.Suppression == nil && opts.Baseline != nil {
			f.Suppression = opts.Baseline.Take(f)
		}
		if f.Suppression != nil {
			outcome.Suppressed = append(outcome.Suppressed, f)
		} else {
			outcome.Findings = append(outcome.Findings, f)
		}
	}
	return outcome, nil
}

func locate(results []engine.Result, origins []place.Place) ([]*item, []source.Diagnostic) {
	var items []*item
	var diagnostics []source.Diagnostic
	lookup := func(rule string, ref int) (place.Place, bool) {
		if ref > 0 && ref < len(origins) {
			return origins[ref], true
		}
		diagnostics = append(diagnostics, source.Diagnostic{
			Kind:    source.PolicyError,
			Message: fmt.Sprintf("evaluate rule %s: locate a finding: the model has no place %d", rule, ref),
		})
		return place.Place{}, false
	}
	for _, r := range results {
		at, ok := lookup(r.Rule, r.At)
		if !ok {
			continue
		}
		it := &item{
			Finding: finding.Finding{
				Rule: r.Rule, Severity: r.Severity, Range: at.Range, Address: at.Address,
				Message: r.Message, Remedy: r.Remedy, Key: r.Key,
				Parts: []finding.Part{{
					File: at.Range.File, Address: at.Address, Root: at.Root, Variant: at.Variant,
					Severity: r.Severity, Key: r.Key,
				}},
			},
			place: at, kind: r.Case, places: []place.Place{at},
		}
		for _, ref := range r.Related {
			if p, ok := lookup(r.Rule, ref.At); ok {
				it.Related = append(it.Related, finding.Related{Range: p.Range, Message: ref.Text})
			}
		}
		items = append(items, it)
	}
	// The order decides which of several merged findings speaks for all.
	slices.SortStableFunc(items, func(a, b *item) int {
		return cmp.Or(
			a.Range.Compare(b.Range),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.place.Root, b.place.Root),
			cmp.Compare(a.place.Module, b.place.Module),
			cmp.Compare(a.place.Variant, b.place.Variant),
			cmp.Compare(a.kind, b.kind),
			slices.Compare(a.Key, b.Key),
			cmp.Compare(a.place.From, b.place.From),
		)
	})
	return items, diagnostics
}

func override(items []*item, severity map[string]finding.Severity) []*item {
	for _, it := range items {
		if s, ok := severity[it.Rule]; ok {
			it.Severity = s
		}
	}
	return items
}

// soften makes notes of what is found in modules that nothing calls.
func soften(items []*item, uncalled map[string]bool) []*item {
	for _, it := range items {
		if uncalled[it.place.Root] && it.place.Root != "" {
			it.Severity = finding.Note
			it.Message += fmt.Sprintf(" Nothing calls the module %s, which deploys nothing by itself.", it.place.Root)
		}
	}
	return items
}

func dropOff(items []*item, off map[string]bool) []*item {
	return slices.DeleteFunc(items, func(it *item) bool { return off[it.Rule] })
}

// suppressItems marks what the project has decided to live with. A finding whose
// suppression has expired tells so.
func suppressItems(ctx context.Context, items []*item, set *suppress.Set) error {
	if set == nil {
		return nil
	}
	for _, it := range items {
		if err := guard.Overdue(ctx); err != nil {
			return err
		}
		suppression, expired := set.Match(suppress.Finding{Rule: it.Rule, Anchor: it.Range, Places: it.places})
		it.Suppression = suppression
		for _, e := range expired {
			it.relate(e.At, "the suppression here expired: its last day was "+e.Until.Format(time.DateOnly))
		}
	}
	return nil
}
