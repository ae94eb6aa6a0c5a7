package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"
	"sigs.k8s.io/yaml"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	// maxChartSize is how many bytes the files of a chart may have together.
	maxChartSize = 64 << 20
	// maxChartFiles is how many files a chart may have, and maxChartDepth how deep
	// in directories.
	maxChartFiles = 20_000
	maxChartDepth = 32
)

// chartSource is the files of a chart as they are in the tree.
type chartSource struct {
	dir     string
	name    string
	library bool
	files   []string // in the tree, with those of charts that it uses by their paths
	// buffered are the same files as Helm reads them. The archives of charts inside
	// are among them, unpacked by Helm.
	buffered []*archive.BufferedFile
	// origin tells the file from the first byte of its contents, which Helm passes
	// on as they are.
	origin map[*byte]string
	uses   []string // directories of charts that it refers to by their paths
	err    error
	tree   *source.Tree
	record *source.Record // of tree
	ctx    context.Context
	// size is how many bytes the files have, with those in archives; archived is how many
	// these are in archives, archives how many of them there are, and values about how
	// many values are in the files that Helm reads.
	size, archived, archives, values int
	// diagnostics are about what is left out.
	diagnostics []source.Diagnostic
	// missing says that a chart inside is not there.
	missing bool
	// counted are the texts of templates with nothing put in but what counts, by their
	// names in Helm and what they were.
	counted map[[2]string]string
	// overruns is how often a limit was reached in rendering it.
	overruns int
}

// readChart reads the files of the chart in dir.
func readChart(ctx context.Context, tree *source.Tree, dir string) *chartSource {
	s := &chartSource{dir: dir, name: path.Base(dir), origin: make(map[*byte]string), counted: make(map[[2]string]string), ctx: ctx, tree: tree}
	s.err = s.read()
	return s
}

func (s *chartSource) read() error {
	if err := s.addDir(s.dir, ""); err != nil {
		return err
	}
	if err := s.checkArchives(); err != nil {
		return err
	}
	c, err := s.load()
	if err != nil {
		return err
	}
	s.name, s.library = c.Name(), c.Metadata.Type == "library"
	before := len(s.buffered)
	if err := s.addUsed(s.dir, "", c.Metadata, []string{s.dir}); err != nil || len(s.buffered) == before {
		return err
	}
	return s.checkArchives()
}

// load lets Helm read the chart. Rendering changes a chart, so each rendering needs
// one of its own.
func (s *chartSource) load() (c *chart.Chart, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, mistake{text: "Helm stops at a mistake in the files"}
		}
	}()
	files := make([]*archive.BufferedFile, len(s.buffered))
	for i, f := range s.buffered {
		own := *f // Helm changes the names of what is in charts
		files[i] = &own
	}
	return chartloader.LoadFiles(files)
}

// addDir adds the files in a directory of the tree under a prefix.
func (s *chartSource) addDir(dir, prefix string) error {
	rules := ignore.Empty()
	if data, err := s.tree.ReadFile(path.Join(dir, ignore.HelmIgnore)); err == nil {
		if r, err := ignore.Parse(bytes.NewReader(data)); err == nil {
			rules = r
		}
	}
	rules.AddDefaults()
	return s.walk(dir, "", prefix, rules, 0)
}

