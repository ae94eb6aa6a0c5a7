package checks

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
)

// kustomizations are the names of the file that makes a folder an overlay.
var kustomizations = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// builds returns, for the place of each object, the folders of the overlays that were
// built and have it.
func (r *Run) builds() map[source.Range]map[string]bool {
	builds := make(map[source.Range]map[string]bool)
	for _, o := range r.Parsed.Objects {
		if !strings.HasPrefix(o.From, "overlay ") {
			continue
		}
		at := o.KindRange()
		if builds[at] == nil {
			builds[at] = make(map[string]bool)
		}
		builds[at][o.Dir] = true
	}
	return builds
}

// overlays tells of overlays that are no longer built by themselves, as another one uses
// them, and of which objects are missing in what is built. An object that several overlays
// have is judged in each of them.
func (j *judging) overlays() {
	was, is := j.before.Run.builds(), j.now.Run.builds()
	builtNow := make(map[string]bool)
	for _, dirs := range is {
		maps.Copy(builtNow, dirs)
	}
	missing := make(map[string]int) // by the folder of the overlay
	for at, dirs := range was {
		now := at
		now.File = cmp.Or(j.current[at.File], at.File)
		// Where the object's own file changed, lines say nothing.
		if j.between.Changed[now.File] || len(is[now]) >= len(dirs) {
			continue
		}
		for dir := range dirs {
			missing[dir]++
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(missing)) {
		for _, base := range kustomizations {
			former := path.Join(dir, base)
			name := cmp.Or(j.current[former], former)
			_, before := j.before.Run.Tree.Stat(former)
			if _, err := j.now.Run.Tree.Stat(name); before == nil && err == nil && !builtNow[path.Dir(name)] {
				j.report(former, name, plural(missing[dir], "object"), "another kustomization uses this overlay, and what is built with it lacks them")
			}
		}
	}
}
