package terraform

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// Options say with which variables roots are evaluated.
type Options struct {
	// Vars and VarFiles are what --var and --var-file give to every root that
	// declares the variables: the files in order, then the assignments in order.
	// VarFiles are names in the tree.
	Vars     []Assignment
	VarFiles []string
	// Env holds the TF_VAR_ variables of the environment by name, without the prefix.
	Env map[string]string
	// Schema tells what attributes hold that configurations leave out. Without one
	// their values are unknown.
	Schema Schema
	// Stacks evaluate a directory once for each stack that names it, in place of
	// the variants found beside it.
	Stacks []Stack
}

// Stack is a root directory with the variables of one deployment.
type Stack struct {
	Name     string
	Dir      string   // in the tree
	VarFiles []string // names in the tree, or relative to Dir; weakest first
	Vars     map[string]string
}

// Load evaluates the root modules among names, the Terraform files that are to
// be linted. A root is a directory that no module block leads to. Files which
// names does not list are read wherever a root needs them. Roots are ordered by
// directory and variant, diagnostics by place.
func Load(ctx context.Context, tree *source.Tree, names []string, opts Options) ([]*Root, []source.Diagnostic) {
	opts.Stacks = slices.Clone(opts.Stacks)
	for i := range opts.Stacks {
		opts.Stacks[i].Dir = path.Clean(opts.Stacks[i].Dir)
	}
	l := newLoader(tree, names, opts.Schema)
	s := &set{loader: l, reached: make(map[string]bool)}
	dirs := s.rootDirs(names, opts.Stacks)

	var jobs []*job
	for _, dir := range dirs {
		jobs = append(jobs, l.jobs(dir, opts)...)
	}
	for i, j := range jobs {
		j.number = i
	}
	l.setRoots(jobs)
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	heavy := make(chan struct{}, 1)
	kept := &keeper{left: maxRunValues}
	parallel(len(jobs), func(i int) {
		slots <- struct{}{}
		defer func() { <-slots }()
		b := newBudget(ctx, len(jobs), heavy)
		defer b.release()
		jobs[i].enter(l, b)
		kept.keep(jobs[i])
	})

	var roots []*Root
	var diags []source.Diagnostic
	kept.report(l)
	for _, j := range jobs {
		roots = append(roots, j.root)
		diags = append(diags, j.diags...)
	}
	// A broken file that is linted is reported also where no root reads it.
	for _, name := range names {
		if isConfigFile(name) {
			diags = append(diags, l.file(name).diags...)
		}
	}
	slices.SortFunc(diags, source.Diagnostic.Compare)
	diags = slices.Compact(diags)
	slices.SortStableFunc(roots, func(a, b *Root) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Variant, b.Variant))
	})
	return roots, diags
}

// set finds the roots among directories.
type set struct {
	*loader
	reached map[string]bool
}

