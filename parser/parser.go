// Package parser reads the files of a tree, Kubernetes manifests and Terraform,
// into located resources. It knows syntax and evaluation, and nothing of what a
// resource means.
package parser

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// Options say what to read.
type Options struct {
	// Paths are the files and directories to lint, relative to the tree's root.
	// What they refer to is read too, wherever in the tree it lies.
	Paths []string
	// Exclude are globs of what not to lint, see [source.WalkOptions].
	Exclude []string
	// ExcludedBy is the file that Exclude is written in, for diagnostics; empty for none.
	ExcludedBy string
	Terraform  terraform.Options
	// Identities tell which attributes of a plan or a state stand for a thing itself.
	Identities tfjson.Identities
	Helm       helm.Options
	// Cache keeps what is found for the next reading; nil for none.
	Cache *Cache
}

// Files counts what was read, by kind. Files that were found but are nothing
// egresslint reads, as most .json files, do not count.
type Files struct {
	Terraform int // .tf, .tofu, .tf.json and .tofu.json files
	Variables int // .tfvars and .tfvars.json files
	YAML      int
	JSON      int // that hold Kubernetes objects, or a Terraform plan or state
	// Skipped are those YAML files of which a part is broken, but looks like no manifest.
	Skipped int
}

// Total is the number of files read.
func (f Files) Total() int { return f.Terraform + f.Variables + f.YAML + f.JSON }

// Result is everything that was read.
type Result struct {
	// Objects are those of the files, by file and in its order, then what kustomize
	// builds, then what Helm renders. What objects of Argo CD and Flux deploy is built
	// and rendered as they say.
	Objects []*kubernetes.Object
	Roots   []*terraform.Root // by directory, then variant
	// Rendered are the objects of those helm_release resources of Roots whose charts lie
	// in the tree.
	Rendered map[*terraform.Resource][]*kubernetes.Object
	// Documents are the plans and states that Roots come from, by the directory of the
	// root.
	Documents map[string][]string
	// Diagnostics are in the order of their places.
	Diagnostics []source.Diagnostic
	Files       Files
	// Linted are the files that the paths name, by name, also those that hold nothing
	// egresslint reads.
	Linted []source.File
}

// Empty reports whether nothing was found that egresslint understands.
func (r *Result) Empty() bool { return len(r.Objects) == 0 && len(r.Roots) == 0 }

// manifests is what one file holds.
type manifests struct {
	weight      int // what it takes of the ration
	objects     []*kubernetes.Object
	root        *terraform.Root // of a plan or a state
	skipped     bool            // what is broken in it looks like no manifest
	diagnostics []source.Diagnostic
}

// document is a Terraform plan or state.
type document struct {
	file string
	root *terraform.Root
}

// Parse reads what opts names. Whatever is wrong with single files is told in
// Result.Diagnostics, and everything else is read all the same. Files are read in
// parallel; the result does not depend on the order. What is not read when the time for
// reading is over is left out. The only error is that of ctx; work under way is then
// abandoned.
func Parse(ctx context.Context, tree *source.Tree, opts Options) (*Result, error) {
	defer opts.Cache.begin()()
	files, diagnostics := tree.Walk(opts.Paths, source.WalkOptions{Exclude: opts.Exclude, ExcludedBy: opts.ExcludedBy})
	result := &Result{Diagnostics: diagnostics, Linted: files}

	var names []string // of Terraform files
	var candidates []source.File
	for _, f := range files {
		switch f.Kind {
		case source.Terraform:
			names = append(names, f.Name)
			result.Files.Terraform++
		case source.TerraformVars:
			result.Files.Variables++
		case source.YAML, source.JSON:
			// The templates of a chart are not manifests until they are rendered.
			if !f.Chart {
				candidates = append(candidates, f)
			}
		}
	}

	var read manifestFiles
	var roots []*terraform.Root
	var rootDiagnostics []source.Diagnostic
	done, evaluated := make(chan struct{}), make(chan struct{})
	go func() {
		reading, cancel := part.Reading(ctx)
		defer cancel()
		var group errgroup.Group
		if part.Alone(ctx) {
			group.SetLimit(1)
		}
		group.Go(func() error {
			defer close(evaluated)
			roots, rootDiagnostics = loadTerraform(reading, tree, names, opts)
			return nil
		})
		group.Go(func() error {
			read = readManifests(reading, tree, files, candidates, opts, func() []*terraform.Root {
				<-evaluated
				return slices.Clone(roots)
			})
			return nil
		})
		_ = group.Wait() // none fails
		close(done)
	}()
	select {
	case <-done:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	result.Files.YAML, result.Files.JSON, result.Files.Skipped = read.yaml, read.json, read.skipped
	result.Objects, result.Rendered = read.objects, read.rendered
	result.Diagnostics = slices.Concat(result.Diagnostics, read.diagnostics, rootDiagnostics)
	result.Roots = preferDocuments(roots, read.documents)
	result.Documents = make(map[string][]string)
	for _, d := range read.documents {
		result.Documents[d.root.Dir] = append(result.Documents[d.root.Dir], d.file)
	}
	slices.SortStableFunc(result.Diagnostics, source.Diagnostic.Compare)
	result.Diagnostics = toldOnce(slices.Compact(result.Diagnostics))
	return result, nil
}

func countYAML(names map[string]bool) int {
	n := 0
	for name := range names {
		if kind, ok := source.KindOf(name); ok && kind == source.YAML {
			n++
		}
	}
	return n
}

// preferDocuments puts plans and states in the place of the evaluations of the
// same configuration: they know more. Several documents of one configuration are
// its variants, named by their files.
func preferDocuments(roots []*terraform.Root, documents []document) []*terraform.Root {
	perDir := make(map[string]int, len(documents))
	for _, d := range documents {
		perDir[d.root.Dir]++
	}
	roots = slices.DeleteFunc(slices.Clone(roots), func(r *terraform.Root) bool { return perDir[r.Dir] > 0 })
	for _, d := range documents {
		root := *d.root
		if perDir[root.Dir] > 1 && root.Variant == "" {
			root.Variant = strings.TrimSuffix(path.Base(d.file), ".json")
		}
		roots = append(roots, &root)
	}
	slices.SortStableFunc(roots, func(a, b *terraform.Root) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Variant, b.Variant))
	})
	return roots
}

