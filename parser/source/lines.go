package source

import (
	"strings"
	"sync"
)

const byteOrderMark = "\ufeff"

// lineCache holds the lines of the files that snippets were asked of.
type lineCache struct {
	mu    sync.Mutex
	files map[string][]string
}

// Lines returns the lines first to last of a file, counted from 1 and both
// included, without their line ends and without a byte order mark. It returns
// fewer lines, or none, where the file is shorter or cannot be read. It may be
// called from several goroutines.
func (t *Tree) Lines(name string, first, last int) []string {
	lines := t.lines.of(t, name)
	first, last = max(first, 1), min(last, len(lines))
	if first > last {
		return nil
	}
	return lines[first-1 : last : last]
}

func (c *lineCache) of(t *Tree, name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lines, ok := c.files[name]; ok {
		return lines
	}
	var lines []string
	if data, err := t.ReadFile(name); err == nil && len(data) > 0 {
		text := strings.TrimSuffix(strings.TrimPrefix(string(data), byteOrderMark), "\n")
		lines = strings.Split(text, "\n")
		for i := range lines {
			lines[i] = strings.TrimSuffix(lines[i], "\r")
		}
	}
	if c.files == nil {
		c.files = make(map[string][]string)
	}
	c.files[name] = lines
	return lines
}

// forget drops the lines of a file whose contents changed.
func (c *lineCache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.files, name)
}
