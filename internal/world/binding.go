package world

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// bind assigns every object to the clusters it runs on: those the configuration
// says, else the nearest by directory, else the only one there is.
func (b *binder) bind(ctx context.Context, objects []*kubernetes.Object) ([]*World, error) {
	worlds := make(map[*Cluster]*World)
	var order []*World
	worldOf := func(c *Cluster) *World {
		w := worlds[c]
		if w == nil {
			w = &World{Cluster: c}
			worlds[c] = w
			order = append(order, w)
		}
		return w
	}
	for _, c := range b.Clusters {
		worldOf(c)
	}
	type origin struct{ file, dir, deployer, destination string }
	type choice struct {
		clusters []*Cluster
		reason   string
	}
	chosen := make(map[origin]choice)
	var loose []*kubernetes.Object
	for _, o := range objects {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		if o.Alone {
			loose = append(loose, o)
			continue
		}
		key := origin{o.File, o.Dir, o.Deployer, o.Destination}
		c, ok := chosen[key]
		if !ok {
			c.clusters, c.reason = clustersFor(b.Facts, o)
			chosen[key] = c
			b.recordBinding(o.Dir, c.clusters, c.reason)
		}
		if len(c.clusters) == 0 {
			loose = append(loose, o)
		}
		for _, cluster := range c.clusters {
			w := worldOf(cluster)
			w.Objects = append(w.Objects, o)
		}
	}
	for _, t := range b.Born {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		if c := clusterOf(b.Facts, t); c != nil {
			w := worldOf(c)
			w.Objects = append(w.Objects, t.Object)
		} else {
			loose = append(loose, t.Object)
		}
	}
	var list []*World
	for _, w := range order {
		w.Cluster.Worlds = split(w)
		list = append(list, w.Cluster.Worlds...)
	}
	return append(list, looseWorlds(loose)...), guard.Overdue(ctx)
}

// looseWorlds groups objects that are bound to no cluster. Those of different
// overlays or environments do not meet; those that belong to none meet each.
func looseWorlds(objects []*kubernetes.Object) []*World {
	if len(objects) == 0 {
		return nil
	}
	var worlds []*World
	find := func(from string, envs []string, alone bool) {
		name := strings.TrimSpace(strings.Join(append([]string{from}, envs...), " "))
		if !slices.ContainsFunc(worlds, func(w *World) bool { return w.env == name }) {
			worlds = append(worlds, &World{env: name, from: from, envs: envs, alone: alone})
		}
	}
	for _, o := range objects {
		if o.From != "" {
			find(o.From, environmentsOf(o), o.Alone)
		}
	}
	// An object without an environment belongs to all: only if there is none, it makes
	// a world.
	for _, named := range []bool{true, false} {
		for _, o := range objects {
			envs := environmentsOf(o)
			known := slices.ContainsFunc(worlds, func(w *World) bool { return takes(w, o) })
			if o.From == "" && (len(envs) > 0) == named && !known {
				find("", envs, false)
			}
		}
	}
	slices.SortFunc(worlds, func(a, b *World) int { return cmp.Compare(a.env, b.env) })
	for _, o := range objects {
		for _, w := range worlds {
			if takes(w, o) {
				w.Objects = append(w.Objects, o)
			}
		}
	}
	if len(worlds) == 1 {
		worlds[0].env = ""
	}
	return worlds
}

// takes reports whether an object that is bound to no cluster belongs to a world.
func takes(w *World, o *kubernetes.Object) bool {
	if o.From != "" {
		return o.From == w.from
	}
	if w.alone {
		return false
	}
	envs := environmentsOf(o)
	return len(envs) == 0 || len(w.envs) == 0 ||
		slices.ContainsFunc(envs, func(env string) bool { return slices.Contains(w.envs, env) })
}

// clustersFor chooses the clusters that a manifest runs on: those the configuration
// says, by its file, by the directory whose deployment it belongs to and by the file
// of what deploys it; else the one that this names, else the nearest ones.
func clustersFor(f *Facts, o *kubernetes.Object) (list []*Cluster, reason string) {
	for _, c := range f.Clusters {
		if c.config != nil && slices.ContainsFunc(c.config.Manifests, func(glob string) bool {
			return source.MatchGlob(glob, o.File) || source.MatchGlob(glob, o.Dir+"/kustomization.yaml") || o.Deployer != "" && source.MatchGlob(glob, o.Deployer)
		}) {
			list = append(list, c)
		}
	}
	for _, c := range f.Clusters {
		if len(list) == 0 && o.Destination != "" && c.config != nil && c.config.Name == o.Destination {
			list = append(list, c)
		}
	}
	if len(list) > 0 {
		return list, "configuration"
	}
	own := environmentsOf(o)
	type score struct {
		cluster        *Cluster
		shared, common int
	}
	var scores []score
	for _, c := range f.Clusters {
		if c.Scope == nil {
			continue // a cluster without files has no directory to be near to
		}
		its := environmentsIn(c.root + "/" + c.variant)
		common := 0
		for _, env := range own {
			if slices.Contains(its, env) {
				common++
			}
		}
		// A manifest of another environment does not run here, however near.
		if len(own) > 0 && len(its) > 0 && common == 0 {
			continue
		}
		shared := sharedPrefix(o.Dir, c.root)
		if o.Deployer != "" {
			shared = max(shared, sharedPrefix(path.Dir(o.Deployer), c.root))
		}
		scores = append(scores, score{c, shared, common})
	}
	if len(scores) == 0 {
		return nil, "none"
	}
	best := slices.MaxFunc(scores, func(a, b score) int {
		return cmp.Or(cmp.Compare(a.shared, b.shared), cmp.Compare(a.common, b.common))
	})
	for _, s := range scores {
		if s.shared == best.shared && s.common == best.common {
			list = append(list, s.cluster)
		}
	}
	switch {
	case len(list) > 1:
		return list, "tie"
	case len(f.Clusters) == 1:
		return list, "only-cluster"
	default:
		return list, "directory"
	}
}

// sharedPrefix counts the leading path elements that two directories share.
func sharedPrefix(a, b string) int {
	if a == "." || b == "." {
		return 0
	}
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(as) && n < len(bs) && as[n] == bs[n] {
		n++
	}
	return n
}

func (b *binder) recordBinding(dir string, clusters []*Cluster, reason string) {
	names := make([]string, 0, len(clusters))
	for _, c := range clusters {
		names = append(names, c.ID)
	}
	binding := model.Binding{Manifests: dir, Cluster: strings.Join(names, ", "), Reason: reason}
	if len(clusters) == 0 && len(b.Clusters) > 0 {
		binding.Hint = "clusters: [{name: NAME, terraform: DIRECTORY, manifests: [\"" + dir + "/**\"]}]"
	}
	if !slices.Contains(b.Bindings, binding) {
		b.Bindings = append(b.Bindings, binding)
	}
}
