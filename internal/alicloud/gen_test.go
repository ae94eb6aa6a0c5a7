package alicloud_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata/gen")

// buildGenerator compiles gen.go, which build constraints keep out of the package.
func buildGenerator(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "gen.exe")
	if out, err := exec.Command("go", "build", "-o", program, "gen.go").CombinedOutput(); err != nil {
		t.Fatalf("build gen.go: %v\n%s", err, out)
	}
	return program
}

func TestTableIsGenerated(t *testing.T) {
	gen, dir := buildGenerator(t), t.TempDir()
	dump := filepath.Join("testdata", "provider-schema.jsonl.gz")
	table, part := filepath.Join(dir, "table.gz"), filepath.Join(dir, "part.gz")
	if out, err := exec.Command(gen, "-o", table, "-trim", part, dump).CombinedOutput(); err != nil {
		t.Fatalf("run gen.go: %v\n%s", err, out)
	}
	// The compressed bytes may differ from one version of Go to the next.
	if !bytes.Equal(gunzip(t, table), gunzip(t, "schema.txt.gz")) {
		t.Error("schema.txt.gz is not what gen.go makes: run go generate ./internal/alicloud")
	}
	if !bytes.Equal(gunzip(t, part), gunzip(t, dump)) {
		t.Error("the trimmed dump holds more than the table needs: give it to gen.go with -trim")
	}
}

// Each case is a dump with the table, or the error, that it leads to.
func TestGenerator(t *testing.T) {
	gen := buildGenerator(t)
	files, err := filepath.Glob(filepath.Join("testdata", "gen", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("list cases: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
				} else if err := os.WriteFile(at(f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
				want = len(archive.Files) - 1
			}
			var got []byte
			out, err := exec.Command(gen, "-types", at("types.txt"), "-o", at("table.gz"), at("dump.jsonl")).CombinedOutput()
			if err != nil {
				got = bytes.ReplaceAll(out, []byte(dir+string(filepath.Separator)), nil)
				if _, err := os.Stat(at("table.gz")); err == nil {
					t.Error("there is a table in spite of the error")
				}
			} else {
				got = gunzip(t, at("table.gz"))
			}
			if *update {
				archive.Files[want].Data = got
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, archive.Files[want].Data) {
				t.Errorf("got:\n%s\nwant:\n%s", got, archive.Files[want].Data)
			}
		})
	}
}
