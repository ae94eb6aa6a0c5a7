//go:build !unix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func openPlain(name string) (*os.File, error) { return os.Open(name) }

// folder is the path of a folder in which no symlink of a tree is.
type folder struct{ path string }

func openFolder(base string, below []string, missing bool) (folder, error) {
	path := base
	if missing {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return folder{}, err
		}
	}
	for _, element := range below {
		path = filepath.Join(path, element)
		if missing {
			if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return folder{}, err
			}
		}
		info, err := os.Lstat(path)
		if err != nil {
			return folder{}, err
		}
		if !info.IsDir() {
			return folder{}, ErrLink
		}
	}
	return folder{path}, nil
}

func (folder) close() {}

func (d folder) replace(name string, data []byte, mode fs.FileMode) error {
	temp := filepath.Join(d.path, temporary(name))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, filepath.Join(d.path, name))
	}
	if err != nil {
		_ = os.Remove(temp) // the error is what counts
	}
	return err
}
