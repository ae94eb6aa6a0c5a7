package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"helm.sh/helm/v4/pkg/chart/loader/archive"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	// maxArchives is how many archives of charts a chart may have, with those in its
	// archives, and maxArchiveDepth how deep they may lie in each other.
	maxArchives     = 200
	maxArchiveDepth = 8
)

// isArchive reports whether Helm unpacks a file of a chart.
func isArchive(name string) bool {
	return path.Ext(name) == ".tgz" && path.Base(path.Dir(name)) == chartsDir
}

// checkArchives looks into the archives among the files before Helm unpacks them, and
// leaves out those that hold too much or are broken.
func (s *chartSource) checkArchives() error {
	var kept []*archive.BufferedFile
	for _, f := range s.buffered {
		if err := guard.Overdue(s.ctx); err != nil {
			return err
		}
		if !isArchive(f.Name) || s.checkArchive(f) {
			kept = append(kept, f)
		}
	}
	s.buffered = kept
	return nil
}

func (s *chartSource) checkArchive(f *archive.BufferedFile) bool {
	file := path.Join(s.dir, f.Name)
	if len(f.Data) > 0 {
		file = s.origin[&f.Data[0]]
	}
	leave, left := part.Enter(s.ctx, part.Part{Kind: part.Archive, Name: file})
	if left != nil {
		s.diagnostics = append(s.diagnostics, *left)
		return false
	}
	u := &unpacking{source: s}
	err := u.archive(f.Data, 1)
	leave(u.size)
	if err == nil || isLimit(err) && !guard.On(guard.HelmBudgets) {
		s.size, s.values, s.archived, s.archives = s.size+u.size, s.values+u.values, s.archived+u.files, s.archives+u.archives
		return true
	}
	d := source.Diagnostic{Kind: source.RenderError, Range: source.Range{File: file}, Message: "unpack chart: it is no archive of a chart; it is left out"}
	if isLimit(err) {
		d.Kind, d.Message = source.LimitReached, fmt.Sprintf("unpack chart: %v; it is left out", err)
	}
	s.diagnostics = append(s.diagnostics, d)
	return false
}

var (
	errUnpacked = mistake{limit: true, text: fmt.Sprintf("with it the chart has more than %d MiB or more than %d files", maxChartSize>>20, maxChartFiles)}
	errArchives = mistake{limit: true, text: fmt.Sprintf("with it the chart has more than %d archives, or archives more than %d deep in each other", maxArchives, maxArchiveDepth)}
)

// unpacking counts what an archive holds, with the archives in it.
type unpacking struct {
	source                        *chartSource
	size, files, values, archives int
}

func (u *unpacking) archive(data []byte, depth int) error {
	if u.archives++; u.source.archives+u.archives > maxArchives || depth > maxArchiveDepth {
		return errArchives
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	// All bytes count, also those between the files.
	left := &io.LimitedReader{R: unzipped, N: int64(maxChartSize - u.source.size - u.size)}
	start := left.N
	defer func() { u.size += int(start - left.N) }()
	files := tar.NewReader(left)
	for {
		if err := guard.Overdue(u.source.ctx); err != nil {
			return err
		}
		header, err := files.Next()
		switch {
		case left.N <= 0:
			return errUnpacked
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if u.files++; len(u.source.files)+u.source.archived+u.files > maxChartFiles {
			return errUnpacked
		}
		if err := u.file(header, files, left, depth); err != nil {
			return err
		}
	}
}

func (u *unpacking) file(header *tar.Header, contents io.Reader, left *io.LimitedReader, depth int) error {
	if header.Size > left.N { // also one with holes
		return errUnpacked
	}
	nested := path.Ext(header.Name) == ".tgz"
	if !nested && !isRead(header.Name) {
		return nil
	}
	data, err := io.ReadAll(contents)
	if err != nil {
		return err
	}
	if nested {
		u.size += len(data)
		return u.archive(data, depth+1)
	}
	n, err := countValues(data)
	if u.values += n; err == nil && u.source.values+u.values > maxValues {
		err = errValues
	}
	return err
}

// isRead reports whether a file of a chart is read by Helm as YAML.
func isRead(name string) bool {
	return slices.Contains([]string{chartFile, "Chart.lock", valuesFile, "requirements.yaml", "requirements.lock"}, path.Base(name))
}
