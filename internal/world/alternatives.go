package world

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// Overlays and releases of several environments may be bound to one cluster, as where
// nothing says which of them it is. They are alternatives: what one of them deploys
// does not meet what another does.

// rendering is what one overlay or release renders for a cluster.
type rendering struct {
	from    string
	envs    []string // the environments that its directory or its values files name
	objects map[string]*kubernetes.Object
	rivals  []*rendering // those with the same object and different content
}

// alternative is a set of renderings that may be deployed side by side.
type alternative struct {
	name    string
	members []*rendering
}

// split returns the worlds of a cluster's objects. Renderings of different environments
// do not meet, nor do those that have the same object with different content; what is
// of no environment and has no such object is in each world. Mostly there is one.
func split(w *World) []*World {
	renderings := renderingsOf(w.Objects)
	alternatives := alternativesOf(renderings)
	if len(alternatives) < 2 {
		return []*World{w}
	}
	worlds := make([]*World, len(alternatives))
	for i, a := range alternatives {
		one := &World{Cluster: w.Cluster, env: a.name}
		for _, o := range w.Objects {
			if o.From == "" || slices.ContainsFunc(a.members, func(r *rendering) bool { return r.from == o.From }) {
				one.Objects = append(one.Objects, o)
			}
		}
		worlds[i] = one
	}
	return worlds
}

// renderingsOf groups the objects that something renders by what does, in order of
// its name.
func renderingsOf(objects []*kubernetes.Object) []*rendering {
	byName := make(map[string]*rendering)
	var list []*rendering
	for _, o := range objects {
		if o.From == "" {
			continue
		}
		r := byName[o.From]
		if r == nil {
			r = &rendering{from: o.From, envs: environmentsOf(o), objects: make(map[string]*kubernetes.Object)}
			if len(r.envs) == 0 {
				r.envs = environmentsIn(o.From)
			}
			byName[o.From] = r
			list = append(list, r)
		}
		if o.Name != "" && isRead(o) {
			r.objects[identity(o)] = o
		}
	}
	slices.SortFunc(list, func(a, b *rendering) int { return cmp.Compare(a.from, b.from) })
	findRivals(list)
	return list
}

// findRivals notes which renderings have the same object with different content.
func findRivals(list []*rendering) {
	holders := make(map[string][][]*rendering) // by identity, grouped by content
	for _, r := range list {
		for _, key := range slices.Sorted(maps.Keys(r.objects)) {
			same := -1
			for i, group := range holders[key] {
				if sameContent(r.objects[key].Root, group[0].objects[key].Root) {
					same = i
					continue
				}
				for _, other := range group {
					if r.mayMeet(other) && !r.isRival(other) {
						r.rivals, other.rivals = append(r.rivals, other), append(other.rivals, r)
					}
				}
			}
			if same < 0 {
				holders[key] = append(holders[key], []*rendering{r})
			} else {
				holders[key][same] = append(holders[key][same], r)
			}
		}
	}
}

func (r *rendering) isRival(other *rendering) bool { return slices.Contains(r.rivals, other) }

// mayMeet reports whether two renderings may be for the same environment.
func (r *rendering) mayMeet(other *rendering) bool {
	return len(r.envs) == 0 || len(other.envs) == 0 || shareEnvironment(r.envs, other.envs)
}

func shareEnvironment(a, b []string) bool {
	return slices.ContainsFunc(a, func(env string) bool { return slices.Contains(b, env) })
}

// alternativesOf finds what may be deployed together: first by environment, then, where
// renderings are rivals, by each of these. A rival of no environment is of none in
// particular and meets only what has no rivals and is of no environment either.
func alternativesOf(renderings []*rendering) []alternative {
	var list []alternative
	sets := environmentSets(renderings)
	for _, envs := range sets {
		var members []*rendering
		rivals := false
		for _, r := range renderings {
			if len(r.envs) == 0 && len(r.rivals) > 0 || len(envs) > 0 && len(r.envs) > 0 && !shareEnvironment(r.envs, envs) {
				continue
			}
			members = append(members, r)
			rivals = rivals || len(r.rivals) > 0
		}
		switch {
		case rivals:
			list = addRivals(list, members)
		case len(members) > 0 && (len(envs) > 0 || slices.ContainsFunc(members, func(r *rendering) bool { return len(r.envs) > 0 })):
			list = append(list, alternative{strings.Join(envs, " "), members})
		}
	}
	apart := len(sets) > 1
	loose := slices.DeleteFunc(slices.Clone(renderings), func(r *rendering) bool {
		return len(r.envs) > 0 && (apart || len(r.rivals) > 0)
	})
	return addRivals(list, loose)
}

// addRivals adds an alternative for each rendering of a list that has rivals.
func addRivals(list []alternative, members []*rendering) []alternative {
	for _, r := range members {
		if len(r.rivals) == 0 {
			continue
		}
		one := alternative{r.from, r.companions(members)}
		if !slices.ContainsFunc(list, func(have alternative) bool { return slices.Equal(have.members, one.members) }) {
			list = append(list, one)
		}
	}
	return list
}

// environmentSets are the sets of environments that renderings name, in order; an empty
// one alone where they do not tell renderings apart.
func environmentSets(renderings []*rendering) [][]string {
	var sets [][]string
	apart := false
	for _, r := range renderings {
		if len(r.envs) == 0 || slices.ContainsFunc(sets, func(have []string) bool { return slices.Equal(have, r.envs) }) {
			continue
		}
		apart = apart || slices.ContainsFunc(sets, func(have []string) bool { return !shareEnvironment(have, r.envs) })
		sets = append(sets, r.envs)
	}
	if !apart {
		return [][]string{nil}
	}
	slices.SortFunc(sets, slices.Compare)
	return sets
}

// companions are the renderings of a list that a rendering with rivals is deployed
// with: those without, and others of its environment that are no rivals of it or of
// each other.
func (r *rendering) companions(list []*rendering) []*rendering {
	with := []*rendering{r}
	for _, other := range list {
		if other == r || len(other.rivals) > 0 &&
			(!shareEnvironment(r.envs, other.envs) || slices.ContainsFunc(with, other.isRival)) {
			continue
		}
		with = append(with, other)
	}
	slices.SortFunc(with, func(a, b *rendering) int { return cmp.Compare(a.from, b.from) })
	return with
}

// isRead reports whether an object's content matters for what packets meet.
func isRead(o *kubernetes.Object) bool {
	return kube.PodTemplates[o.Kind] != nil || o.Kind == "Namespace" || slices.Contains(readKinds, o.Kind) || tierGroups[o.Kind] != ""
}

// sameContent reports whether two values are equal wherever they stand.
func sameContent(a, b *located.Value) bool {
	if a == b {
		return true
	}
	if a.Kind != b.Kind || a.Bool != b.Bool || a.Str != b.Str || len(a.List) != len(b.List) || len(a.Map) != len(b.Map) {
		return false
	}
	for i := range a.List {
		if !sameContent(a.List[i], b.List[i]) {
			return false
		}
	}
	for _, f := range a.Map {
		if other := b.Get(f.Key); other.IsNull() != f.Value.IsNull() || !sameContent(f.Value, other) {
			return false
		}
	}
	return true
}
