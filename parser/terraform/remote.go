package terraform

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// remote is a root whose outputs another root reads from its state.
type remote struct {
	ev  *evaluator
	mod *module
	id  string // see Root.ID
}

// Bounds on the roots whose outputs are read for one root.
const (
	maxChain   = 8 // that read each other's in a row
	maxRemotes = 64
)

// setRoots tells the loader which roots are evaluated.
func (l *loader) setRoots(jobs []*job) {
	l.roots = make(map[string][]*job)
	for _, j := range jobs {
		l.roots[j.dir] = append(l.roots[j.dir], j)
	}
	l.dirsOf = slices.Sorted(maps.Keys(l.roots))
}

// stateOutputs returns the outputs of the root whose state a
// terraform_remote_state data source reads, as one object. The state is taken to
// be what the files make of it.
func (in *instance) stateOutputs(ev *evaluator) value {
	if in.blocks == nil {
		in.blocks = make(map[string]*node)
	}
	return ev.get(nodeOf(in.blocks, "outputs"), in.address+".outputs", in.res.blk.header, func() value {
		r, why := in.remote(ev)
		if r == nil {
			return unknown(why)
		}
		fields := make(map[string]cty.Value)
		o := &origin{fields: make(map[string]*origin)}
		for _, name := range slices.Sorted(maps.Keys(r.mod.cfg.outputs)) {
			v := r.evaluate(ev, func() value { return r.mod.output(r.ev, name, r.mod.cfg.outputs[name].header) })
			fields[name], o.fields[name] = v.v, v.o
		}
		if i, ok := in.res.blk.args.index["defaults"]; ok {
			defaults := in.argument(ev, i)
			list, _, _ := in.scope(ev).entries(defaults)
			for _, en := range list {
				if name, ok := asString(en.key); ok && r.mod.cfg.outputs[name] == nil {
					fields[name], o.fields[name] = en.val.v, en.val.o
				}
			}
		}
		return value{cty.ObjectVal(fields).Mark(stateOutputs{r}), o}
	})
}

// stateOutputs marks the object with the outputs of another root: its state may
// hold others than its files declare.
type stateOutputs struct{ remote *remote }

func (s stateOutputs) missing(name string) string {
	return fmt.Sprintf("%s has no output %q in the files", s.remote.id, name)
}

// remote finds the root whose state the data source reads, or says why it cannot.
func (in *instance) remote(ev *evaluator) (r *remote, why string) {
	unread := located.Display(in.address) + " is read at apply time"
	typ, settings, ok := in.stateSettings(ev)
	if !ok {
		return nil, unread
	}
	var found []string
	for _, dir := range ev.load.dirsOf {
		if dir != ev.job.dir && ev.load.writes(dir, ev.job.dir, typ, settings) {
			found = append(found, dir)
		}
	}
	switch {
	case len(found) == 0:
		return nil, unread
	case len(found) > 1:
		return nil, fmt.Sprintf("%s: both %s and %s write the state that it reads", unread, found[0], found[1])
	case ev.chain >= maxChain:
		return nil, fmt.Sprintf("%s: more than %d roots read each other's outputs in a row", unread, maxChain)
	case len(ev.remotes) >= maxRemotes:
		return nil, fmt.Sprintf("%s: more than %d roots would have to be read", unread, maxRemotes)
	}
	jobs := ev.load.roots[found[0]]
	i := slices.IndexFunc(jobs, func(j *job) bool { return j.variant == ev.job.variant })
	switch {
	case i < 0 && len(jobs) > 1:
		return nil, fmt.Sprintf("%s: %s has no variant %q, but several others", unread, found[0], ev.job.variant)
	case i < 0:
		i = 0
	}
	return ev.remoteOf(jobs[i]), ""
}

func (ev *evaluator) remoteOf(j *job) *remote {
	r, ok := ev.remotes[j]
	if !ok {
		other := newEvaluator(ev.load, ev.spent)
		other.remotes, other.chain = ev.remotes, ev.chain+1
		r = &remote{ev: other, mod: other.open(j), id: rootID(j.dir, j.variant)}
		ev.remotes[j] = r
	}
	return r
}

// evaluate runs f in the other root and returns its result as ev's root sees it.
// What is wrong there is reported where that root itself is evaluated.
func (r *remote) evaluate(ev *evaluator, f func() value) value {
	depth, presumed := r.ev.depth, r.ev.presumed
	r.ev.depth, r.ev.presumed = ev.depth, ""
	v := f()
	ev.presume(r.ev.presumed)
	r.ev.depth, r.ev.presumed = depth, presumed
	out, sets := r.seen(v.v)
	if sets { // the elements of sets have another order now
		return value{out, v.o.whole()}
	}
	return value{out, v.o}
}

// seen returns a value of the other root as it is seen from outside: references
// name the root, and so do reasons. It reports whether it had to change a set.
func (r *remote) seen(v cty.Value) (out cty.Value, sets bool) {
	v, marks := v.Unmark()
	kept := make(cty.ValueMarks, len(marks))
	for m := range marks {
		switch m := m.(type) {
		case reason:
			kept[reason(r.id+": "+string(m))] = struct{}{}
		case openEnded:
			kept[openEnded{m.exact, r.id + ": " + m.why, m.sized}] = struct{}{}
		case nestedBlock:
			kept[foreignBlock{r, m}] = struct{}{}
		default:
			kept[m] = struct{}{}
		}
	}
	t := v.Type()
	switch {
	case v.IsNull() || !v.IsKnown():
	case t == cty.String:
		v = cty.StringVal(located.FromRoot(v.AsString(), r.id))
	case t == foreignType: // of a third root
	case t.IsCapsuleType():
		v = cty.CapsuleVal(foreignType, &foreign{r, v})
	case v.CanIterateElements() && v.LengthInt() > 0 && (hasPlaceholder(v) || hasCapsule(v) || v.ContainsMarked() || !v.IsWhollyKnown()):
		v, sets = r.seenElements(v)
	}
	return v.WithMarks(kept), sets
}

