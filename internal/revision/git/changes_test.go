package git

import (
	"io/fs"
	"testing"
)

const id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// Whatever git prints, nothing but the id of an object is asked of it later, and a
// line cannot be read as two.
func FuzzParseDiff(f *testing.F) {
	f.Add(":100644 100644 " + id + " " + id + " M\x00a.tf\x00:120000 000000 " + id + " " + id + " D\x00b\x00")
	f.Add(":000000 100644 " + id + " " + id + " A\x00a.tf\x00")
	f.Add(":000000 100644 " + id + " " + id + " U\x00a.tf\x00:160000 160000 " + id + " " + id + " M\x00sub\x00")
	f.Add(":100644")
	f.Add(":100644 100644 HEAD " + id + " M\x00a\x00")
	f.Fuzz(func(t *testing.T, out string) {
		list, _, err := parseDiff(out)
		if err != nil && list != nil {
			t.Errorf("changes and an error: %v", err)
		}
		for _, c := range list {
			if c.Object != "" && !objectID.MatchString(c.Object) {
				t.Errorf("%q is the object of %q", c.Object, c.Name)
			}
		}
	})
}

// Names are those of files in the folder that was opened, or nothing.
func FuzzBelow(f *testing.F) {
	f.Add("infra/a.tf")
	f.Add("infra/../x")
	f.Add("infra//etc/passwd")
	f.Add("infra/\xff")
	f.Fuzz(func(t *testing.T, name string) {
		got, ok := (&Repository{prefix: "infra/"}).below(name)
		if ok && (!fs.ValidPath(got) || "infra/"+got != name) {
			t.Errorf("%q gives %q", name, got)
		}
	})
}
