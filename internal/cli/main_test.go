package cli_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/egresslint/egresslint/internal/cli"
)

// The order in which files are named, and in which goroutines finish with them,
// must not show in any report.
func TestDeterminism(t *testing.T) {
	var files []string
	for _, project := range []string{"shop", "shop-flannel"} {
		err := filepath.WalkDir(filepath.Join(projects, project), func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(name) != ".md" {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	text, sarif := filepath.Join(dir, "text"), filepath.Join(dir, "sarif")
	run := func() string {
		var stdout, stderr bytes.Buffer
		args := append([]string{"--format", "json", "--format", "text=" + text, "--format", "sarif=" + sarif}, files...)
		if code := cli.Main(nil, &stdout, &stderr, args); code != cli.ExitFindings {
			t.Fatalf("exit code %d: %s", code, stderr.String())
		}
		for _, name := range []string{text, sarif} {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			stdout.Write(data)
		}
		return stdout.String()
	}
	first := run()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		if run() != first {
			t.Fatalf("run %d differs with the files in the order %q", i+1, files)
		}
	}
}

// What a real run writes keeps to the published schemas.
func TestSchemas(t *testing.T) {
	for format, file := range map[string]string{
		"json":  "../report/schema.json",
		"sarif": "../report/testdata/sarif-schema-2.1.0.json",
	} {
		schema, err := jsonschema.NewCompiler().Compile(file)
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		cli.Main(nil, &stdout, &stderr, []string{"--format", format, projects})
		doc, err := jsonschema.UnmarshalJSON(&stdout)
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// panicking is standard input that brings down whoever reads it.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("no more") }

func TestPanicIsReported(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := cli.Main(panicking{}, &stdout, &stderr, []string{"-"}); code != cli.ExitIncomplete {
		t.Errorf("exit code %d, want %d", code, cli.ExitIncomplete)
	}
	for _, want := range []string{"egresslint: internal error: a panic with a value of type string", "Please report it at https://", "panicking"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, stderr.String())
		}
	}
}