func (r *remote) seenElements(v cty.Value) (out cty.Value, sets bool) {
	var list []cty.Value
	fields := make(map[string]cty.Value)
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		e, inner := r.seen(e)
		sets = sets || inner
		list = append(list, e)
		if !isSequence(v.Type()) {
			fields[located.FromRoot(k.AsString(), r.id)] = e
		}
	}
	switch t := v.Type(); {
	case t.IsSetType():
		return cty.SetVal(list), true
	case t.IsListType() && cty.CanListVal(list):
		return cty.ListVal(list), sets
	case isSequence(t):
		return cty.TupleVal(list), sets
	case t.IsMapType() && cty.CanMapVal(fields):
		return cty.MapVal(fields), sets
	default:
		return cty.ObjectVal(fields), sets
	}
}

// foreign is a resource or module instance of another root, or several.
type foreign struct {
	remote *remote
	v      cty.Value
}

var foreignType = cty.Capsule("resource of another root", reflect.TypeFor[foreign]())

func (f *foreign) attr(ev *evaluator, name string, rng hcl.Range) value {
	r := f.remote
	return r.evaluate(ev, func() value { return scope{ev: r.ev, mod: r.mod}.getAttr(value{v: f.v}, name, rng) })
}

func (f *foreign) index(ev *evaluator, key value, rng hcl.Range) value {
	r := f.remote
	return r.evaluate(ev, func() value { return scope{ev: r.ev, mod: r.mod}.index(value{v: f.v}, key, rng) })
}

// foreignBlock marks a nested block of another root's resource, see nestedBlock.
type foreignBlock struct {
	remote *remote
	block  nestedBlock
}

func (b foreignBlock) attr(ev *evaluator, name string) value {
	return b.remote.evaluate(ev, func() value { return b.block.attr(b.remote.ev, name) })
}

// naming are the settings of backends that say where a state lies, with the values
// that Terraform takes for those which are left out. All others say how to get there.
// Source: developer.hashicorp.com/terraform/language/backend
var naming = map[string]map[string]string{
	"local":      {"path": "terraform.tfstate"},
	"oss":        {"bucket": "", "prefix": "env:", "key": "terraform.tfstate"},
	"s3":         {"bucket": "", "key": ""},
	"gcs":        {"bucket": "", "prefix": ""},
	"cos":        {"bucket": "", "prefix": "", "key": "terraform.tfstate"},
	"azurerm":    {"storage_account_name": "", "container_name": "", "key": ""},
	"http":       {"address": ""},
	"consul":     {"path": ""},
	"kubernetes": {"secret_suffix": "", "namespace": "default"},
}

// stateSettings returns the backend and its settings that the data source reads
// from. ok is false where they are not all known, or not those of the default
// workspace.
func (in *instance) stateSettings(ev *evaluator) (typ string, settings map[string]string, ok bool) {
	args := &in.res.blk.args
	arg := func(name string) cty.Value {
		i, ok := args.index[name]
		if !ok {
			return cty.NullVal(cty.DynamicPseudoType)
		}
		v, _ := in.argument(ev, i).v.UnmarkDeep()
		return v
	}
	typ, ok = asString(arg("backend"))
	if !ok {
		return "", nil, false
	}
	if w := arg("workspace"); !w.IsNull() {
		if name, ok := asString(w); !ok || name != "default" {
			return "", nil, false
		}
	}
	config := arg("config")
	if config.IsNull() {
		return typ, nil, true
	}
	if !config.IsKnown() || hasPlaceholder(config) || !config.Type().IsObjectType() && !config.Type().IsMapType() {
		return "", nil, false
	}
	settings = make(map[string]string)
	for it := config.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if v.IsNull() {
			continue
		}
		text, err := convertTo(v, cty.String)
		if err != nil || !text.IsKnown() {
			if _, names := naming[typ][k.AsString()]; names {
				return "", nil, false
			}
			continue
		}
		settings[k.AsString()] = text.AsString()
	}
	return typ, settings, true
}

// writes reports whether the root in dir writes the state that the root in reader
// reads with the settings: all that say where it lies are literal and the same, and
// of the others none differs.
func (l *loader) writes(dir, reader, typ string, settings map[string]string) bool {
	places, ok := naming[typ]
	if !ok {
		return false
	}
	own, ownType := make(map[string]string), "local"
	if b := l.config(dir).backend; b != nil {
		if len(b.labels) != 1 {
			return false // Terraform Cloud
		}
		ownType = b.labels[0]
		for _, at := range b.body.attrs {
			text, ok := literal(at.expr)
			if _, names := places[at.name]; names && !ok {
				return false
			}
			if ok {
				own[at.name] = text
			}
		}
	}
	if ownType != typ {
		return false
	}
	if typ == "local" {
		a, errA := source.Join(dir, orElse(own["path"], places["path"]))
		b, errB := source.Join(reader, orElse(settings["path"], places["path"]))
		return errA == nil && errB == nil && path.Clean(a) == path.Clean(b)
	}
	named := false // by both: the rest of a backend is often given on the command line
	for name, missing := range places {
		if orElse(own[name], missing) != orElse(settings[name], missing) {
			return false
		}
		named = named || own[name] != ""
	}
	for name, text := range settings {
		if t, ok := own[name]; ok && t != text {
			return false
		}
	}
	return named
}

func orElse(s, missing string) string {
	if s == "" {
		return missing
	}
	return s
}
