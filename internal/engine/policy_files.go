package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
)

// policyFiles are the files of a folder or a bundle before anything reads them as what
// they are.
type policyFiles struct {
	rego []policyFile
	size int // in bytes, with the data of a bundle
}

type policyFile struct {
	name, text string
	err        error // why it could not be read
}

// fileLimitError is a limit that a file has reached, or all of them together if file
// is empty.
type fileLimitError struct{ file, text string }

func (e *fileLimitError) Error() string { return e.text }

func fileLimitf(file, format string, args ...any) error {
	return &fileLimitError{file, fmt.Sprintf(format, args...)}
}

// add counts a file.
func (p *policyFiles) add(f policyFile) error {
	p.rego = append(p.rego, f)
	size := 0
	for _, f := range p.rego {
		size += len(f.text)
	}
	switch {
	case len(p.rego) > maxPolicyFiles:
		return fileLimitf("", "there are more than %d Rego files", maxPolicyFiles)
	case size > maxPolicySize:
		return fileLimitf("", "the Rego files have more than %d MiB", maxPolicySize>>20)
	}
	return nil
}

// read reads the Rego files, and as much of a bundle as its size needs. The error is
// a *fileLimitError if they are too much.
func (s PolicySource) read() (policyFiles, error) {
	if s.FS == nil {
		return s.readBundle()
	}
	var files policyFiles
	err := fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".rego" {
			return nil
		}
		text, err := fs.ReadFile(s.FS, name)
		files.size += len(text)
		return files.add(policyFile{name, string(text), err})
	})
	var reached *fileLimitError
	if err != nil && !errors.As(err, &reached) {
		err = fmt.Errorf("read policies: %w", err)
	}
	return files, err
}

func (s PolicySource) readBundle() (policyFiles, error) {
	var files policyFiles
	if path.Ext(s.Name) == ".rego" {
		return files, fmt.Errorf("read policies %s: want the folder that holds it, or an OPA bundle", s.Name)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(s.Bundle))
	if err != nil {
		return files, fmt.Errorf("read bundle %s: want an OPA bundle, a gzipped tar archive", s.Name)
	}
	limited := &io.LimitedReader{R: unzipped, N: maxBundle + 1}
	archive := tar.NewReader(limited)
	for {
		header, err := archive.Next()
		var text []byte
		if err == nil && path.Ext(header.Name) == ".rego" {
			text, err = io.ReadAll(archive)
		}
		files.size = int(maxBundle + 1 - limited.N)
		switch {
		case limited.N == 0:
			return files, fileLimitf("", "the bundle has more than %d MiB when it is unpacked", maxBundle>>20)
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return files, fmt.Errorf("read bundle %s: it is damaged, or no tar archive", s.Name)
		case text != nil:
			if err := files.add(policyFile{name: strings.TrimPrefix(path.Clean("/"+header.Name), "/"), text: string(text)}); err != nil {
				return files, err
			}
		}
	}
}

// maxNesting is how deep brackets may stand in each other.
const maxNesting = 100

// check refuses what OPA's parser would need too much memory for.
func (p *policyFiles) check() error {
	if !guard.On(guard.RegoBudgets) {
		return nil
	}
	for _, f := range p.rego {
		if line := nested(f.text); line > 0 {
			return fileLimitf(f.name, "brackets stand in each other more than %d deep in line %d", maxNesting, line)
		}
	}
	return nil
}

// nested returns the line in which brackets stand too deep in each other, or 0.
func nested(text string) int {
	depth, line := 0, 1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\n':
			line++
		case '[', '(', '{':
			if depth++; depth > maxNesting {
				return line
			}
		case ']', ')', '}':
			depth = max(0, depth-1)
		case '#': // up to the end of the line
			if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
				i += end - 1
			} else {
				return 0
			}
		case '"', '`':
			end := endOfText(text[i+1:], c)
			line += strings.Count(text[i+1:i+1+end], "\n")
			i += 1 + end
		}
	}
	return 0
}

// endOfText returns the length of a text up to the quote that ends it.
func endOfText(rest string, quote byte) int {
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == quote, quote == '"' && rest[i] == '\n':
			return i
		case quote == '"' && rest[i] == '\\':
			i++
		}
	}
	return len(rest)
}

// rulePackage is the line that makes a file a rule.
var rulePackage = regexp.MustCompile(`(?m)^package egresslint\.rules\.[a-z0-9_]+(?:\["|\.)([a-z0-9-]+)`)

// ids are those of the rules, as far as they can be told without parsing.
func (p *policyFiles) ids() []string {
	var ids []string
	for _, f := range p.rego {
		if m := rulePackage.FindStringSubmatch(f.text); m != nil {
			ids = append(ids, m[1])
		}
	}
	return ids
}
