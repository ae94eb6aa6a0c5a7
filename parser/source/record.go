package source

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"sync"
)

// Record is what was asked of a tree, and a digest of what it said. Whoever reads a tree
// that says all of it again finds the same.
type Record struct {
	mu      sync.Mutex
	answers map[question]Digest
}

// Digest stands for contents: there are no two with the same one.
type Digest [sha256.Size]byte

// question is one thing that is asked of a tree.
type question struct {
	how  asking
	name string
}

type asking int

const (
	contents asking = iota
	listing
	description
)

// Recorded returns a tree that is read as t is, and what is asked of it.
func (t *Tree) Recorded() (*Tree, *Record) {
	r := &Record{answers: make(map[question]Digest)}
	return &Tree{fsys: t.fsys, links: t.links, tops: t.tops, git: t.git, overlay: t.overlay, record: r}, r
}

// Holds reports whether t says all of r.
func (r *Record) Holds(t *Tree) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for q, before := range r.answers {
		if t.answer(q) != before {
			return false
		}
	}
	return true
}

func (t *Tree) answer(q question) Digest {
	switch q.how {
	case contents:
		return digestOf(t.ReadFile(q.name))
	case listing:
		return digestOfEntries(t.ReadDir(q.name))
	default:
		return digestOfInfo(t.Stat(q.name))
	}
}

// note puts an answer down, of which only the first counts.
func (r *Record) note(how asking, name string, digest func() Digest) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := (question{how, name}); r.answers[q] == (Digest{}) {
		r.answers[q] = digest()
	}
}

func digestOf(data []byte, err error) Digest {
	if err != nil {
		return sha256.Sum256(fmt.Append(nil, "error\x00", err))
	}
	return sha256.Sum256(data)
}

func digestOfEntries(entries []fs.DirEntry, err error) Digest {
	text := fmt.Append(nil, err, "\x00")
	for _, e := range entries {
		text = fmt.Append(text, e.Name(), "\x00", e.Type(), "\x00")
	}
	return sha256.Sum256(text)
}

func digestOfInfo(info fs.FileInfo, err error) Digest {
	if err != nil {
		return digestOf(nil, err)
	}
	return sha256.Sum256(fmt.Append(nil, info.Name(), "\x00", info.Mode().Type(), "\x00", info.Size()))
}
