package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// unusedManifests returns a notice for each glob of a cluster that no manifest
// matches, unless the paths are only a part of what the configuration is about.
func (s Session) unusedManifests(parsed *parser.Result) []source.Diagnostic {
	if !s.LintsAll() {
		return nil
	}
	var out []source.Diagnostic
	for _, c := range s.settings.Config.Clusters {
		for _, glob := range c.Manifests {
			used := slices.ContainsFunc(parsed.Linted, func(f source.File) bool {
				return (f.Kind == source.YAML || f.Kind == source.JSON) && source.MatchGlob(glob, f.Name)
			})
			if !used {
				out = append(out, source.Diagnostic{
					Kind: source.UnmatchedEntry, Range: c.At,
					Message: fmt.Sprintf("manifests of cluster %s: %s matches no file", c.Name, glob),
				})
			}
		}
	}
	return out
}

// AnnotationPrefix begins the annotations that are meant for egresslint.
const AnnotationPrefix = "egresslint.io/"

// unknownAnnotations returns a notice for each annotation that is meant for
// egresslint and that it does not know.
func unknownAnnotations(parsed *parser.Result) []source.Diagnostic {
	known := []string{world.DeclarationAnnotation, suppress.Annotation}
	var out []source.Diagnostic
	seen := make(map[source.Range]bool)
	for _, o := range parsed.Objects {
		for _, annotations := range []*located.Value{
			o.Root.Get("metadata", "annotations"),
			o.Root.Get("spec", "template", "metadata", "annotations"),
			o.Root.Get("spec", "jobTemplate", "spec", "template", "metadata", "annotations"),
		} {
			if annotations == nil {
				continue
			}
			for _, f := range annotations.Map {
				if !strings.HasPrefix(f.Key, AnnotationPrefix) || slices.Contains(known, f.Key) || seen[f.KeyRange] {
					continue
				}
				seen[f.KeyRange] = true
				out = append(out, source.Diagnostic{
					Kind: source.UnmatchedEntry, Range: f.KeyRange,
					Message: fmt.Sprintf("unknown annotation %q%s", f.Key, config.DidYouMean(f.Key, known)),
				})
			}
		}
	}
	return out
}
