package disk

import (
	"errors"
	"io"
	"io/fs"
)

// ErrIrregular is returned for what is no regular file: a device never ends, and a
// named pipe may never begin.
var ErrIrregular = errors.New("it is no regular file")

// Read returns the contents of a file outside of the trees, of at most limit bytes. It
// waits for nothing.
func Read(name string, trees Trees, limit int64) ([]byte, error) {
	r, err := Resolve(name, trees)
	switch {
	case err != nil:
		return nil, err
	case r.Info == nil:
		return nil, fs.ErrNotExist
	case r.Linked:
		return nil, ErrLink
	case !r.Info.Mode().IsRegular():
		return nil, ErrIrregular
	}
	f, err := openPlain(r.Path)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	// It may have become another one since.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, ErrIrregular
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, cause(err)
	case int64(len(data)) > limit:
		return nil, sizeError(limit)
	}
	return data, nil
}

// Head returns the first bytes of a regular file, as far as it can be read.
func Head(name string, length int) []byte {
	f, err := openPlain(name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	data := make([]byte, length)
	n, _ := io.ReadFull(f, data) // what there is may be shorter
	return data[:n]
}
