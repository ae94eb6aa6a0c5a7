package cli

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// sketch is a configuration for what a folder holds. What it says, a run finds by
// itself; what would change a run is in comments.
type sketch struct {
	dir      string // in the tree, of the configuration
	clusters []sketchCluster
	loose    []string // folders of manifests that run on no known cluster
	stacks   []*terraform.Root
	charts   []string // their folders
}

type sketchCluster struct {
	*model.Cluster
	terraform string   // how the configuration names what creates it; empty: by its name
	manifests []string // globs of what runs on it and on no other
	shared    []string // folders of what runs on others too, or may
}

func newSketch(w *analysis.Facts, in *input) *sketch {
	s := &sketch{dir: in.settings.Paths[0]}
	for _, root := range w.Parsed.Roots {
		if root.Variant != "" && len(root.VarFiles) > 0 {
			s.stacks = append(s.stacks, root)
		}
	}

	bound := make(map[string][]string) // folder of manifests to clusters
	reasons := make(map[string]string)
	for _, b := range w.Model.Bindings {
		if b.Cluster == "" {
			s.loose = append(s.loose, b.Manifests)
			continue
		}
		bound[b.Manifests] = strings.Split(b.Cluster, ", ")
		reasons[b.Manifests] = b.Reason
	}
	// A glob is right if it matches what runs on the one cluster and nothing else.
	only := func(glob, cluster string) bool {
		for _, o := range w.Parsed.Objects {
			if !source.MatchGlob(glob, o.File) && !source.MatchGlob(glob, o.Dir+"/kustomization.yaml") {
				continue
			}
			if ids := bound[o.Dir]; len(ids) != 1 || ids[0] != cluster {
				return false
			}
		}
		return true
	}
	for _, c := range w.Model.Clusters {
		if c.Address == "" {
			continue // the files do not create it
		}
		found := sketchCluster{Cluster: c}
		switch {
		case c.Variant != "":
			// The variants of a root differ in name at most, and by name they are told apart.
			if slices.ContainsFunc(s.clusters, func(other sketchCluster) bool { return other.Name == c.Name }) {
				continue
			}
		case slices.ContainsFunc(w.Model.Clusters, func(other *model.Cluster) bool { return other.Root == c.Root && other.Address != c.Address }):
			found.terraform = s.name(c.Root) + ":" + c.Address
		default:
			found.terraform = s.name(c.Root)
		}
		named := 0
		for _, other := range w.Model.Clusters {
			if other.Name == c.Name {
				named++
			}
		}
		if c.Variant != "" && named > 1 { // no entry can be about one of them
			s.clusters = append(s.clusters, found)
			continue
		}
		for _, b := range w.Model.Bindings {
			if !slices.Contains(bound[b.Manifests], c.ID) {
				continue
			}
			glob := path.Join(config.EscapeGlob(s.name(b.Manifests)), "**")
			if reasons[b.Manifests] == "directory" && c.Variant == "" && only(path.Join(config.EscapeGlob(b.Manifests), "**"), c.ID) {
				found.manifests = append(found.manifests, glob)
			} else {
				found.shared = append(found.shared, s.name(b.Manifests))
			}
		}
		s.clusters = append(s.clusters, found)
	}

	files, _ := in.tree.Walk(in.settings.Paths, source.WalkOptions{}) // read before, with its diagnostics
	for _, f := range files {
		if path.Base(f.Name) == "Chart.yaml" {
			s.charts = append(s.charts, s.name(path.Dir(f.Name)))
		}
	}
	return s
}

// name is the path of a name of the tree, relative to the configuration.
func (s *sketch) name(name string) string {
	rel, err := filepath.Rel(filepath.FromSlash(s.dir), filepath.FromSlash(name))
	if err != nil { // both are relative to the tree
		return name
	}
	return filepath.ToSlash(rel)
}

// maxSketched bounds the lists in comments.
const maxSketched = 20

