package terraform

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// fileFunctions read files, inside the tree only.
var fileFunctions = map[string]specialFunc{
	"file":           {1, 1, readText},
	"filebase64":     {1, 1, readBase64},
	"fileexists":     {1, 1, fileExists},
	"fileset":        {2, 2, fileSet},
	"templatefile":   {2, 2, templateFile},
	"templatestring": {2, 2, templateString},
}

// fileResult is a file that a function asked for.
type fileResult struct {
	data []byte
	err  error
}

// readFile reads the file that the first argument of a function names. Names are relative to the
// root's directory, where Terraform runs.
func (sc scope) readFile(c *callSite) (data []byte, bad *value) {
	u, marks := c.args[0].v.Unmark()
	if !u.IsKnown() {
		r := value{v: cty.DynamicVal.WithMarks(marks)}
		return nil, &r
	}
	name, ok := asString(u)
	if !ok {
		r := sc.fail(c.argRange(0), "call %s: it takes a path, not %s", c.name, describe(u))
		return nil, &r
	}
	if hasPlaceholder(u) {
		r := unknown(afterApply(u))
		return nil, &r
	}
	full, err := source.Join(sc.ev.root.cfg.dir, name)
	if err != nil {
		r := unknown(fmt.Sprintf("%s lies outside of what may be read", fileText(c, 0)))
		return nil, &r
	}
	f, seen := sc.ev.files[full]
	if !seen {
		f.data, f.err = sc.ev.load.tree.ReadFile(full)
		sc.ev.files[full] = f
	}
	if f.err != nil {
		// It may be made before Terraform runs, so it is no mistake.
		r := unknown(fmt.Sprintf("%s could not be read: %s", fileText(c, 0), withoutValues(f.err.Error(), secretsAmong(c.args[0].v))))
		return nil, &r
	}
	return f.data, nil
}

func readText(sc scope, c *callSite) value {
	data, bad := sc.readFile(c)
	if bad != nil {
		return *bad
	}
	if !utf8.Valid(data) {
		return sc.fail(c.rng(), "call %s: the file is not UTF-8 text", c.name)
	}
	return value{cty.StringVal(string(data)), combined(c.args)}
}

func readBase64(sc scope, c *callSite) value {
	data, bad := sc.readFile(c)
	if bad != nil {
		return *bad
	}
	return value{cty.StringVal(base64.StdEncoding.EncodeToString(data)), combined(c.args)}
}

func templateFile(sc scope, c *callSite) value {
	data, bad := sc.readFile(c)
	if bad != nil {
		return *bad
	}
	return sc.renderTemplate(value{v: cty.StringVal(string(data))}, c.args[1], c.rng(), path.Base(fileText(c, 0)))
}

func templateString(sc scope, c *callSite) value {
	return sc.renderTemplate(c.args[0], c.args[1], c.rng(), "template")
}

// maxTemplateDepth bounds how deep templates render templates.
const maxTemplateDepth = 32

// maxTemplate bounds the text of a template, in bytes.
const maxTemplate = 1 << 20

// renderTemplate fills a template with variables. Mistakes inside it are
// reported at rng, where it is used.
func (sc scope) renderTemplate(text, vars value, rng hcl.Range, what string) value {
	u, marks := text.v.Unmark()
	if !u.IsKnown() {
		return value{v: cty.DynamicVal.WithMarks(marks)}
	}
	s, ok := asString(u)
	if !ok {
		return sc.fail(rng, "fill %s: it is no text", what)
	}
	if line, deep := tooDeep([]byte(s)); deep {
		sc.ev.limit(rng, "fill %s: line %d is nested too deep", what, line)
		return unknown("its template is nested too deep")
	}
	if len(s) > maxTemplate && guard.On(guard.TerraformBudgets) {
		sc.ev.limit(rng, "fill %s: the template is larger than %d MiB", what, maxTemplate>>20)
		return unknown("its template is too large")
	}
	if !sc.ev.spend(steps, len(s)/16, rng) {
		return unknown(tooCostly)
	}
	hushed := sc.ev.hushed
	sc.ev.hushed = hushed || marks.Has(sensitive{}) && guard.On(guard.ErrorText)
	defer func() { sc.ev.hushed = hushed }()
	e, diags := hclsyntax.ParseTemplate([]byte(s), "", hcl.InitialPos)
	if diags.HasErrors() {
		return sc.fail(rng, "fill %s: %s", what, sentence(diags[0]))
	}
	vs, unsure, ok := sc.entries(vars)
	if unsure != nil {
		return *unsure
	}
	if uv, _ := vars.v.Unmark(); !ok || !uv.Type().IsObjectType() && !uv.Type().IsMapType() {
		return sc.fail(rng, "fill %s: its variables are no map", what)
	}
	if sc.ev.templates >= maxTemplateDepth {
		sc.ev.limit(rng, "fill %s: templates are nested more than %d deep", what, maxTemplateDepth)
		return unknown("its template is nested too deep")
	}
	host := sc.ev.host
	if rng.Filename != "" {
		sc.ev.host = rng
	}
	sc.ev.templates++
	defer func() { sc.ev.templates--; sc.ev.host = host }()
	in := scope{ev: sc.ev}
	args := []value{text}
	for _, en := range vs {
		in = in.with(en.key.AsString(), en.val)
		args = append(args, en.val)
	}
	outer := sc.ev.sink
	sc.ev.sink = &sink{}
	r := in.eval(e)
	inner := sc.ev.sink.diags
	sc.ev.sink = outer
	if len(inner) > 0 {
		return sc.fail(rng, "fill %s: %s", what, strings.TrimPrefix(inner[0].msg, "fill template: "))
	}
	if sc.ev.hushed && !r.v.IsKnown() {
		return unknownWith(hushedTemplate, args)
	}
	return value{r.v, combined(args)}
}

