package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/parser/nearest"
	"github.com/egresslint/egresslint/parser/source"
)

// Error is one mistake in a configuration file.
type Error struct {
	At      source.Range
	Message string
}

// Error renders e as file:line:column: message.
func (e *Error) Error() string { return e.At.String() + ": " + e.Message }

// File is a configuration file before it is understood.
type File struct {
	// Name is relative to the tree's root, and what is relative in the file is so to
	// its folder.
	Name string
	Data []byte
	// Place is the name of the file in places, Name if it is empty: the file may be one
	// of another revision than the tree.
	Place string
	// Quote lets messages quote words of the file. Without it they tell kinds and
	// places only, as of a file outside of the tree, which may be any of the machine.
	Quote bool
}

// Locate reads the configuration file nearest to dir, going up to the tree's root; nil
// if there is none.
func Locate(tree *source.Tree, dir string) (*File, error) {
	for {
		name := path.Join(dir, FileName)
		data, err := tree.ReadFile(name)
		switch {
		case err == nil:
			return &File{Name: name, Data: data, Quote: true}, nil
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: read configuration: %w", name, pathless(err))
		case dir == ".":
			return nil, nil //nolint:nilnil // most trees have none
		}
		dir = path.Dir(dir)
	}
}

// Read understands a file of tree, in which the folders and the variable files of
// stacks must exist. The rules are the ids that the rules key may name. The error joins
// one *Error for each mistake.
func Read(tree *source.Tree, f *File, rules []string) (*Config, error) {
	d := newDecoder(tree, f)
	d.rules = rules
	cfg := &Config{File: f.Name}
	if root := d.document(f.Data); root != nil {
		d.config(root, cfg)
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return cfg, nil
}

// Parse is Read for a text, whose paths are not looked up.
func Parse(name string, data []byte, rules []string) (*Config, error) {
	return Read(nil, &File{Name: name, Data: data, Quote: true}, rules)
}

func newDecoder(tree *source.Tree, f *File) *decoder {
	return &decoder{tree: tree, file: cmp.Or(f.Place, f.Name), dir: path.Dir(f.Name), quote: f.Quote}
}

// pathless is the cause of an error without the path, which the message has.
func pathless(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// decoder walks the nodes of one file and collects every mistake, so that a user
// sees all at once.
type decoder struct {
	tree  *source.Tree // nil if the paths in the file are not looked up
	file  string
	dir   string
	rules []string
	quote bool // see [File.Quote]
	errs  []error
}

// document returns the root node, or nil for an empty file or a syntax error.
func (d *decoder) document(data []byte) *yaml.Node {
	if !utf8.Valid(data) {
		d.errs = append(d.errs, &Error{At: source.Range{File: d.file}, Message: "read configuration: it is not UTF-8 text"})
		return nil
	}
	var docs []*yaml.Node
	loader, err := yaml.NewLoader(strings.NewReader(string(data)))
	for err == nil {
		var n yaml.Node
		if err = loader.Load(&n); err == nil && len(n.Content) > 0 {
			docs = append(docs, n.Content[0])
		}
	}
	if loadErr := (*yaml.LoadError)(nil); errors.As(err, &loadErr) {
		at := source.Pos{Line: loadErr.Mark.Line, Column: loadErr.Mark.Column}
		d.errs = append(d.errs, &Error{
			At:      source.Range{File: d.file, Start: at, End: at},
			Message: syntaxMistake(loadErr.Message),
		})
		return nil
	}
	switch len(docs) {
	case 0:
		return nil
	case 1:
		return docs[0]
	default:
		d.errorf(docs[1], "read configuration: want one YAML document, found another")
		return nil
	}
}

func (d *decoder) errorf(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs, &Error{At: d.at(n), Message: fmt.Sprintf(format, args...)})
}

// at is the place of a node's first line; the columns of YAML nodes count code
// points, as those of source.Pos do.
func (d *decoder) at(n *yaml.Node) source.Range {
	start := source.Pos{Line: n.Line, Column: n.Column}
	end := start
	if n.Kind == yaml.ScalarNode && !strings.Contains(n.Value, "\n") {
		end.Column += utf8.RuneCountInString(n.Value)
	}
	return source.Range{File: d.file, Start: start, End: end}
}

// field is one key that a mapping may have.
type field struct {
	name string
	read func(key, value *yaml.Node)
}

func (d *decoder) config(n *yaml.Node, cfg *Config) {
	d.mapping(n, "the configuration", []field{
		{"paths", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				if name := d.existing(e, fileOrFolder); name != "" {
					cfg.Paths = append(cfg.Paths, name)
				}
			}
		}},
		{"exclude", func(_, v *yaml.Node) { cfg.Exclude = d.globs(v) }},
		{"rules", func(_, v *yaml.Node) { cfg.Rules = d.ruleSettings(v) }},
		{"clusters", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				c := d.cluster(e)
				if slices.ContainsFunc(cfg.Clusters, func(o Cluster) bool { return c.Name != "" && o.Name == c.Name && o.Terraform == c.Terraform }) {
					d.errorf(resolve(e), "cluster%s is there twice", d.value(c.Name))
				}
				cfg.Clusters = append(cfg.Clusters, c)
			}
		}},
		{"stacks", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				s := d.stack(e)
				if slices.ContainsFunc(cfg.Stacks, func(o Stack) bool { return s.Name != "" && o.Name == s.Name && o.Dir == s.Dir }) {
					d.errorf(resolve(e), "stack%s of %s is there twice", d.value(s.Name), d.word(s.Dir, "the same folder"))
				}
				cfg.Stacks = append(cfg.Stacks, s)
			}
		}},
		{"helm", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				cfg.Helm = append(cfg.Helm, d.chart(e))
			}
		}},
		{"requirements", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				cfg.Requirements = append(cfg.Requirements, d.requirement(e))
			}
		}},
		{"targets", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				cfg.Targets = append(cfg.Targets, d.target(e))
			}
		}},
		{"privateDomains", func(_, v *yaml.Node) { cfg.PrivateDomains = d.texts(v) }},
		{"suppressions", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				cfg.Suppressions = append(cfg.Suppressions, d.suppression(e))
			}
		}},
		{"baseline", func(_, v *yaml.Node) { cfg.Baseline = Path{d.path(v), d.at(resolve(v))} }},
		{policiesKey, func(_, v *yaml.Node) { cfg.Policies = d.policies(v) }},
		{"failOn", func(_, v *yaml.Node) {
			cfg.FailOn = FailOn(d.oneOf(v, "error", "warning", "note", string(FailOnNever)))
		}},
		{"unknowns", func(_, v *yaml.Node) {
			cfg.Unknowns = Unknowns(d.oneOf(v, string(UnknownsIgnore), string(UnknownsNote), string(UnknownsFail)))
		}},
	})
}

