package terraform

import (
	"cmp"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// config is one module directory, parsed. It holds no values and is shared by
// all roots and instances that use the directory.
type config struct {
	dir       string
	variables map[string]*block
	locals    map[string]*attribute
	outputs   map[string]*block
	resources map[string]*resourceBlock // by resourceKey
	ordered   []*resourceBlock          // resources in order of key
	calls     map[string]*callBlock
	callOrder []*callBlock
	providers []*block
	backend   *block // nil for the local one; a cloud block counts as one
	broken    bool   // a file could not be read or parsed
	diags     []source.Diagnostic
}

// resourceBlock is a resource or data block, with the meta-arguments taken out.
type resourceBlock struct {
	*block
	data     bool
	typ      string
	name     string
	key      string
	count    *attribute
	forEach  *attribute
	provider string   // as written, "" for the default
	ignore   []string // lifecycle.ignore_changes
	args     body     // what is left
}

// callBlock is a module block.
type callBlock struct {
	*block
	name      string
	source    string
	sourceErr string // why source cannot be told, else ""
	count     *attribute
	forEach   *attribute
	providers map[string]string // the child's name to the caller's
	args      body
}

// body is the content of a block in source order.
type body struct {
	attrs  []*attribute
	index  map[string]int // of attrs, by name
	blocks []*block
}

type attribute struct {
	name      string
	nameRange hcl.Range
	expr      hclsyntax.Expression
}

type block struct {
	typ    string
	labels []string
	header hcl.Range
	body   body
	broken bool // it has syntax errors
}

func (b *body) attr(name string) *attribute {
	if i, ok := b.index[name]; ok {
		return b.attrs[i]
	}
	return nil
}

func (b *body) add(a *attribute) {
	if b.index == nil {
		b.index = make(map[string]int)
	}
	if i, ok := b.index[a.name]; ok {
		b.attrs[i] = a
		return
	}
	b.index[a.name] = len(b.attrs)
	b.attrs = append(b.attrs, a)
}

// without returns the body less some attributes and block types.
func (b *body) without(names ...string) body {
	var out body
	for _, a := range b.attrs {
		if !slices.Contains(names, a.name) {
			out.add(a)
		}
	}
	for _, blk := range b.blocks {
		if !slices.Contains(names, blk.typ) {
			out.blocks = append(out.blocks, blk)
		}
	}
	return out
}

// resourceKey is the part of an address that names a block in its module.
func resourceKey(data bool, typ, name string) string {
	if data {
		return "data." + typ + "." + name
	}
	return typ + "." + name
}

// loader reads and parses module directories, each file and directory once.
type loader struct {
	tree   *source.Tree
	named  map[string][]string // files that Load was given, by directory; the tree may not list them
	schema Schema              // may be nil
	roots  map[string][]*job   // by directory
	dirsOf []string            // of the roots, sorted

	mu    sync.Mutex
	dirs  map[string]*dirEntry
	files map[string]*fileEntry
	size  int64         // of files
	slots chan struct{} // bounds the files parsed at a time
}

type dirEntry struct {
	once sync.Once
	cfg  *config
}

type fileEntry struct {
	left  bool // out, see loader.weighed
	once  sync.Once
	text  *text
	body  body
	diags []source.Diagnostic
}

func newLoader(tree *source.Tree, names []string, schema Schema) *loader {
	named := make(map[string][]string)
	for _, name := range names {
		if isConfigFile(name) {
			named[path.Dir(name)] = append(named[path.Dir(name)], name)
		}
	}
	return &loader{
		tree:   tree,
		named:  named,
		schema: schema,
		dirs:   make(map[string]*dirEntry),
		files:  make(map[string]*fileEntry),
		slots:  make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

func (l *loader) file(name string) *fileEntry {
	e := l.weighed(name)
	e.once.Do(func() {
		if e.left {
			e.diags = append(e.diags, source.Diagnostic{
				Kind: source.LimitReached, Range: source.Range{File: name},
				Message: fmt.Sprintf("parse file: the Terraform files of the run have more than %d MiB together; it is left out", maxSource>>20),
			})
			return
		}
		l.slots <- struct{}{}
		defer func() { <-l.slots }()
		e.parse(l.tree, name)
	})
	return e
}

// weighed returns the entry of a file. The first time it decides whether the file is
// still among those that a run may parse, so it must be called in an order that is
// always the same.
func (l *loader) weighed(name string) *fileEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.files[name]; ok {
		return e
	}
	e := &fileEntry{}
	l.files[name] = e
	if n := l.sizeOf(name); l.size+n > maxSource && guard.On(guard.TerraformBudgets) {
		e.left = true
	} else {
		l.size += n
	}
	return e
}

// sizeOf is the size of a file, 0 if that cannot be told or if it is too large to be
// read: what is wrong with it shows when it is read.
func (l *loader) sizeOf(name string) (n int64) {
	defer func() { _ = recover() }()
	if info, err := l.tree.Stat(name); err == nil && info.Size() <= source.MaxFileSize {
		n = info.Size()
	}
	return n
}

// weigh weighs the files of directories, the smallest first, so that it is the largest
// that are left out.
func (l *loader) weigh(dirs []string) {
	type file struct {
		name string
		size int64
	}
	var files []file
	for _, dir := range dirs {
		for _, name := range l.filesOf(dir) {
			files = append(files, file{name, l.sizeOf(name)})
		}
	}
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(a.size, b.size) })
	for _, f := range files {
		l.weighed(f.name)
	}
}

