//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// openPlain opens a file for reading and waits for nobody at its other end.
func openPlain(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
}

// folder is an open folder. What is done in it is done there whatever its path has
// become meanwhile.
type folder struct{ fd int }

// openFolder opens base, and from there each folder below without following a
// symlink. Missing ones are made if wanted.
func openFolder(base string, below []string, missing bool) (folder, error) {
	if missing && len(below) == 0 {
		if err := os.MkdirAll(base, 0o755); err != nil {
			return folder{}, err
		}
	}
	fd, err := unix.Open(base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return folder{}, err
	}
	for _, element := range below {
		if missing {
			if err := unix.Mkdirat(fd, element, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				_ = unix.Close(fd) // the error is what counts
				return folder{}, err
			}
		}
		next, err := unix.Openat(fd, element, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		_ = unix.Close(fd) // it was only looked into
		if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
			return folder{}, ErrLink
		}
		if err != nil {
			return folder{}, err
		}
		fd = next
	}
	return folder{fd}, nil
}

func (d folder) close() { _ = unix.Close(d.fd) }

// replace writes a file of the folder beside the one that has the name, then gives it
// the name.
func (d folder) replace(name string, data []byte, mode fs.FileMode) error {
	temp := temporary(name)
	fd, err := unix.Openat(d.fd, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode))
	if errors.Is(err, fs.ErrExist) { // left by a process of the same number that was killed
		_ = unix.Unlinkat(d.fd, temp, 0) // opening it again tells
		fd, err = unix.Openat(d.fd, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode))
	}
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), temp)
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = unix.Renameat(d.fd, temp, d.fd, name)
	}
	if err != nil {
		_ = unix.Unlinkat(d.fd, temp, 0) // the error is what counts
	}
	return err
}
