package terraform

import (
	"embed"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Modules of a registry that terraform init has not downloaded are not there to be read.
// Of those in the folder published it is known what they make of their inputs, and which
// outputs name it: each is written there anew as a configuration that does the same, as
// far as it matters to what can reach what.

//go:embed published/*.hcl
var publishedFiles embed.FS

// published are those modules by their sources.
var published = map[string]struct {
	file string
	// versions matches the version constraints that admit no others than those for which
	// it is known.
	versions *regexp.Regexp
}{
	"alibaba/rds/alicloud": {"rds", regexp.MustCompile(`^(?:=|~>)?\s*2\.2\.\d+$`)},
	"alibaba/vpc/alicloud": {"vpc", regexp.MustCompile(`^(?:=|~>)?\s*1\.[5-8]\.\d+$`)},
}

// publishedModule returns the configuration that stands for the module of a call; nil if
// there is none. All of it is written where the call stands.
func (ev *evaluator) publishedModule(m *module, call *callBlock) *config {
	source := strings.TrimPrefix(call.source, "registry.terraform.io/")
	known, ok := published[source]
	if !ok {
		return nil
	}
	at := call.body.attr("version")
	if at == nil {
		return nil
	}
	if version, ok := literal(at.expr); !ok || !known.versions.MatchString(strings.TrimSpace(version)) {
		return nil
	}
	data, err := publishedFiles.ReadFile("published/" + known.file + ".hcl")
	if err != nil {
		return nil
	}
	name := "\x00" + m.in("module."+call.name) // no file has that name
	f, diags := hclsyntax.ParseConfig(data, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil
	}
	cfg := newConfig(name)
	a := adder{cfg: cfg, text: newText(name, data)}
	b := nativeBody(f.Body.(*hclsyntax.Body))
	a.addAll(&b)
	cfg.order()
	if ev.stands == nil {
		ev.stands = make(map[string]hcl.Range)
	}
	ev.stands[name] = call.header
	return cfg
}
