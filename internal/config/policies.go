package config

import (
	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/source"
)

// ReadPolicies returns what the policies key of a file names, as far as it is right. The
// ids of these rules are needed to read the rest of the file; its mistakes are told by
// Read.
func ReadPolicies(tree *source.Tree, f *File) []Path {
	d := newDecoder(tree, f)
	root := d.document(f.Data)
	if root == nil || root.Kind != yaml.MappingNode {
		return nil
	}
	var paths []Path
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == policiesKey {
			paths = append(paths, d.policies(root.Content[i+1])...)
		}
	}
	return paths
}

// policiesKey is the key of the folders and bundles with rules.
const policiesKey = "policies"

func (d *decoder) policies(n *yaml.Node) []Path {
	var paths []Path
	for _, e := range d.list(n) {
		mistakes := len(d.errs)
		if name := d.existing(e, fileOrFolder); name != "" && len(d.errs) == mistakes {
			paths = append(paths, Path{name, d.at(resolve(e))})
		}
	}
	return paths
}
