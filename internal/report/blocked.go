package report

import (
	"cmp"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
)

// BlockedPath is a connection that a workload needs and that the files prove to be
// stopped.
type BlockedPath struct {
	Workload    string // namespace/name[Kind], with the name of the cluster if several are in the files
	Hop         string // the check that stops the packet, such as network-policy or nat
	Code        string // why it does, as a stable code; may be empty
	Destination string // host and port, address or name of a target
}

// BlockedPaths returns the paths of a model that are blocked, in its order. A path
// that is blocked in several variants of a root is one. Where several hops stop the
// packet the first counts, as it does not get to the others.
func BlockedPaths(m *model.Model) []BlockedPath {
	workloads := make(map[string]string, len(m.Workloads))
	clusters := make(map[string]string, len(m.Clusters))
	for _, c := range m.Clusters {
		clusters[c.ID] = cmp.Or(c.Name, c.ID)
	}
	for _, w := range m.Workloads {
		workloads[w.ID] = w.ID
		if id, ok := strings.CutPrefix(w.ID, w.Cluster+":"); ok && w.Cluster != "" {
			workloads[w.ID] = cmp.Or(clusters[w.Cluster], w.Cluster) + ": " + id
		}
	}
	var paths []BlockedPath
	seen := make(map[BlockedPath]bool)
	for _, p := range m.Paths {
		verdict, hop := p.Verdict()
		if verdict != truth.Blocked {
			continue
		}
		path := BlockedPath{
			Workload: cmp.Or(workloads[p.Workload], p.Workload), Hop: hop.Name, Code: hop.Code, Destination: p.Destination,
		}
		if !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	return paths
}
