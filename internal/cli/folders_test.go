package cli_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keptFolders are names that mean something: of environments, and of what Helm reads.
var keptFolders = []string{"prod", "staging", "dev", "templates", "charts", "crds"}

// writtenPath is a path in a file that leads to another folder.
var writtenPath = regexp.MustCompile(`"[^"\n ]*/[^"\n ]*"`)

// renamed copies a project with its folders renamed so that they stand in the reverse
// order, and returns what the folders of the copy were called.
func renamed(t *testing.T, dir string) (copied string, names map[string]string) {
	t.Helper()
	var folders, files []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			files = append(files, name)
		case name != dir && !slices.Contains(keptFolders, d.Name()) && !slices.Contains(folders, d.Name()):
			folders = append(folders, d.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(folders)
	names = make(map[string]string)
	calls := make(map[string]string)
	for i, folder := range folders {
		name := fmt.Sprintf("folder-%02d", len(folders)-i)
		calls[folder], names[name] = name, folder
	}
	rename := func(name string) string {
		elements := strings.Split(name, "/")
		for i, element := range elements {
			if call := calls[element]; call != "" {
				elements[i] = call
			}
		}
		return strings.Join(elements, "/")
	}
	copied = t.TempDir()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(copied, rename(filepath.ToSlash(rel)))
		text := writtenPath.ReplaceAllStringFunc(string(data), func(quoted string) string {
			return `"` + rename(strings.Trim(quoted, `"`)) + `"`
		})
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return copied, names
}

// TestFolderNamesOfProjects renames the folders of each sample repository: the findings
// are the same, at the same places.
func TestFolderNamesOfProjects(t *testing.T) {
	dirs, err := filepath.Glob(projects + "/rules/*/*")
	if err != nil {
		t.Fatal(err)
	}
	dirs = append(dirs, projects+"/shop", projects+"/shop-flannel")
	for _, dir := range dirs {
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), projects+"/"), func(t *testing.T) {
			copied, names := renamed(t, dir)
			if len(names) == 0 {
				t.Skip("it has no folders")
			}
			prefix := strings.TrimPrefix(filepath.ToSlash(dir), "../../") + "/"
			findings := func(dir string, call func(string) string) []string {
				r, _ := lint(t, dir)
				var list []string
				for _, f := range r.Findings {
					file := call(strings.TrimPrefix(f.Location.File, prefix))
					list = append(list, fmt.Sprintf("%s:%d %s", file, f.Location.StartLine, f.Rule))
				}
				slices.Sort(list)
				return list
			}
			want := findings(dir, func(name string) string { return name })
			got := findings(copied, func(name string) string {
				elements := strings.Split(name, "/")
				for i, element := range elements {
					if was := names[element]; was != "" {
						elements[i] = was
					}
				}
				return strings.Join(elements, "/")
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings differ where folders have other names (-want +got):\n%s", diff)
			}
		})
	}
}
