package pipeline

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// PathChangeKind says what happened to a path between two states of the files.
type PathChangeKind string

// The kinds, in the order in which they are listed. A path that was blocked and is
// unknown became unknown; one that was unknown and is blocked became known.
const (
	PathClosed        PathChangeKind = "closed"
	PathOpened        PathChangeKind = "opened"
	PathBecameUnknown PathChangeKind = "became-unknown"
	PathBecameKnown   PathChangeKind = "became-known"
	PathAdded         PathChangeKind = "added"   // nobody needed it before, or the workload is new
	PathRemoved       PathChangeKind = "removed" // nobody needs it any more, or the workload is gone
)

// PathChangeKinds returns all kinds in their order.
func PathChangeKinds() []PathChangeKind {
	return []PathChangeKind{PathClosed, PathOpened, PathBecameUnknown, PathBecameKnown, PathAdded, PathRemoved}
}

// PathChange is a path whose verdict differs between two states of the files.
type PathChange struct {
	Kind     PathChangeKind
	Workload PathWorkload
	// Destination is a host, an address or the name of a target, in most cases with its
	// port.
	Destination string
	Port        int    // 0 if the files do not say it
	Protocol    string // TCP, UDP or SCTP
	// Before and After are the verdicts; that of a side that does not have the path
	// is nil.
	Before, After *PathVerdict
}

// PathWorkload is the workload that a path begins at, as it is named in the later
// state if it is there.
type PathWorkload struct {
	// Cluster is the name of its cluster. Of manifests that no cluster was found for it
	// is what tells equal ones apart, such as the environment; it may be empty.
	Cluster string
	// ClusterID is the key of the cluster in its model, which has the Terraform root
	// and the address; empty if no cluster was found.
	ClusterID             string
	Namespace, Name, Kind string
}

// PathVerdict is what one state of the files says of a path.
type PathVerdict struct {
	Status truth.Verdict // Open, Blocked or Unsure
	Hop    model.Hop     // that decides; see [egress.Path.Verdict]
	// Place is what stops the packet, where a module is called with it: at the
	// outermost caller; zero if nothing stops it for certain.
	Place source.Range
}

// PathComparison is how the paths of two states of the files differ.
type PathComparison struct {
	Changes   []PathChange // by kind, then by workload and destination
	Unchanged int          // paths with the same verdict in both
	// Clusters says that workloads are of several clusters, so that their names alone
	// do not tell which.
	Clusters bool
	// Namesakes says that several clusters have the same name.
	Namesakes bool
}

// ComparePaths compares the paths of two models. Workloads are the same if their
// namespace, kind, name and the name of their cluster are, in whatever file they are
// written. Clusters of one name are told apart by their ids. A cluster that only base
// has is taken for one that only head has, of the same name if there is one: it was
// moved or got another name.
func ComparePaths(base, head *model.Model) *PathComparison {
	before, after := newPathSide(base), newPathSide(head)
	// What is in one side only may be the same cluster in another place.
	moved := func(was, is *pathEnd) bool { return !after.clusters[was.cluster] && !before.clusters[is.cluster] }
	same := []func(was, is *pathEnd) bool{
		func(was, is *pathEnd) bool { return was.cluster == is.cluster },
		func(was, is *pathEnd) bool { return moved(was, is) && was.cluster.name == is.cluster.name },
		moved,
		// Manifests that were matched to a cluster, or are no longer
		func(was, is *pathEnd) bool { return was.cluster.id == "" || is.cluster.id == "" },
	}
	former := make(map[pathKey][]*pathEnd)
	for _, was := range before.ends {
		former[was.key] = append(former[was.key], was)
	}
	for _, same := range same {
		for _, is := range after.ends {
			for _, was := range former[is.key] {
				if was.match == nil && is.match == nil && same(was, is) {
					was.match, is.match = is, was
				}
			}
		}
	}

	c := &PathComparison{Changes: []PathChange{}}
	for _, is := range after.ends {
		switch {
		case is.match == nil:
			c.add(is, PathAdded, nil, &is.verdict)
		case is.match.verdict.Status == is.verdict.Status:
			c.Unchanged++
		default:
			c.add(is, kindOfChange(is.match.verdict.Status, is.verdict.Status), &is.match.verdict, &is.verdict)
		}
	}
	for _, was := range before.ends {
		if was.match == nil {
			c.add(was, PathRemoved, &was.verdict, nil)
		}
	}
	slices.SortFunc(c.Changes, comparePathChanges)
	c.Clusters = before.several() || after.several()
	c.Namesakes = before.namesakes() || after.namesakes()
	return c
}

