package checks

import (
	"regexp"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// thing is an object or a block of Terraform that stands in a file.
type thing struct {
	// name is the kind and the name of an object, or the address of a block in its module.
	name      string
	at        source.Pos
	terraform bool
}

// written returns what stands in a file, whether it is judged or not; false if part of it
// cannot be read. Of the template of a chart nothing is known before it is rendered.
func written(tree *source.Tree, f source.File) (things []thing, whole bool) {
	switch {
	case f.Chart:
		return nil, true
	case f.Kind == source.Terraform:
		blocks, whole := terraform.ReadWritten(tree, f.Name)
		for _, b := range blocks {
			things = append(things, thing{b.Address, b.At.Start, true})
		}
		return things, whole
	case f.Kind == source.YAML, f.Kind == source.JSON:
		data, err := tree.ReadFile(f.Name)
		if err != nil {
			return nil, false
		}
		objects, diagnostics := kubernetes.Parse(f.Name, data)
		for _, o := range objects {
			things = append(things, thing{name: nameOf(o), at: o.KindRange().Start})
		}
		for _, d := range diagnostics {
			if d.Fatal() {
				return things, false
			}
		}
	}
	return things, true
}

// nameOf is the kind and the name of an object. Its namespace may be given to it where it
// is deployed.
func nameOf(o *kubernetes.Object) string { return o.Kind + " " + o.Name }

// kindOf is the kind in a name of nameOf.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, " ")
	return kind
}

// objectsOf returns the names of the objects of a state that stand in a file.
func objectsOf(r *Run, file string) map[string]bool {
	names := make(map[string]bool)
	for _, o := range r.Parsed.Objects {
		if o.KindRange().File == file {
			names[nameOf(o)] = true
		}
	}
	return names
}

// named returns the names of everything that is judged in a state.
func named(r *Run) map[string]bool {
	names := make(map[string]bool)
	for _, o := range r.Parsed.Objects {
		names[nameOf(o)] = true
	}
	for _, root := range r.Parsed.Roots {
		for _, res := range root.Resources {
			name := res.Type + "." + res.Name
			if res.Data {
				name = "data." + name
			}
			names[name] = true
		}
		for _, m := range root.Modules {
			names[call(m.Address)] = true
		}
		for _, m := range root.UnreadModules {
			names[call(m.Address)] = true
		}
	}
	return names
}

// call is the address of a module's block in its own module.
func call(address string) string {
	if strings.HasSuffix(address, "]") {
		address = address[:strings.LastIndex(address, "[")]
	}
	if i := strings.LastIndex(address, ".module."); i >= 0 {
		return address[i+1:]
	}
	return address
}

// kindLine matches the line of a template that says the kind of an object.
var kindLine = regexp.MustCompile(`^(?:\s*-)?\s*["']?kind["']?\s*:\s*["']?([\w.{]+)`)

// templateKinds returns the lines of a template that say the kind of an object, with the
// kind; without one if it is made when the template is rendered.
func templateKinds(tree *source.Tree, name string) map[int]string {
	kinds := make(map[int]string)
	data, err := tree.ReadFile(name)
	if err != nil {
		return nil
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		if m := kindLine.FindStringSubmatch(line); m != nil {
			if kinds[number] = m[1]; strings.Contains(m[1], "{") {
				kinds[number] = ""
			}
		}
	}
	return kinds
}
