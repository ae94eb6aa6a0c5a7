package kustomize

import (
	"bytes"
	"encoding/json"
	"errors"

	"sigs.k8s.io/kustomize/api/builtins" //nolint:staticcheck // kustomize has its configurations nowhere else
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/egresslint/egresslint/parser/source"
)

// configured is a file with the configurations of plugins, and the text that kustomize
// is given in its place: what was checked, written out again.
type configured struct {
	name, text string
}

// decoder is what kustomize reads objects with.
func decoder() *resource.Factory {
	return provider.NewDefaultDepProvider().GetResourceFactory()
}

const pluginAdvice = "plugins and charts are not run; lint the output of kustomize build to cover what they change"

// configuration checks the configurations of plugins in data. It returns them as
// kustomize decodes them, without what is not in the tree. It returns false if they are
// not all for parts of kustomize that are known to stay inside the tree.
func (s *sanitizer) configuration(n *kyaml.Node, what string, data []byte) (string, bool) {
	objects, err := decoder().SliceFromBytes(data)
	if err != nil {
		s.layer.unread(n, "read %s: it is neither a plain path to a file of the tree nor the configuration of a part of kustomize", what)
		return "", false
	}
	var texts [][]byte
	for _, o := range objects {
		if gvk := o.GetGvk(); gvk.Group != "" || gvk.Version != konfig.BuiltinPluginApiVersion {
			s.refuse(n, what, o.GetKind())
			return "", false
		}
		text, ok := s.builtin(n, what, o)
		if !ok {
			return "", false
		}
		texts = append(texts, text)
	}
	return string(bytes.Join(texts, []byte("\n---\n"))), true
}

// refuse reports a plugin that is not run.
func (s *sanitizer) refuse(n *kyaml.Node, what, kind string) {
	if !word.MatchString(kind) {
		kind = "of an unknown kind"
	}
	s.layer.unread(n, "run %s %s: %s", what, kind, pluginAdvice)
}

// builtin checks the configuration of a part of kustomize and writes it out again.
func (s *sanitizer) builtin(n *kyaml.Node, what string, o *resource.Resource) ([]byte, bool) {
	data, err := o.AsYAML()
	if err != nil {
		s.refuse(n, what, o.GetKind())
		return nil, false
	}
	config, err := s.decode(n, o.GetKind(), data)
	switch {
	case errors.Is(err, errUnknownKind):
		s.refuse(n, what, o.GetKind())
		return nil, false
	case errors.Is(err, errLeft): // it says so itself
		return nil, false
	case err != nil:
		s.layer.incomplete = true
		s.layer.report(source.RenderError, n, "read %s %s: %s", what, o.GetKind(), message(err))
		return nil, false
	}
	fields, err := fieldsOf(config)
	if err != nil {
		s.refuse(n, what, o.GetKind())
		return nil, false
	}
	metadata, _ := fields["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{"namespace": o.GetNamespace()}
	}
	metadata["name"] = o.GetName()
	fields["apiVersion"], fields["kind"], fields["metadata"] = konfig.BuiltinPluginApiVersion, o.GetKind(), metadata
	text, err := json.Marshal(fields)
	s.layer.configs = append(s.layer.configs, config)
	return text, err == nil
}

// fieldsOf returns what a configuration is in JSON.
func fieldsOf(config any) (map[string]any, error) {
	data, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	fields := make(map[string]any)
	return fields, d.Decode(&fields)
}

var (
	errUnknownKind = errors.New("unknown kind")
	errLeft        = errors.New("left out")
)

// affixes is the configuration of the transformers of prefixes and suffixes, which
// want a list of fields even if it is empty.
type affixes struct {
	Prefix     string            `json:"prefix,omitempty"`
	Suffix     string            `json:"suffix,omitempty"`
	FieldSpecs []types.FieldSpec `json:"fieldSpecs"`
}