func (s *chartSource) walk(dir, rel, prefix string, rules *ignore.Rules, depth int) error {
	if depth > maxChartDepth {
		return mistake{limit: true, text: fmt.Sprintf("%s lies more than %d directories deep", path.Join(dir, rel), maxChartDepth)}
	}
	entries, err := s.tree.ReadDir(path.Join(dir, rel))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := guard.Overdue(s.ctx); err != nil {
			return err
		}
		name := path.Join(rel, e.Name())
		file := path.Join(dir, name)
		info, err := s.tree.Stat(file)
		if errors.Is(err, source.ErrOutside) || errors.Is(err, fs.ErrNotExist) {
			continue // a symlink that leads nowhere in the tree
		}
		if err != nil {
			return unreadable(file, err)
		}
		if rules.Ignore(name, info) {
			continue
		}
		switch {
		case info.IsDir():
			if err := s.walk(dir, name, prefix, rules, depth+1); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			if err := s.addFile(file, path.Join(prefix, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unreadable says that a file cannot be read from the tree.
func unreadable(file string, err error) error {
	return mistake{limit: errors.Is(err, source.ErrTooLarge), text: file + ": " + err.Error()}
}

func (s *chartSource) addFile(file, name string) error {
	data, err := s.tree.ReadFile(file)
	if err != nil {
		return unreadable(file, err)
	}
	if s.size += len(data); s.size > maxChartSize || len(s.files)+s.archived >= maxChartFiles {
		return mistake{limit: true, text: fmt.Sprintf("its files are more than %d MiB or more than %d", maxChartSize>>20, maxChartFiles)}
	}
	if isRead(name) {
		n, err := countValues(data)
		if s.values += n; err == nil && s.values > maxValues {
			err = errValues
		}
		if err != nil && guard.On(guard.HelmBudgets) {
			return mistake{limit: true, text: file + ": " + err.Error()}
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s.files = append(s.files, file)
	s.buffered = append(s.buffered, &archive.BufferedFile{Name: name, Data: data})
	if len(data) > 0 {
		s.origin[&data[0]] = file
	}
	return nil
}

// addUsed adds the charts that a chart refers to by file:// addresses, as helm
// dependency build would, unless they are in its charts directory already.
func (s *chartSource) addUsed(dir, prefix string, m *chart.Metadata, above []string) error {
	for _, d := range m.Dependencies {
		if d == nil {
			continue
		}
		rel, ok := strings.CutPrefix(d.Repository, "file://")
		if !ok {
			continue
		}
		used, err := source.Join(dir, rel)
		if err != nil || slices.Contains(above, used) {
			continue // reported as missing
		}
		data, err := s.tree.ReadFile(path.Join(used, chartFile))
		if err != nil {
			continue
		}
		s.uses = append(s.uses, used)
		if s.hasChart(prefix, d.Name) {
			continue
		}
		var below chart.Metadata
		if err := yaml.Unmarshal(data, &below); err != nil {
			return mistake{text: path.Join(used, chartFile) + ": " + yamlMistake(err)}
		}
		inside := path.Join(prefix, chartsDir, path.Base(used))
		if err := s.addDir(used, inside); err != nil {
			return err
		}
		if err := s.addUsed(used, inside, &below, append(slices.Clone(above), used)); err != nil {
			return err
		}
	}
	return nil
}

// hasChart reports whether the charts directory below prefix has a chart of a name,
// as a directory or as an archive.
func (s *chartSource) hasChart(prefix, name string) bool {
	charts := path.Join(prefix, chartsDir) + "/"
	for _, f := range s.buffered {
		rest, ok := strings.CutPrefix(f.Name, charts)
		if ok && (strings.HasPrefix(rest, name+"/") || strings.HasPrefix(rest, name+"-") && strings.HasSuffix(rest, ".tgz")) {
			return true
		}
	}
	return false
}

// fileOf returns the file in the tree that Helm has the contents of: the archive,
// or the chart, if it is not there itself.
func (s *chartSource) fileOf(c *chart.Chart, data []byte) (file string, exact bool) {
	if len(data) > 0 {
		if f, ok := s.origin[&data[0]]; ok {
			return f, true
		}
	}
	for ; c != nil && !c.IsRoot(); c = c.Parent() {
		for _, f := range s.files {
			if base := path.Base(f); strings.HasSuffix(base, ".tgz") && strings.HasPrefix(base, c.Name()+"-") {
				return f, false
			}
		}
	}
	return path.Join(s.dir, chartFile), false
}

var (
	// layerName is the name of a values file that environments share.
	layerName = regexp.MustCompile(`(?i)(^|[-_.])(common|global|shared|base|defaults?)([-_.]|$)`)
	// variantName is the name of a values file of an environment.
	variantName = regexp.MustCompile(`^(values[-_.].+|.+[-_.]values)\.ya?ml$`)
)

// valuesFiles returns the values files beside the chart: those that all its
// environments share, and those that make a variant each.
func (s *chartSource) valuesFiles() (layers, variants []string) {
	for _, f := range s.files {
		dir, base := path.Split(f)
		dir = path.Clean(dir)
		isYAML := strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml")
		switch {
		case dir == s.dir && variantName.MatchString(base):
		case dir == path.Join(s.dir, "values") && isYAML:
		default:
			continue
		}
		if layerName.MatchString(strings.TrimSuffix(strings.TrimSuffix(base, ".yaml"), ".yml")) {
			layers = append(layers, f)
		} else {
			variants = append(variants, f)
		}
	}
	slices.Sort(layers)
	slices.Sort(variants)
	return layers, variants
}
