package report

import (
	"io"

	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/truth"
)

// jsonPathDiff is the document of a comparison of paths.
type jsonPathDiff struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Tool       jsonTool         `json:"tool"`
	Base       jsonPathSide     `json:"base"`
	Head       jsonPathSide     `json:"head"`
	Changes    []jsonPathChange `json:"changes"`
	Summary    struct {
		Closed        int `json:"closed"`
		Opened        int `json:"opened"`
		BecameUnknown int `json:"becameUnknown"`
		BecameKnown   int `json:"becameKnown"`
		Added         int `json:"added"`
		Removed       int `json:"removed"`
		Unchanged     int `json:"unchanged"`
	} `json:"summary"`
}

// jsonPathSide has neither ref nor commit if it is the work tree.
type jsonPathSide struct {
	Ref       string `json:"ref,omitempty"`
	Commit    string `json:"commit,omitempty"`
	MergeBase bool   `json:"mergeBase,omitempty"`
	Complete  bool   `json:"complete"`
}

type jsonPathChange struct {
	Change      pipeline.PathChangeKind `json:"change"`
	Workload    jsonPathWorkload        `json:"workload"`
	Destination string                  `json:"destination"`
	Port        int                     `json:"port,omitempty"`
	Protocol    string                  `json:"protocol"`
	Before      *jsonPathVerdict        `json:"before"`
	After       *jsonPathVerdict        `json:"after"`
}

type jsonPathWorkload struct {
	Cluster   string `json:"cluster"`
	ClusterID string `json:"clusterId"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
}

type jsonPathVerdict struct {
	Status   truth.Verdict `json:"status"`
	Hop      string        `json:"hop"`
	Code     string        `json:"code"`
	Message  string        `json:"message"`
	Location *jsonLocation `json:"location"`
}

func writePathDiffJSON(w io.Writer, d *PathDiff) error {
	doc := jsonPathDiff{
		APIVersion: JSONVersion, Kind: "PathDiff", Tool: jsonTool{Name: "egresslint", Version: d.Version},
		Base: d.Base.json(), Head: d.Head.json(), Changes: []jsonPathChange{},
	}
	for i := range d.Changes {
		c := &d.Changes[i]
		doc.Changes = append(doc.Changes, jsonPathChange{
			Change: c.Kind, Destination: c.Destination, Port: c.Port, Protocol: c.Protocol,
			Workload: jsonPathWorkload{
				Cluster: c.Workload.Cluster, ClusterID: c.Workload.ClusterID,
				Namespace: c.Workload.Namespace, Kind: c.Workload.Kind, Name: c.Workload.Name,
			},
			Before: d.Base.jsonVerdict(c.Before), After: d.Head.jsonVerdict(c.After),
		})
	}
	s := &doc.Summary
	s.Closed, s.Opened = d.Count(pipeline.PathClosed), d.Count(pipeline.PathOpened)
	s.BecameUnknown, s.BecameKnown = d.Count(pipeline.PathBecameUnknown), d.Count(pipeline.PathBecameKnown)
	s.Added, s.Removed, s.Unchanged = d.Count(pipeline.PathAdded), d.Count(pipeline.PathRemoved), d.Unchanged
	return EncodeJSON(w, doc)
}

func (s *PathDiffSide) json() jsonPathSide {
	return jsonPathSide{Ref: s.Ref, Commit: s.Commit, MergeBase: s.MergeBase, Complete: s.Complete}
}

// jsonVerdict is nil for a side that does not have the path. Files in it are relative
// to the root of the tree on both sides.
func (s *PathDiffSide) jsonVerdict(v *pipeline.PathVerdict) *jsonPathVerdict {
	if v == nil {
		return nil
	}
	out := &jsonPathVerdict{Status: v.Status, Hop: v.Hop.Name, Code: v.Hop.Code, Location: newLocation(v.Place)}
	out.Message, _ = s.words(v)
	return out
}