// ruleSettings is how messages call the mapping of rules.
const ruleSettings = "rules"

func (d *decoder) ruleSettings(n *yaml.Node) []Rule {
	var settings []Rule
	var fields []field
	for _, id := range d.rules {
		fields = append(fields, field{id, func(key, value *yaml.Node) {
			rule := Rule{ID: id, At: d.at(key)}
			mistakes := len(d.errs)
			d.mapping(value, "rule "+id, []field{
				{"severity", func(_, v *yaml.Node) {
					switch s := d.oneOf(v, "off", "note", "warning", "error"); s {
					case "":
					case "off":
						rule.Off = true
					default:
						rule.Severity, _ = finding.ParseSeverity(s)
					}
				}},
				{"parameters", func(_, v *yaml.Node) { rule.Parameters = d.parameters(v) }},
			})
			if len(d.errs) == mistakes && !rule.Off && rule.Severity == 0 && len(rule.Parameters) == 0 {
				d.errorf(resolve(value), "rule %s needs severity or parameters", id)
			}
			settings = append(settings, rule)
		}})
	}
	d.mapping(n, ruleSettings, fields)
	return settings
}

func (d *decoder) cluster(n *yaml.Node) Cluster {
	c := Cluster{At: d.at(n)}
	d.mapping(n, "a cluster", []field{
		{"name", func(_, v *yaml.Node) { c.Name = d.text(v) }},
		{"terraform", func(_, v *yaml.Node) { c.Terraform = d.terraform(v) }},
		{"manifests", func(_, v *yaml.Node) { c.Manifests = patterns(d.globs(v)) }},
		{"network", func(_, v *yaml.Node) {
			d.mapping(v, "network", []field{
				{"plugin", func(_, v *yaml.Node) { c.Network.Plugin = d.oneOf(v, "terway", "flannel") }},
				{"datapath", func(_, v *yaml.Node) { c.Network.Datapath = d.oneOf(v, "veth", "ipvlan", "v2") }},
				{"networkPolicy", func(_, v *yaml.Node) { d.networkPolicy(v, &c.Network) }},
			})
		}},
		{"internet", func(_, v *yaml.Node) { c.Internet = d.boolean(v) }},
	}, "name")
	return c
}