// decode decodes the configuration of a part of kustomize of a kind, and checks the
// fields that may name files. The kinds are all that kustomize has, but for charts.
func (s *sanitizer) decode(n *kyaml.Node, kind string, data []byte) (any, error) {
	switch kind {
	case "AnnotationsTransformer":
		return decodeTo(&builtins.AnnotationsTransformerPlugin{}, data)
	case "HashTransformer":
		return &builtins.HashTransformerPlugin{}, nil
	case "IAMPolicyGenerator":
		return decodeTo(&builtins.IAMPolicyGeneratorPlugin{}, data)
	case "ImageTagTransformer":
		return decodeTo(&builtins.ImageTagTransformerPlugin{}, data)
	case "LabelTransformer":
		return decodeTo(&builtins.LabelTransformerPlugin{}, data)
	case "NamespaceTransformer":
		return decodeTo(&builtins.NamespaceTransformerPlugin{}, data)
	case "PrefixTransformer", "SuffixTransformer", "PrefixSuffixTransformer":
		return decodeTo(&affixes{}, data)
	case "ReplicaCountTransformer":
		return decodeTo(&builtins.ReplicaCountTransformerPlugin{}, data)
	case "ConfigMapGenerator":
		c, err := decodeTo(&builtins.ConfigMapGeneratorPlugin{}, data)
		s.sources(n, &c.KvPairSources)
		return c, err
	case "SecretGenerator":
		c, err := decodeTo(&builtins.SecretGeneratorPlugin{}, data)
		s.sources(n, &c.KvPairSources)
		return c, err
	case "PatchJson6902Transformer":
		c, err := decodeTo(&builtins.PatchJson6902TransformerPlugin{}, data)
		return c, s.kept(err, s.optionalFile(n, "patch", &c.Path, settings) && s.text(n, "patch", c.JsonOp))
	case "PatchStrategicMergeTransformer":
		c, err := decodeTo(&builtins.PatchStrategicMergeTransformerPlugin{}, data)
		var ok bool
		c.Paths, ok = s.patchPaths(n, c.Paths)
		return c, s.kept(err, ok && s.text(n, "patch", c.Patches))
	case "PatchTransformer":
		c, err := decodeTo(&builtins.PatchTransformerPlugin{}, data)
		return c, s.kept(err, s.optionalFile(n, "patch", &c.Path, settings) && s.text(n, "patch", c.Patch))
	case "ReplacementTransformer":
		c, err := decodeTo(&builtins.ReplacementTransformerPlugin{}, data)
		all := len(c.ReplacementList)
		c.ReplacementList = s.replacements(n, c.ReplacementList)
		return c, s.kept(err, len(c.ReplacementList) > 0 || all == 0)
	case "ValueAddTransformer":
		c, err := decodeTo(&builtins.ValueAddTransformerPlugin{}, data)
		return c, s.kept(err, s.optionalFile(n, "targets", &c.TargetFilePath, settings))
	default:
		return nil, errUnknownKind
	}
}

// decodeTo decodes a configuration as kustomize does.
func decodeTo[T any](config *T, data []byte) (*T, error) {
	return config, yaml.Unmarshal(data, config)
}

// kept is the error of a configuration that was decoded with err and of which all was
// taken in, or not.
func (s *sanitizer) kept(err error, all bool) error {
	if err == nil && !all {
		return errLeft
	}
	return err
}

// patchPaths takes in the patches of a transformer, each a file or the patch itself.
func (s *sanitizer) patchPaths(n *kyaml.Node, paths []types.PatchStrategicMerge) ([]types.PatchStrategicMerge, bool) {
	var kept []types.PatchStrategicMerge
	for _, p := range paths {
		if !s.text(n, "patch", string(p)) {
			return nil, false
		}
		if objects, err := decoder().SliceFromBytes([]byte(p)); err == nil {
			if len(objects) > 0 {
				kept = append(kept, p)
			}
			continue
		}
		t, ok := s.plainFile(n, "patch", string(p), settings)
		if !ok {
			return nil, false
		}
		kept = append(kept, types.PatchStrategicMerge(t.written))
	}
	return kept, true
}
