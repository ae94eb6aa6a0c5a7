package config

import (
	"path"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/source"
)

// FindPolicies returns what the policies key of the configuration file nearest to
// dir names, as far as it is right. The ids of these rules are needed to read the
// rest of the file; its mistakes are told by Find.
func FindPolicies(tree *source.Tree, dir string) []Path {
	name, data, err := locate(tree, dir)
	if err != nil || name == "" {
		return nil
	}
	return ReadPolicies(tree, name, data)
}

// ReadPolicies is FindPolicies for the content of a given file.
func ReadPolicies(tree *source.Tree, name string, data []byte) []Path {
	d := &decoder{tree: tree, file: name, dir: path.Dir(name)}
	root := d.document(data)
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