// policyKinds are the kinds of policies that a cluster may enforce beyond
// NetworkPolicy.
var policyKinds = []string{
	"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy",
	"ClusterNetworkPolicy", "GlobalNetworkPolicy",
}

// networkPolicy reads one word, or a mapping with the further kinds that are
// enforced.
func (d *decoder) networkPolicy(n *yaml.Node, network *Network) {
	if resolve(n).Kind != yaml.MappingNode {
		network.NetworkPolicy = d.oneOf(n, "enforced", "off")
		return
	}
	d.mapping(n, "networkPolicy", []field{
		{"enforces", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				if kind := d.oneOf(e, policyKinds...); kind != "" {
					network.Enforces = append(network.Enforces, kind)
				}
			}
		}},
	})
}

func (d *decoder) stack(n *yaml.Node) Stack {
	s := Stack{At: d.at(n)}
	d.mapping(n, "a stack", []field{
		{"name", func(_, v *yaml.Node) { s.Name = d.text(v) }},
		{"dir", func(_, v *yaml.Node) { s.Dir = d.existing(v, "folder") }},
		{"varFiles", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				s.VarFiles = append(s.VarFiles, d.existing(e, "file"))
			}
		}},
		{"vars", func(_, v *yaml.Node) {
			if v = resolve(v); v.Kind != yaml.MappingNode {
				d.errorf(v, "read vars: want a mapping of variable names to values")
				return
			}
			for i := 0; i+1 < len(v.Content); i += 2 {
				s.Vars = append(s.Vars, Var{Name: d.text(v.Content[i]), Value: d.text(v.Content[i+1])})
			}
		}},
	}, "name", "dir")
	return s
}

func (d *decoder) requirement(n *yaml.Node) Requirement {
	r := Requirement{At: d.at(n)}
	d.mapping(n, "a requirement", []field{
		{"from", func(_, v *yaml.Node) { r.From = d.text(v) }},
		{"to", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				if s := d.text(e); s != "" {
					d.declaration(resolve(e), s)
					r.To = append(r.To, s)
				}
			}
		}},
	}, "from", "to")
	return r
}

// declaration checks the items of a declared requirement, which may be several
// with commas between them.
func (d *decoder) declaration(n *yaml.Node, text string) {
	for item := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		items, err := requirement.ParseDeclaration(item)
		if mistake := (*requirement.DeclarationError)(nil); errors.As(err, &mistake) {
			if kind, name, ok := strings.Cut(mistake.Item, "/"); ok && name != "" {
				if near := nearest.To(kind, requirement.Kinds()); near != "" && near != kind && d.value(mistake.Item) != "" {
					d.errorf(n, "read requirement%s: no kind%s, did you mean \"%s/%s\"?", d.value(mistake.Item), d.value(kind), near, name)
					continue
				}
			}
			reason := mistake.Reason
			if d.value(mistake.Item) == "" {
				reason = "it is no destination" // the reason quotes parts of it
			}
			d.errorf(n, "read requirement%s: %s", d.value(mistake.Item), reason)
			continue
		}
		for _, item := range items {
			// A single word is looked up among the Services of a namespace; without a
			// port it is more likely a slip than a name.
			if item.Bare && item.Port == 0 {
				d.errorf(n, "read requirement%s: a single word names no destination; for a Service write service/%s, for a host its full name", d.value(item.Text), d.word(item.Text, "NAME"))
			}
		}
	}
}

// mapping reads a mapping with the given keys. Other keys, keys written twice
// and missing required ones are mistakes. A null is an empty mapping.
func (d *decoder) mapping(n *yaml.Node, what string, fields []field, required ...string) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		if !isNull(n) || len(required) > 0 {
			d.errorf(n, "read %s: want a mapping, found %s", what, d.kind(n))
		}
		return
	}
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.name
	}
	seen, given := make(map[string]bool), make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		j := 0
		for j < len(fields) && fields[j].name != key.Value {
			j++
		}
		switch {
		case j == len(fields):
			d.unknownKey(key, what, known)
		case seen[key.Value]:
			d.errorf(key, "key%s is there twice in %s", d.key(key.Value), what)
		case isNull(resolve(value)):
			// A key without a value says nothing.
		default:
			given[key.Value] = true
			fields[j].read(key, value)
		}
		seen[key.Value] = true
	}
	for _, name := range required {
		if !given[name] {
			d.errorf(n, "key %q is missing in %s", name, what)
		}
	}
}