func (c *PathComparison) add(end *pathEnd, kind PathChangeKind, before, after *PathVerdict) {
	c.Changes = append(c.Changes, PathChange{
		Kind: kind, Destination: end.key.destination, Port: end.key.port, Protocol: end.key.protocol,
		Workload: PathWorkload{
			Cluster: end.cluster.name, ClusterID: end.cluster.id,
			Namespace: end.key.namespace, Name: end.key.name, Kind: end.key.kind,
		},
		Before: before, After: after,
	})
}

// Count is how many changes are of a kind.
func (c *PathComparison) Count(kind PathChangeKind) int {
	n := 0
	for _, change := range c.Changes {
		if change.Kind == kind {
			n++
		}
	}
	return n
}

func kindOfChange(before, after truth.Verdict) PathChangeKind {
	switch {
	case after == truth.Unknown:
		return PathBecameUnknown
	case before == truth.Unknown:
		return PathBecameKnown
	case after == truth.Blocked:
		return PathClosed
	default:
		return PathOpened
	}
}

func comparePathChanges(x, y PathChange) int {
	kinds := PathChangeKinds()
	v, w := x.Workload, y.Workload
	return cmp.Or(
		cmp.Compare(slices.Index(kinds, x.Kind), slices.Index(kinds, y.Kind)),
		cmp.Compare(v.Cluster, w.Cluster), cmp.Compare(v.ClusterID, w.ClusterID),
		cmp.Compare(v.Namespace, w.Namespace), cmp.Compare(v.Name, w.Name), cmp.Compare(v.Kind, w.Kind),
		cmp.Compare(x.Destination, y.Destination), cmp.Compare(x.Port, y.Port), cmp.Compare(x.Protocol, y.Protocol),
	)
}

// pathKey is what paths have in common that are the same one, but for the cluster.
type pathKey struct {
	namespace, name, kind, destination string
	port                               int
	protocol                           string
}

// pathCluster is what tells clusters apart that may have the same name.
type pathCluster struct{ name, id string }

// pathEnd is a path of one side.
type pathEnd struct {
	key     pathKey
	cluster pathCluster // without id if the workload's is not known
	verdict PathVerdict
	match   *pathEnd // in the other side
}

// pathSide has the paths of a model, each once.
type pathSide struct {
	ends     []*pathEnd
	clusters map[pathCluster]bool
}

func newPathSide(m *model.Model) *pathSide {
	s := &pathSide{clusters: make(map[pathCluster]bool)}
	clusters := make(map[string]pathCluster, len(m.Clusters))
	for _, c := range m.Clusters {
		cluster := pathCluster{cmp.Or(c.Name, c.ID), c.ID}
		clusters[c.ID], s.clusters[cluster] = cluster, true
	}
	workloads := make(map[string]*model.Workload, len(m.Workloads))
	for _, w := range m.Workloads {
		workloads[w.ID] = w
	}
	type known struct {
		pathKey
		pathCluster
	}
	seen := make(map[known]*pathEnd)
	for _, p := range m.Paths {
		w := workloads[p.Workload]
		if w == nil {
			continue
		}
		end := &pathEnd{
			key:     pathKey{w.Namespace, w.Name, w.Kind, p.Destination, p.Port, p.Protocol},
			cluster: clusters[w.Cluster],
		}
		if w.Cluster == "" {
			prefix := strings.TrimSuffix(w.ID, w.Namespace+"/"+w.Name+"["+w.Kind+"]")
			end.cluster.name = strings.TrimSuffix(prefix, ":")
		}
		end.verdict.Status, end.verdict.Hop = p.Verdict()
		if ref := end.verdict.Hop.Origin.Ref; end.verdict.Status == truth.Blocked && ref < len(m.Origins) {
			place := m.Origins[ref]
			end.verdict.Place = place.Range
			if n := len(place.Callers); n > 0 {
				end.verdict.Place = place.Callers[n-1]
			}
		}
		// What a workload needs for several reasons is one path, as bad as the worst.
		if other := seen[known{end.key, end.cluster}]; other == nil {
			seen[known{end.key, end.cluster}] = end
			s.ends = append(s.ends, end)
		} else if other.verdict.Status.Better(end.verdict.Status) {
			other.verdict = end.verdict
		}
	}
	return s
}

// several reports whether the workloads of paths are of more than one cluster.
func (s *pathSide) several() bool {
	return slices.ContainsFunc(s.ends, func(e *pathEnd) bool { return e.cluster != s.ends[0].cluster })
}

// namesakes reports whether two clusters have the same name.
func (s *pathSide) namesakes() bool {
	names := make(map[string]bool)
	for c := range s.clusters {
		if names[c.name] {
			return true
		}
		names[c.name] = true
	}
	return false
}
