package report

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// Summary says what a run looked at and what it could not tell.
type Summary struct {
	Files        parser.Files
	Clusters     int
	Resources    int // Terraform resource instances, over all roots and variants
	Objects      int // Kubernetes objects
	Workloads    int
	Requirements int
	Targets      int // what has an allow-list or a security group of its own
	Unknowns     []UnknownGroup
	Bindings     []Binding
}

// UnknownGroup is what is unknown for one reason.
type UnknownGroup struct {
	Reason   string // why, and what to do
	Subjects []string
}

// Binding says which cluster a group of manifests is deployed to.
type Binding struct {
	Manifests string
	Cluster   string // its name; empty if unbound
	Reason    string // how it was found out: configuration, only-cluster, directory, tie or none
	Hint      string // what to write in the configuration, if unbound
}

// Summarize counts what a run looked at. The files that were not read, as told
// by diagnostics, are among the unknowns.
func Summarize(parsed *parser.Result, m *model.Model, diagnostics []source.Diagnostic) Summary {
	s := Summary{
		Files:        parsed.Files,
		Clusters:     len(m.Clusters),
		Objects:      len(parsed.Objects),
		Workloads:    len(m.Workloads),
		Targets:      len(m.Targets),
		Requirements: len(m.Requirements),
	}
	for _, root := range parsed.Roots {
		s.Resources += len(root.Resources)
	}

	names := make(map[string]string, len(m.Clusters))
	for _, c := range m.Clusters {
		names[c.ID] = cmp.Or(c.Name, c.ID)
	}
	for _, b := range m.Bindings {
		s.Bindings = append(s.Bindings, Binding{
			Manifests: b.Manifests, Cluster: cmp.Or(names[b.Cluster], b.Cluster), Reason: b.Reason, Hint: b.Hint,
		})
	}

	subjects := make(map[string][]string)
	for _, u := range m.Unknowns {
		subjects[u.Reason] = append(subjects[u.Reason], u.Subject)
	}
	for _, d := range diagnostics {
		if d.Kind == source.Unread {
			subjects[d.Message] = append(subjects[d.Message], d.Range.String())
		}
	}
	for reason, list := range subjects {
		slices.Sort(list)
		s.Unknowns = append(s.Unknowns, UnknownGroup{Reason: reason, Subjects: slices.Compact(list)})
	}
	slices.SortFunc(s.Unknowns, func(a, b UnknownGroup) int {
		return cmp.Or(cmp.Compare(len(b.Subjects), len(a.Subjects)), cmp.Compare(a.Reason, b.Reason))
	})
	return s
}

// UnknownCount is how many facts the files do not decide.
func (s *Summary) UnknownCount() int {
	n := 0
	for _, u := range s.Unknowns {
		n += len(u.Subjects)
	}
	return n
}

// nothingJudged reports whether the files hold nothing that rules are about.
func (s *Summary) nothingJudged() bool {
	return s.Clusters == 0 && s.Workloads == 0 && s.Targets == 0
}

// nothingToJudge says so. A repository that was not understood is not one without a problem.
const nothingToJudge = "Nothing to judge: no workload, no cluster and nothing with a whitelist is in the files"