func (d *decoder) unknownKey(key *yaml.Node, what string, known []string) {
	hint := DidYouMean(key.Value, known)
	if what == ruleSettings && nearest.To(key.Value, known) == "" {
		hint = ": run 'egresslint rules' for all" // they would fill a screen
	}
	d.errorf(key, "unknown key%s in %s%s", d.key(key.Value), what, hint)
}

func (d *decoder) list(n *yaml.Node) []*yaml.Node {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		d.errorf(n, "want a list, found %s", d.kind(n))
		return nil
	}
	return n.Content
}

// text returns a scalar as it is written, so that a number needs no quotes.
func (d *decoder) text(n *yaml.Node) string {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode || isNull(n) || n.Value == "" {
		d.errorf(n, "want a text, found %s", d.kind(n))
		return ""
	}
	return n.Value
}

func (d *decoder) texts(n *yaml.Node) []string {
	var out []string
	for _, e := range d.list(n) {
		if s := d.text(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (d *decoder) boolean(n *yaml.Node) *bool {
	var b bool
	switch n = resolve(n); {
	case n.ShortTag() == "!!bool" && strings.EqualFold(n.Value, "true"):
		b = true
	case n.ShortTag() == "!!bool" && strings.EqualFold(n.Value, "false"):
	default:
		d.errorf(n, "want true or false, found %s", d.kind(n))
		return nil
	}
	return &b
}

// oneOf returns a text that is one of the given words, or "" after a mistake.
func (d *decoder) oneOf(n *yaml.Node, words ...string) string {
	s := d.text(n)
	if s == "" {
		return ""
	}
	for _, w := range words {
		if s == w {
			return s
		}
	}
	d.errorf(resolve(n), "unknown value%s%s", d.value(s), DidYouMean(s, words))
	return ""
}

// path returns a path that is written relative to the file's folder, relative to
// the tree's root.
func (d *decoder) path(n *yaml.Node) string {
	s := d.text(n)
	if s == "" {
		return ""
	}
	return d.join(n, s)
}

// join is path for a part of the text of n.
func (d *decoder) join(n *yaml.Node, s string) string {
	name, err := source.Join(d.dir, s)
	if err != nil {
		d.errorf(resolve(n), "use path%s: %v", d.value(s), err)
		return ""
	}
	if slices.ContainsFunc(strings.Split(name, "/"), source.OfGit) {
		d.errorf(resolve(n), "use path%s: it is git's own", d.value(s))
		return ""
	}
	return name
}

// fileOrFolder is what existing wants if it may be either.
const fileOrFolder = "file or folder"

// existing is path for a file or a folder that must exist.
func (d *decoder) existing(n *yaml.Node, what string) string {
	name := d.path(n)
	if name == "" || d.tree == nil {
		return name
	}
	switch info, err := d.tree.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		d.errorf(resolve(n), "no such %s%s", what, d.word(" "+resolve(n).Value, ""))
	case err != nil:
		d.errorf(resolve(n), "use path%s: %v", d.value(resolve(n).Value), pathless(err))
	case what != fileOrFolder && info.IsDir() != (what == "folder"):
		d.errorf(resolve(n), "use path%s: it is no %s", d.value(resolve(n).Value), what)
	}
	return name
}

// terraform returns what names a cluster's resource: a root module's directory,
// an address, or both as directory:address.
func (d *decoder) terraform(n *yaml.Node) string {
	s := d.text(n)
	if s == "" || address.MatchString(s) {
		return s
	}
	dir, rest, found := strings.Cut(s, ":")
	name := d.join(n, dir)
	if name != "" && found {
		name += ":" + rest
	}
	return name
}

// address matches Terraform addresses of clusters. No directory that holds a
// root module is named like one.
var address = regexp.MustCompile(`^(module\.|alicloud_[a-z_]+\.)`)

func (d *decoder) globs(n *yaml.Node) []Glob {
	var out []Glob
	for _, e := range d.list(n) {
		s := d.text(e)
		if s == "" {
			continue
		}
		name, err := source.Join(EscapeGlob(d.dir), s)
		if err == nil {
			err = source.CheckGlob(s)
		}
		if err != nil {
			d.errorf(resolve(e), "use glob%s: %v", d.value(s), err)
			continue
		}
		out = append(out, Glob{Pattern: name, Text: s, At: d.at(resolve(e))})
	}
	return out
}

func patterns(globs []Glob) []string {
	var out []string
	for _, g := range globs {
		out = append(out, g.Pattern)
	}
	return out
}

// resolve follows an alias. An alias to an alias cannot be written in YAML.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		if isNull(n) {
			return "nothing"
		}
		if n.Value == "" {
			return "an empty text"
		}
		return "a text"
	}
}