// rootDirs returns the directories to evaluate, sorted.
func (s *set) rootDirs(names []string, stacks []Stack) []string {
	base := commonDir(names)
	var dirs []string
	seen := make(map[string]bool)
	for _, name := range names {
		dir := path.Dir(name)
		if !isConfigFile(name) || seen[dir] {
			continue
		}
		seen[dir] = true
		if !s.isNoRoot(dir, base) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	s.weigh(dirs)
	parallel(len(dirs), func(i int) { s.config(dirs[i]) })
	called := make(map[string]bool)
	visited := make(map[string]bool)
	for _, dir := range dirs {
		s.markCalled(dir, called, visited)
	}
	for _, dir := range dirs {
		s.loadInstalled(dir, visited)
	}
	var roots []string
	covered := make(map[string]bool)
	for _, dir := range dirs {
		if !called[dir] {
			roots = append(roots, dir)
			s.cover(dir, covered)
		}
	}
	// Modules that call each other in a circle: start at the first.
	for _, dir := range dirs {
		if !covered[dir] {
			roots = append(roots, dir)
			s.cover(dir, covered)
		}
	}
	// A stack says how to evaluate a root, not that it is to be linted.
	for _, st := range stacks {
		if seen[st.Dir] && !slices.Contains(roots, st.Dir) {
			roots = append(roots, st.Dir)
		}
	}
	slices.Sort(roots)
	return roots
}

func (s *set) localCalls(dir string) []string {
	var out []string
	for _, call := range s.config(dir).callOrder {
		if !isLocalSource(call.source) {
			continue
		}
		if to, err := source.Join(dir, call.source); err == nil {
			out = append(out, to)
		}
	}
	return out
}

// markCalled marks the directories that module blocks lead to from dir.
func (s *set) markCalled(dir string, called, visited map[string]bool) {
	if visited[dir] {
		return
	}
	visited[dir] = true
	for _, to := range s.localCalls(dir) {
		if to != dir {
			called[to] = true
		}
		s.markCalled(to, called, visited)
	}
}

// loadInstalled loads the modules that terraform init put into a directory, and those
// that they call, before several roots ask for them at a time.
func (s *set) loadInstalled(dir string, visited map[string]bool) {
	installed := s.installed(dir)
	for _, key := range slices.Sorted(maps.Keys(installed)) {
		s.markCalled(installed[key], make(map[string]bool), visited)
	}
}

func (s *set) cover(dir string, covered map[string]bool) {
	if covered[dir] {
		return
	}
	covered[dir] = true
	for _, to := range s.localCalls(dir) {
		s.cover(to, covered)
	}
}

// isNoRoot reports whether dir holds tests or belongs to Terragrunt, which
// supplies what Terraform alone does not see.
func (s *set) isNoRoot(dir, base string) bool {
	rel := relative(base, dir)
	for _, part := range strings.Split(rel, "/") {
		if part == "tests" || part == ".terraform" || part == ".terragrunt-cache" {
			return true
		}
	}
	for _, name := range []string{"terragrunt.hcl", "terragrunt.hcl.json"} {
		if _, err := s.tree.Stat(path.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// commonDir is the deepest directory that all names lie in.
func commonDir(names []string) string {
	var common []string
	for i, name := range names {
		parts := strings.Split(path.Dir(name), "/")
		if path.Dir(name) == "." {
			return "."
		}
		if i == 0 {
			common = parts
			continue
		}
		n := 0
		for n < len(common) && n < len(parts) && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	if len(common) == 0 {
		return "."
	}
	return strings.Join(common, "/")
}

// job is one evaluation of a root.
type job struct {
	number  int // in the order of the run
	dir     string
	variant string
	files   []string // of the variant or stack, weakest first
	inputs  variables
	root    *Root
	values  int // of root
	diags   []source.Diagnostic
}

// jobs returns the evaluations that a root directory needs.
func (l *loader) jobs(dir string, opts Options) []*job {
	var jobs []*job
	for _, st := range opts.Stacks {
		if st.Dir != dir {
			continue
		}
		var files []string
		for _, f := range st.VarFiles {
			if _, err := l.tree.Stat(f); err != nil {
				if rel, err := source.Join(dir, f); err == nil {
					f = rel
				}
			}
			files = append(files, f)
		}
		var vars []Assignment
		for name, val := range st.Vars {
			vars = append(vars, Assignment{name, val})
		}
		j := l.job(dir, st.Name, opts, files)
		j.assign(vars)
		j.assign(opts.Vars)
		jobs = append(jobs, j)
	}
	if len(jobs) > 0 {
		return jobs
	}
	if len(opts.VarFiles) == 0 {
		for i, v := range l.variants(dir) {
			if i == maxVariants {
				jobs[0].diags = append(jobs[0].diags, source.Diagnostic{
					Kind: source.LimitReached, Range: source.Range{File: v.files[len(v.files)-1]},
					Message: fmt.Sprintf("evaluate %s: it has more than %d variable files; name those that count in stacks", dir, maxVariants),
				})
				break
			}
			j := l.job(dir, v.name, opts, v.files)
			j.assign(opts.Vars)
			jobs = append(jobs, j)
		}
	}
	if len(jobs) == 0 {
		j := l.job(dir, "", opts, nil)
		j.assign(opts.Vars)
		jobs = append(jobs, j)
	}
	return jobs
}

// job collects the variables of one evaluation, weakest first; its caller adds
// the assignments.
func (l *loader) job(dir, variant string, opts Options, files []string) *job {
	j := &job{dir: dir, variant: variant, files: files, inputs: make(variables)}
	for name, val := range opts.Env {
		j.inputs[name] = given{text: val}
	}
	for _, list := range [][]string{l.automatic(dir), files, opts.VarFiles} {
		for _, f := range list {
			j.diags = append(j.diags, j.inputs.addFile(l, f)...)
		}
	}
	return j
}

func (j *job) assign(vars []Assignment) {
	for _, a := range vars {
		j.inputs[a.Name] = given{text: a.Value}
	}
}

// enter evaluates the root, unless it is to be left out. So it is if the time is over
// before it is done.
func (j *job) enter(l *loader, b *budget) {
	j.root = j.unread()
	root := part.Part{Kind: part.Root, Name: j.dir}
	leave, left := part.Enter(b.ctx, root)
	if left == nil {
		defer func() { leave(b.spent[values]) }()
		j.run(l, b)
		if left = part.Late(b.ctx, root); left == nil {
			return
		}
		j.root, j.values = j.unread(), 0
	}
	left.Range.File = l.anyFile(j.dir)
	j.diags = append(j.diags, *left)
}

// unread is the root as long as nothing of it was evaluated.
func (j *job) unread() *Root {
	return &Root{Dir: j.dir, Variant: j.variant, VarFiles: j.files, Incomplete: true}
}

// run evaluates everything in the root.
func (j *job) run(l *loader, b *budget) {
	defer func() {
		if r := recover(); r != nil {
			j.root = j.unread()
			j.diags = append(j.diags, internalError(l.anyFile(j.dir), r))
		}
	}()
	ev := newEvaluator(l, b)
	b.owner = ev
	m := ev.open(j)
	j.root = &Root{Dir: j.dir, Variant: j.variant, VarFiles: j.files}
	used := make(map[string]*config)
	ev.collect(m, j.root, used)
	slices.SortFunc(j.root.Resources, func(a, b *Resource) int { return compareAddresses(a.Address, b.Address) })
	slices.SortFunc(j.root.Providers, func(a, b *Provider) int {
		return cmp.Or(compareAddresses(a.Module, b.Module), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(j.root.UnreadModules, func(a, b UnreadModule) int { return compareAddresses(a.Address, b.Address) })
	for _, cfg := range used {
		j.diags = append(j.diags, cfg.diags...)
		j.root.Incomplete = j.root.Incomplete || cfg.broken
	}
	if _, bad := j.inputs[broken]; bad {
		j.root.Incomplete = true
	}
	j.root.Incomplete = j.root.Incomplete || b.ended
	for _, p := range ev.global.diags {
		j.root.Incomplete = j.root.Incomplete || p.kind == source.LimitReached
	}
	j.values = b.spent[values]
	j.diags = append(j.diags, ev.diagnostics()...)
	j.root.Uncalled = ev.inputless && j.uncalled(l)
	if j.root.Uncalled {
		for i := range j.diags {
			if d := &j.diags[i]; d.Kind == source.EvaluationError {
				d.Kind, d.Message = source.ModuleMistake, d.Message+"; nothing calls this module"
			}
		}
	}
}

// uncalled reports whether nothing in the tree says that the directory is deployed by
// itself, although no module block leads to it.
func (j *job) uncalled(l *loader) bool {
	cfg := l.config(j.dir)
	if cfg.broken || cfg.backend != nil || len(cfg.providers) > 0 || j.variant != "" || len(j.files) > 0 || len(l.automatic(j.dir)) > 0 {
		return false
	}
	for name := range j.inputs {
		if cfg.variables[name] != nil {
			return false
		}
	}
	for _, name := range []string{".terraform.lock.hcl", ".terraform"} {
		if _, err := l.tree.Stat(path.Join(j.dir, name)); err == nil {
			return false
		}
	}
	return true
}

// open makes the root module of a job.
func (ev *evaluator) open(j *job) *module {
	m := newModule(ev.load.config(j.dir))
	m.inputs = j.inputs
	ev.job, ev.root, ev.inst = j, m, ev.load.installed(j.dir)
	return m
}

// collect evaluates what a module instance holds, and the modules it calls.
func (ev *evaluator) collect(m *module, root *Root, used map[string]*config) {
	used[m.cfg.dir] = m.cfg
	for _, blk := range m.cfg.providers {
		name := blk.labels[0]
		if at := blk.body.attr("alias"); at != nil {
			if alias, ok := literal(at.expr); ok {
				name += "." + alias
			}
		}
		ev.spent.apart(func() {
			v := scope{ev: ev, mod: m}.blockValue(blk.header, &blk.body)
			root.Providers = append(root.Providers, &Provider{
				Name: name, Module: located.Display(m.address), Body: ev.locate(v, blk.header),
			})
		})
	}
	for _, blk := range m.cfg.ordered {
		ev.spent.apart(func() { ev.collectResource(m, blk, root) })
	}
	for _, call := range m.cfg.callOrder {
		var g *callGroup
		ev.spent.apart(func() {
			if g = m.expandCall(ev, call); g.unread != "" {
				root.UnreadModules = append(root.UnreadModules, ev.unreadModule(m, call, g.unread))
			}
		})
		for _, c := range g.mods {
			if ev.spent.ended {
				return
			}
			root.Modules = append(root.Modules, ev.moduleInstance(c))
			ev.collect(c, root, used)
		}
	}
}

// collectResource evaluates the instances of a resource or data block.
func (ev *evaluator) collectResource(m *module, blk *resourceBlock, root *Root) {
	for _, in := range m.expandResource(ev, blk).insts {
		if ev.spent.ended {
			return
		}
		root.Resources = append(root.Resources, &Resource{
			Address: located.Display(in.address), Module: located.Display(m.address), Data: blk.data, Type: blk.typ, Name: blk.name,
			Body: in.body(ev), Uncertain: in.uncertain, IgnoreChanges: blk.ignore,
			Provider: m.provider(blk.provider, blk.typ), Values: in.releaseValues(ev),
		})
	}
}

// moduleInstance describes a module instance that is not the root.
func (ev *evaluator) moduleInstance(m *module) ModuleInstance {
	instance := ModuleInstance{Address: located.Display(m.address)}
	for ; m.up != nil; m = m.up {
		instance.Blocks = append(instance.Blocks, ev.rng(m.call.header))
	}
	return instance
}

// unreadModule describes a module call that was not followed.
func (ev *evaluator) unreadModule(m *module, call *callBlock, why string) UnreadModule {
	if !slices.ContainsFunc(ev.global.diags, func(p pending) bool { return p.rng == call.header }) {
		ev.report(source.Unread, call.header, why) // no mistake says it already
	}
	sc := scope{ev: ev, mod: m}
	// With a repetition the arguments of its first instance stand for all.
	if rep := sc.repeat(call.count, call.forEach); len(rep.items) > 0 {
		sc.each = &rep.items[0]
	}
	args := sc.blockValue(call.header, &call.args)
	return UnreadModule{
		Address: located.Display(m.in("module." + call.name)), Source: shown(call.source),
		Arguments: ev.locate(args, call.header), Range: ev.rng(call.header), Reason: why,
	}
}

// provider follows a provider name up through the modules that pass it on.
func (m *module) provider(name, typ string) string {
	if name == "" {
		name, _, _ = strings.Cut(typ, "_")
	}
	for ; m.up != nil; m = m.up {
		if to, ok := m.call.providers[name]; ok && to != "" {
			name = to
		}
	}
	return name
}

// installed is what terraform init recorded of a root's modules.
type installed map[string]string

func (i installed) dir(key string) (string, bool) {
	d, ok := i[key]
	return d, ok
}

// installed reads .terraform/modules/modules.json of a root directory.
func (l *loader) installed(dir string) installed {
	data, err := l.tree.ReadFile(path.Join(dir, ".terraform/modules/modules.json"))
	if err != nil {
		return nil
	}
	var manifest struct {
		Modules []struct{ Key, Source, Dir string }
	}
	if json.Unmarshal(data, &manifest) != nil {
		return nil
	}
	out := make(installed)
	for _, m := range manifest.Modules {
		if m.Key == "" {
			continue
		}
		if to, err := source.Join(dir, m.Dir); err == nil {
			out[m.Key] = to
		}
	}
	return out
}

// compareAddresses orders addresses as text, but indexes by number.
func compareAddresses(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		// Compare the numbers that the difference lies in.
		x, y := numberAt(a, i), numberAt(b, i)
		if x != "" && y != "" {
			return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
		}
		break
	}
	return cmp.Compare(a, b)
}

// numberAt returns the digits in [...] around position i of an address.
func numberAt(s string, i int) string {
	start := i
	for start > 0 && isDigit(s[start-1]) {
		start--
	}
	end := i
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if start == 0 || s[start-1] != '[' || end == start || end >= len(s) || s[end] != ']' {
		return ""
	}
	return s[start:end]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
