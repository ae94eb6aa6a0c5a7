package egress

import (
	"context"
	"fmt"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// facts are what the input says, before anything is bound to a cluster.
type facts struct {
	options Options
	places  *kube.Places

	scopes         []*alicloud.Scope
	clusterList    []*cluster
	targetList     []*target
	entries        map[*alicloud.Scope][]*alicloud.SNATEntry
	privateDomains []string
	// born are the objects that Terraform creates, in order, and creators the same by
	// object.
	born     []terraformObject
	creators map[*kubernetes.Object]terraformObject
	outside  []*outsideTarget
}

// readFacts reads every Terraform root, and what the configuration says of clusters and
// of things outside the files.
func readFacts(ctx context.Context, input Input, n *notes) (*facts, error) {
	f := &facts{
		options: input.Options, places: kube.NewPlaces(),
		entries:  make(map[*alicloud.Scope][]*alicloud.SNATEntry),
		creators: make(map[*kubernetes.Object]terraformObject),
	}
	for _, root := range input.Roots {
		f.scopes = append(f.scopes, alicloud.NewScope(root, f.places.Registry))
	}
	alicloud.JoinScopes(f.scopes)
	for _, s := range f.scopes {
		f.entries[s] = s.SNATEntries()
	}
	for _, s := range f.scopes {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		f.clusterList = append(f.clusterList, readClusters(f, s)...)
		f.targetList = append(f.targetList, alicloud.Targets(s)...)
	}
	f.privateDomains = privateDomains(f.scopes, f.options.PrivateDomains)
	f.clusterList = append(f.clusterList, configuredClusters(f, n)...)
	sortClusters(f.clusterList)
	for _, s := range f.scopes {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		for _, t := range terraformObjects(s, input.Rendered) {
			f.creators[t.object] = t
			f.places.Bear(t.object, t.scope.Place(t.res, t.res.Body))
			f.born = append(f.born, t)
		}
	}
	f.outside = outsideTargets(f)
	return f, nil
}

// configuredClusters are the clusters that only the configuration names.
func configuredClusters(f *facts, n *notes) []*cluster {
	var list []*cluster
	for i := range f.options.Clusters {
		config := &f.options.Clusters[i]
		if slices.ContainsFunc(f.clusterList, func(c *cluster) bool { return c.config == config }) {
			continue
		}
		if config.Terraform != "" {
			n.diagnose(source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: config.At,
				Message: fmt.Sprintf("match cluster %s: the Terraform that was read has no cluster %s", config.Name, config.Terraform),
			})
		}
		c := &cluster{
			network: undecided, id: config.Name, name: config.Name, kind: "unknown", proxyMode: "unknown",
			mismatches: []model.Mismatch{}, config: config,
		}
		c.pod = sources{role: rolePod, unknown: c.name + " is not in the files"}
		c.node = sources{role: roleNode, unknown: c.name + " is not in the files"}
		readIntent(c)
		list = append(list, c)
	}
	return list
}
