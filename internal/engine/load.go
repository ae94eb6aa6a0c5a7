package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/parser/part"
)

// module is one parsed Rego file; rule is set for those under rules/. The rest is
// about files of a project's own: their names in the tree, what part of the run they
// are, and whether they lie outside the tree.
type module struct {
	name    string
	parsed  *ast.Module
	rule    *Rule
	file    string
	part    part.Part
	outside bool
}

// load parses the folders roots of fsys, without tests, in the order of their names.
func load(fsys fs.FS, roots ...string) ([]module, error) {
	var names []string
	for _, root := range roots {
		err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !d.IsDir() && path.Ext(name) == ".rego" && !strings.HasSuffix(name, "_test.rego") {
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list policies: %w", err)
		}
	}

	modules := make([]module, len(names))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		group.Go(func() error {
			m, err := loadModule(fsys, name)
			modules[i] = m
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return modules, nil
}

func loadModule(fsys fs.FS, name string) (module, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return module{}, fmt.Errorf("read policy: %w", err)
	}
	parsed, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
		ProcessAnnotation: true,
		RegoVersion:       ast.RegoV1,
	})
	if err != nil {
		return module{}, fmt.Errorf("parse policy: %w", flatten(err))
	}
	m := module{name: name, parsed: parsed}
	if strings.HasPrefix(name, "rules/") {
		rule, err := newRule(parsed, builtIn)
		if err != nil {
			return module{}, fmt.Errorf("load rule: %s: %w", name, err)
		}
		m.rule = &rule
	}
	return m, nil
}

// flatten puts OPA's multi-line error lists on one line.
func flatten(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	texts := make([]string, 0, len(list))
	for _, e := range list {
		text := e.Message
		if e.Location != nil {
			text = fmt.Sprintf("%s:%d:%d: %s", e.Location.File, e.Location.Row, e.Location.Col, e.Message)
		}
		texts = append(texts, text)
	}
	return errors.New(strings.Join(texts, "; "))
}