func (s *sketch) text() []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# yaml-language-server: $schema=https://raw.githubusercontent.com/egresslint/egresslint/main/internal/config/schema.json")
	line("# What the files do not say by themselves. Paths are relative to this file. All keys:")
	line("# https://github.com/egresslint/egresslint/blob/main/docs/configuration.md")
	line("")
	line("# Lowest severity that gives exit code 1: error, warning, note or never.")
	line("failOn: error")
	line("")
	line("# What is not linted. Terraform roots, charts and overlays may still read it.")
	line(`# exclude: ["legacy/**"]`)
	line("")
	if len(s.clusters) == 0 {
		line("# No cluster was found. If other files create it, say what its network is:")
		line("# clusters:")
		line("#   - name: prod")
		line(`#     manifests: ["k8s/**"]`)
		line("#     network: {plugin: terway}")
	} else {
		line("# The clusters, and the manifests that are deployed to each.")
		line("clusters:")
	}
	for _, c := range s.clusters {
		line("  - name: %s", scalar(c.Name))
		if c.terraform != "" {
			line("    terraform: %s", scalar(c.terraform))
		}
		if len(c.manifests) > 0 {
			line("    manifests:")
		}
		for _, glob := range c.manifests {
			line("      - %s", scalar(glob))
		}
		if len(c.shared) > 0 {
			line("    # Also taken to run on it; name them under manifests to make it certain:")
			comments(&b, "    #   ", c.shared)
		}
		if c.Plugin == "terway" || c.Plugin == "flannel" {
			line("    # The files say %s (%s). To say so here:", scalar(c.Plugin), c.PluginSource)
			line("    # network: {plugin: %s}", c.Plugin)
		} else {
			line("    # The files do not say which network plug-in it has:")
			line("    # network: {plugin: terway}")
		}
		line("    # If its pods are not meant to reach the Internet:")
		line("    # internet: false")
	}
	line("")
	if len(s.loose) > 0 {
		line("# These manifests run on no cluster that is known. Name them under the manifests of one:")
		comments(&b, "#   ", s.names(s.loose))
		line("")
	}
	if len(s.stacks) > 0 {
		line("# The roots that are evaluated once with each set of variable files. A file that is")
		line("# added later counts when it is named here, or when the root has no stack at all.")
		line("stacks:")
	}
	for _, root := range s.stacks {
		line("  - name: %s", scalar(root.Variant))
		line("    dir: %s", scalar(s.name(root.Dir)))
		line("    varFiles:")
		for _, f := range root.VarFiles {
			line("      - %s", scalar(s.name(f)))
		}
	}
	if len(s.stacks) > 0 {
		line("")
	}
	if len(s.charts) > 0 {
		line("# A chart is rendered with its own values, and once with each values file beside it.")
		line("# To render it as it is released instead:")
		line("# helm:")
		for i, chart := range s.charts {
			if i == maxSketched {
				line("#   … and %d more charts", len(s.charts)-i)
				break
			}
			line("#   - chart: %s", scalar(chart))
		}
		line("#     release: NAME")
		line("#     namespace: NAMESPACE")
		line("#     values: [FILE]")
		line("")
	}
	line("# What workloads need to reach, where no manifest shows it.")
	line("# requirements:")
	line("#   - from: NAMESPACE/NAME")
	line(`#     to: ["rds/orders-db", "api.partner.com:443", internet]`)
	return b.Bytes()
}

func (s *sketch) names(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = s.name(name)
	}
	return out
}

// comments writes lines that begin with a comment sign.
func comments(b *bytes.Buffer, start string, lines []string) {
	for i, l := range lines {
		if i == maxSketched {
			fmt.Fprintf(b, "%s… and %d more\n", start, len(lines)-i)
			return
		}
		fmt.Fprintf(b, "%s%s\n", start, scalar(l))
	}
}

// scalar writes a text as YAML, in one line whatever it holds.
func scalar(s string) string {
	data, err := yaml.Marshal(s)
	text := strings.TrimSuffix(string(data), "\n")
	if err != nil || strings.Contains(text, "\n") {
		return fmt.Sprintf("%q", s)
	}
	return text
}
