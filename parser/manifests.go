package parser

import (
	"context"
	"slices"

	"github.com/egresslint/egresslint/parser/gitops"
	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// manifestFiles is what the manifests, overlays and charts of a tree hold.
type manifestFiles struct {
	objects     []*kubernetes.Object
	rendered    map[*terraform.Resource][]*kubernetes.Object
	documents   []document
	yaml, json  int // files that were read
	skipped     int // of the YAML files
	diagnostics []source.Diagnostic
}

// readManifests reads the candidates among files, which are those of a walk, and what
// kustomize and Helm make of files, also for the releases of the Terraform roots that it
// waits for.
func readManifests(ctx context.Context, tree *source.Tree, files, candidates []source.File, opts Options, roots func() []*terraform.Root) (m manifestFiles) {
	defer func() {
		if r := recover(); r != nil {
			m = manifestFiles{diagnostics: append(m.diagnostics, internal(".", r))}
		}
	}()
	overlays := kustomize.Read(ctx, tree, files)
	charts := helm.Read(ctx, tree, files, opts.Helm)
	// What kustomize and Helm read is not applied as it stands.
	built, rendered := overlays.Consumed(), charts.Consumed()
	components := overlays.Unused()
	candidates = slices.DeleteFunc(candidates, func(f source.File) bool { return built[f.Name] || rendered[f.Name] })

	ration := &ration{left: maxRunValues}
	read, leftOut := ration.readFiles(ctx, tree, candidates, opts.Identities, opts.Cache)
	m.diagnostics = append(m.diagnostics, leftOut...)
	for i, r := range read {
		if r.root != nil {
			m.documents = append(m.documents, document{candidates[i].Name, r.root})
		}
		switch {
		case candidates[i].Kind == source.YAML:
			m.yaml++
			if r.skipped {
				m.skipped++
			}
		case r.root != nil, len(r.objects) > 0 || len(r.diagnostics) > 0:
			m.json++
		}
		if dir := components[candidates[i].Name]; dir != "" {
			r.objects = slices.Clone(r.objects)
			for j, o := range r.objects {
				alone := *o
				alone.From, alone.Alone = "component "+dir, true
				r.objects[j] = &alone
			}
		}
		m.objects = append(m.objects, r.objects...)
		m.diagnostics = append(m.diagnostics, r.diagnostics...)
	}
	m.yaml += countYAML(built) + countYAML(rendered)

	d := &deployer{tree: tree, files: files, exclude: opts.Exclude, cache: opts.Cache, helm: opts.Helm, overlays: overlays, charts: charts, written: m.objects, outputs: make(map[outputKey]output), ration: ration, budget: gitops.NewBudget()}
	d.releases = localReleases(charts, preferDocuments(roots(), m.documents))
	d.run(ctx)
	m.rendered = d.release(ctx)
	m.objects = d.objects
	m.diagnostics = slices.Concat(m.diagnostics, overlays.Diagnostics(), d.diagnostics)
	return m
}
