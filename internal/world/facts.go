package world

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

// Facts are what the input says, before anything is bound to a cluster.
type Facts struct {
	options Options
	Places  *kube.Places

	Scopes         []*alicloud.Scope
	Clusters       []*Cluster
	Targets        []*alicloud.Target
	Entries        map[*alicloud.Scope][]*alicloud.SNATEntry
	privateDomains []string
	// Born are the objects that Terraform creates, in order, and creators the same by
	// object.
	Born     []terraformObject
	creators map[*kubernetes.Object]terraformObject
	outside  []*outsideTarget
}

// ReadFacts reads every Terraform root, and what the configuration says of clusters and
// of things outside the files.
func ReadFacts(ctx context.Context, input Input, n *Notes) (*Facts, error) {
	f := &Facts{
		options: input.Options, Places: kube.NewPlaces(),
		Entries:  make(map[*alicloud.Scope][]*alicloud.SNATEntry),
		creators: make(map[*kubernetes.Object]terraformObject),
	}
	for _, root := range input.Roots {
		f.Scopes = append(f.Scopes, alicloud.NewScope(root, f.Places.Registry))
	}
	alicloud.JoinScopes(f.Scopes)
	for _, s := range f.Scopes {
		f.Entries[s] = alicloud.SNATEntries(s)
	}
	for _, s := range f.Scopes {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		f.Clusters = append(f.Clusters, readClusters(f, s)...)
		f.Targets = append(f.Targets, alicloud.Targets(s)...)
	}
	f.privateDomains = privateDomains(f.Scopes, f.options.PrivateDomains)
	f.Clusters = append(f.Clusters, configuredClusters(f, n)...)
	sortClusters(f.Clusters)
	for _, s := range f.Scopes {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		for _, t := range terraformObjects(s, input.Rendered) {
			f.creators[t.Object] = t
			f.Places.Bear(t.Object, t.scope.Place(t.res, t.res.Body))
			f.Born = append(f.Born, t)
		}
	}
	f.outside = outsideTargets(f)
	return f, nil
}

// configuredClusters are the clusters that only the configuration names.
func configuredClusters(f *Facts, n *Notes) []*Cluster {
	var list []*Cluster
	for i := range f.options.Clusters {
		config := &f.options.Clusters[i]
		if slices.ContainsFunc(f.Clusters, func(c *Cluster) bool { return c.config == config }) {
			continue
		}
		if config.Terraform != "" {
			n.diagnose(source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: config.At,
				Message: fmt.Sprintf("match cluster %s: the Terraform that was read has no cluster %s", config.Name, config.Terraform),
			})
		}
		c := &Cluster{
			network: undecided, ID: config.Name, Name: config.Name, kind: "unknown", ProxyMode: "unknown",
			mismatches: []model.Mismatch{}, config: config,
		}
		c.Pod = Sources{Role: RolePod, Unknown: c.Name + " is not in the files"}
		c.Node = Sources{Role: RoleNode, Unknown: c.Name + " is not in the files"}
		readIntent(c)
		list = append(list, c)
	}
	return list
}