// parseManifests reads one YAML or JSON file.
func parseManifests(ctx context.Context, tree *source.Tree, f source.File, ids tfjson.Identities, cache *Cache) (m manifests) {
	defer func() {
		if r := recover(); r != nil {
			m = manifests{diagnostics: []source.Diagnostic{internal(f.Name, r)}}
		}
	}()
	u := unit{Part: part.Part{Kind: part.File, Name: f.Name}}
	if m, ok := cached[manifests](ctx, cache, tree, u, f.Kind); ok {
		return m
	}
	tree, record := cache.recorded(tree)
	m = readManifest(ctx, tree, f, ids)
	cache.keep(u, f.Kind, record, m, m.diagnostics)
	return m
}

func readManifest(ctx context.Context, tree *source.Tree, f source.File, ids tfjson.Identities) (m manifests) {
	leave, left := part.Enter(ctx, part.Part{Kind: part.File, Name: f.Name})
	if left != nil {
		return manifests{diagnostics: []source.Diagnostic{*left}}
	}
	data, err := tree.ReadFile(f.Name)
	defer func() { leave(m.weight) }()
	if f.Kind == source.JSON && err == nil && tfjson.Is(data) {
		m.root, m.diagnostics = tfjson.Parse(ctx, tree, f.Name, data, ids)
		if m.weight = len(data) / textPerValue; m.root != nil {
			m.weight = max(m.weight, weightOfRoot(m.root))
		}
		return m
	}
	if f.Kind == source.JSON && (err != nil || !mayBeManifest(data)) {
		return manifests{} // any tool may keep any data in JSON
	}
	if err != nil {
		return manifests{diagnostics: []source.Diagnostic{readError(f.Name, err)}}
	}
	found := kubernetes.Find(f.Name, data)
	m.objects, m.diagnostics, m.skipped = found.Objects, found.Diagnostics, found.Skipped
	// What egresslint itself printed looks like a manifest.
	m.objects = slices.DeleteFunc(m.objects, func(o *kubernetes.Object) bool {
		return strings.HasPrefix(o.APIVersion, ownGroup)
	})
	m.weight = max(found.Parsed/textPerValue, weightOf(m.objects))
	return m
}

// ownGroup begins the apiVersion of egresslint's own documents, reports and models.
const ownGroup = "egresslint.io/"

// mayBeManifest reports whether a JSON text has the keys of a Kubernetes object.
func mayBeManifest(data []byte) bool {
	return bytes.Contains(data, []byte(`"apiVersion"`)) && bytes.Contains(data, []byte(`"kind"`))
}

// evaluated is what all of Terraform evaluates to: roots read the outputs of others, and
// the same modules.
type evaluated struct {
	roots       []*terraform.Root
	diagnostics []source.Diagnostic
}

func loadTerraform(ctx context.Context, tree *source.Tree, names []string, opts Options) (roots []*terraform.Root, diagnostics []source.Diagnostic) {
	if len(names) == 0 {
		return nil, nil
	}
	defer func() {
		if r := recover(); r != nil {
			roots, diagnostics = nil, []source.Diagnostic{internal(names[0], r)}
		}
	}()
	u := unit{Part: part.Part{Kind: part.Root}}
	input := []any{names, opts.Terraform}
	if e, ok := cached[evaluated](ctx, opts.Cache, tree, u, input); ok && !slices.ContainsFunc(e.roots, func(r *terraform.Root) bool {
		return part.Left(ctx, part.Part{Kind: part.Root, Name: r.Dir}) != nil
	}) {
		return e.roots, e.diagnostics
	}
	tree, record := opts.Cache.recorded(tree)
	roots, diagnostics = terraform.Load(ctx, tree, names, opts.Terraform)
	opts.Cache.keep(u, input, record, evaluated{roots, diagnostics}, diagnostics)
	return roots, diagnostics
}

func readError(name string, err error) source.Diagnostic {
	kind := source.ParseError
	if errors.Is(err, source.ErrTooLarge) {
		kind = source.LimitReached
	}
	return source.Diagnostic{Kind: kind, Range: source.Range{File: name}, Message: fmt.Sprintf("read file: %v", err)}
}

// internal is a mistake of egresslint itself that must not take the rest of the
// run with it. What a library panics with may quote a value.
func internal(name string, cause any) source.Diagnostic {
	return source.Diagnostic{
		Kind: source.ParseError, Range: source.Range{File: name},
		Message: "read file: internal error, please report it: " + guard.PanicText(cause),
	}
}