func fileExists(sc scope, c *callSite) value {
	u, marks := c.args[0].v.Unmark()
	if !u.IsKnown() {
		return value{v: cty.UnknownVal(cty.Bool).WithMarks(marks)}
	}
	name, ok := asString(u)
	switch {
	case !ok:
		return sc.fail(c.argRange(0), "call fileexists: it takes a path, not %s", describe(u))
	case hasPlaceholder(u):
		return unknown(afterApply(u))
	}
	full, err := source.Join(sc.ev.root.cfg.dir, name)
	if err != nil {
		return unknown(fmt.Sprintf("%s lies outside of what may be read", fileText(c, 0)))
	}
	info, err := sc.ev.load.tree.Stat(full)
	switch {
	case errors.Is(err, source.ErrOutside):
		return unknown(fmt.Sprintf("%s lies outside of what may be read", fileText(c, 0)))
	case err != nil:
		sc.ev.presume(fileText(c, 0) + " is not in the tree")
		return value{cty.False, combined(c.args)}
	case info.IsDir():
		return sc.fail(c.argRange(0), "call fileexists: %s is a directory", fileText(c, 0))
	}
	return value{cty.True, combined(c.args)}
}

// maxFileSet bounds the files that one fileset call finds.
const maxFileSet = 10_000

// fileSet lists the files under a directory whose names match a pattern.
func fileSet(sc scope, c *callSite) value {
	texts, bad := sc.texts(c)
	if bad != nil {
		return value{v: cty.UnknownVal(cty.Set(cty.String)).WithSameMarks(bad.v)}
	}
	for _, a := range c.args {
		if hasPlaceholder(a.v) {
			return unknown(afterApply(a.v))
		}
	}
	dir, err := source.Join(sc.ev.root.cfg.dir, texts[0])
	if err != nil {
		return unknown(fmt.Sprintf("%s lies outside of what may be read", fileText(c, 0)))
	}
	pattern := path.Clean(texts[1])
	if err := source.CheckGlob(pattern); err != nil {
		return sc.fail(c.argRange(1), "call fileset: use pattern %s: %s", fileText(c, 1), withoutValues(err.Error(), secretsAmong(c.args[1].v)))
	}
	if strings.HasPrefix(pattern, "..") || path.IsAbs(pattern) {
		return unknown(fmt.Sprintf("%s lies outside of what may be read", fileText(c, 1)))
	}
	var found []cty.Value
	switch err := sc.ev.findFiles(dir, "", pattern, 0, &found); {
	case errors.Is(err, source.ErrOutside):
		return unknown(fmt.Sprintf("%s lies outside of what may be read", fileText(c, 0)))
	case err != nil:
		sc.ev.limit(c.rng(), "call fileset: it finds more than %d files", maxFileSet)
		return unknown("its fileset is too large")
	}
	if len(found) == 0 {
		return value{v: cty.SetValEmpty(cty.String)}
	}
	return value{cty.SetVal(found), combined(c.args)}
}

var errTooMany = errors.New("too many files")

// findFiles adds the files under dir/rel that match. The error is errTooMany, or
// source.ErrOutside where symlinks lead out of the tree, to what may match or not.
func (ev *evaluator) findFiles(dir, rel, pattern string, depth int, found *[]cty.Value) error {
	entries, err := ev.load.tree.ReadDir(path.Join(dir, rel))
	if errors.Is(err, source.ErrOutside) {
		return err
	}
	if err != nil || depth > 64 {
		return nil //nolint:nilerr // no files are found in what is no readable directory
	}
	if !ev.spend(steps, 100+len(entries), ev.host) {
		return errTooMany
	}
	for _, e := range entries {
		name := path.Join(rel, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := ev.load.tree.Stat(path.Join(dir, name))
			switch {
			case errors.Is(err, source.ErrOutside) && (strings.Contains(pattern, "/") || source.MatchGlob(pattern, name)):
				return err
			case err != nil:
				continue // it matters to no name that is looked for, or leads nowhere
			}
			isDir = info.IsDir()
		}
		if isDir {
			if err := ev.findFiles(dir, name, pattern, depth+1, found); err != nil {
				return err
			}
			continue
		}
		if source.MatchGlob(pattern, name) {
			if len(*found) == maxFileSet {
				return errTooMany
			}
			*found = append(*found, cty.StringVal(name))
		}
	}
	return nil
}