// filesOf lists the configuration files of a directory. What is wrong with it shows
// when it is read.
func (l *loader) filesOf(dir string) (names []string) {
	defer func() { _ = recover() }()
	return l.configFiles(dir)
}

// text returns the text of a file that was parsed, nil for any other.
func (l *loader) text(name string) *text {
	l.mu.Lock()
	e := l.files[name]
	l.mu.Unlock()
	if e == nil {
		return nil
	}
	return e.text
}

// isConfigFile reports whether name is read as Terraform configuration.
func isConfigFile(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || strings.HasPrefix(base, "#") {
		return false
	}
	for _, ext := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if strings.HasSuffix(base, ext) && len(base) > len(ext) {
			return true
		}
	}
	return false
}

func isOverride(name string) bool {
	stem, _, _ := strings.Cut(path.Base(name), ".")
	return stem == "override" || strings.HasSuffix(stem, "_override")
}

// configFiles lists the configuration files of a directory, the ordinary ones
// first. A .tofu file takes the place of the .tf file of the same name.
func (l *loader) configFiles(dir string) []string {
	var bases []string
	if entries, err := l.tree.ReadDir(dir); err == nil {
		for _, e := range entries {
			if isConfigFile(e.Name()) && !e.IsDir() {
				bases = append(bases, e.Name())
			}
		}
	}
	for _, name := range l.named[dir] {
		bases = append(bases, path.Base(name))
	}
	slices.Sort(bases)
	bases = slices.Compact(bases)
	var names, overrides []string
	for _, base := range bases {
		if slices.Contains(bases, Twin(base)) {
			continue
		}
		name := path.Join(dir, base)
		if isOverride(name) {
			overrides = append(overrides, name)
		} else {
			names = append(names, name)
		}
	}
	return append(names, overrides...)
}

// Twin is the name of the file that takes the place of a configuration file where it lies
// beside it; empty if none can.
func Twin(name string) string {
	if stem, isTF := strings.CutSuffix(strings.TrimSuffix(name, ".json"), ".tf"); isTF {
		return stem + ".tofu" + strings.TrimPrefix(name, stem+".tf")
	}
	return ""
}

// anyFile is the first configuration file of a directory, or the directory itself.
func (l *loader) anyFile(dir string) string {
	if names := l.configFiles(dir); len(names) > 0 {
		return names[0]
	}
	return dir
}

// config returns the parsed module directory; it has no blocks if there is none.
func (l *loader) config(dir string) *config {
	l.mu.Lock()
	e, ok := l.dirs[dir]
	if !ok {
		e = &dirEntry{}
		l.dirs[dir] = e
	}
	l.mu.Unlock()
	e.once.Do(func() {
		// What is left after a mistake of our own is a directory that could not be read.
		e.cfg = newConfig(dir)
		e.cfg.broken = true
		defer func() {
			if r := recover(); r != nil {
				e.cfg.diags = append(e.cfg.diags, internalError(dir, r))
			}
		}()
		e.cfg = l.loadDir(dir)
	})
	return e.cfg
}

func newConfig(dir string) *config {
	return &config{
		dir:       dir,
		variables: make(map[string]*block),
		locals:    make(map[string]*attribute),
		outputs:   make(map[string]*block),
		resources: make(map[string]*resourceBlock),
		calls:     make(map[string]*callBlock),
	}
}

func (l *loader) loadDir(dir string) *config {
	names := l.configFiles(dir)
	entries := make([]*fileEntry, len(names))
	parallel(len(names), func(i int) { entries[i] = l.file(names[i]) })

	c := newConfig(dir)
	for i, e := range entries {
		c.diags = append(c.diags, e.diags...)
		c.broken = c.broken || e.unreadable()
		if e.text != nil {
			a := adder{cfg: c, text: e.text, override: isOverride(names[i])}
			a.addAll(&e.body)
		}
	}
	c.order()
	return c
}

// order lists what was added, in an order that is always the same.
func (c *config) order() {
	for _, r := range c.resources {
		c.ordered = append(c.ordered, r)
	}
	slices.SortFunc(c.ordered, func(a, b *resourceBlock) int { return cmp.Compare(a.key, b.key) })
	for _, m := range c.calls {
		c.callOrder = append(c.callOrder, m)
	}
	slices.SortFunc(c.callOrder, func(a, b *callBlock) int { return cmp.Compare(a.name, b.name) })
}

// internalError describes a mistake of this package, which must not take the rest
// of the run with it.
func internalError(name string, cause any) source.Diagnostic {
	return source.Diagnostic{
		Kind: source.ParseError, Range: source.Range{File: name},
		Message: fmt.Sprintf("read file: internal error, please report it: %s", guard.PanicText(cause)),
	}
}

// parallel runs f(0) to f(n-1) at the same time. What limits the work is up to f,
// which must not panic: nobody else could recover.
func parallel(n int, f func(int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
