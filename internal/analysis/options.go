package analysis

import (
	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/terraform"
)

// parserOptions are what the readers are to know.
func parserOptions(s Settings) parser.Options {
	opts := parser.Options{Paths: s.Paths, ExcludedBy: s.Config.File, Terraform: s.Terraform}
	for _, glob := range s.Config.Exclude {
		opts.Exclude = append(opts.Exclude, glob.Pattern)
	}
	for _, glob := range s.Exclude {
		opts.Exclude = append(opts.Exclude, glob.Pattern)
	}
	opts.Terraform.Schema = alicloud.Table{}
	opts.Identities = alicloud.Identities()
	for _, stack := range s.Config.Stacks {
		vars := make(map[string]string, len(stack.Vars))
		for _, v := range stack.Vars {
			vars[v.Name] = v.Value
		}
		opts.Terraform.Stacks = append(opts.Terraform.Stacks, terraform.Stack{
			Name: stack.Name, Dir: stack.Dir, VarFiles: stack.VarFiles, Vars: vars,
		})
	}
	for _, c := range s.Config.Helm {
		opts.Helm.Releases = append(opts.Helm.Releases, helm.Release{
			Name: c.Release, Namespace: c.Namespace, Chart: c.Dir, Values: helm.Files(c.Values...),
		})
	}
	return opts
}

// egressOptions are what the model is to know.
func egressOptions(s Settings) world.Options {
	opts := world.Options{ClusterNetwork: s.ClusterNetwork, PrivateDomains: s.Config.PrivateDomains}
	for _, c := range s.Config.Clusters {
		opts.Clusters = append(opts.Clusters, world.ClusterConfig{
			Name: c.Name, Terraform: c.Terraform, Manifests: c.Manifests,
			Network: world.NetworkConfig(c.Network), Internet: c.Internet, At: c.At,
		})
	}
	for _, r := range s.Config.Requirements {
		opts.Requirements = append(opts.Requirements, world.RequirementConfig(r))
	}
	for _, t := range s.Config.Targets {
		target := world.TargetConfig{Name: t.Name, Hosts: t.Hosts, Addresses: t.Addresses, At: t.At}
		for _, entry := range t.Allow {
			target.Allow = append(target.Allow, world.AllowEntry(entry))
		}
		opts.Targets = append(opts.Targets, target)
	}
	return opts
}
