package parser

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// Cache keeps what readings of trees found, so that the next one reads again only what
// depends on what is different. What was found with it is shared, and must not be changed.
// Readings may use it side by side.
type Cache struct {
	mu   sync.Mutex
	runs int
	kept map[unit]found
}

// NewCache returns a cache that holds nothing.
func NewCache() *Cache { return &Cache{kept: make(map[unit]found)} }

// unit is something that is read as a whole: a file, what an overlay or a chart is
// deployed as, all of Terraform.
type unit struct {
	part.Part
	as string // the deployment; empty for none
}

// found is what was found in a unit, and what from: input, and what the tree said.
type found struct {
	run    int // that used it last
	input  any
	record *source.Record // nil if input is all
	output any
}

// begin begins a reading and returns what ends it: what nothing has used since is
// forgotten.
func (c *Cache) begin() (end func()) {
	if c == nil {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	run := c.runs
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for u, f := range c.kept {
			if f.run < run {
				delete(c.kept, u)
			}
		}
	}
}

// cached returns what is kept of u, if a reading would find the same. What is to be left
// out is never kept.
func cached[T any](ctx context.Context, c *Cache, tree *source.Tree, u unit, input any) (output T, ok bool) {
	if c == nil || part.Left(ctx, u.Part) != nil {
		return output, false
	}
	c.mu.Lock()
	f, ok := c.kept[u]
	c.mu.Unlock()
	if !ok || !reflect.DeepEqual(f.input, input) || f.record != nil && !f.record.Holds(tree) {
		return output, false
	}
	output, ok = f.output.(T)
	c.mu.Lock()
	defer c.mu.Unlock()
	f.run = c.runs
	c.kept[u] = f
	return output, ok
}

// recorded returns the tree that a unit is read from, and what of it is read.
func (c *Cache) recorded(tree *source.Tree) (*source.Tree, *source.Record) {
	if c == nil {
		return tree, nil
	}
	return tree.Recorded()
}

// keep keeps what was found in u, unless a limit was reached: the next reading may have
// more time.
func (c *Cache) keep(u unit, input any, record *source.Record, output any, told []source.Diagnostic) {
	if c == nil || slices.ContainsFunc(told, func(d source.Diagnostic) bool { return d.Kind == source.LimitReached }) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[u] = found{run: c.runs, input: input, record: record, output: output}
}
