package architecture

import (
	"bytes"
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user of the image, and a number that no user of the machine has.
const nobody = 65532

// instruction is one of a Dockerfile.
type instruction struct{ name, args string }

// readDockerfile returns the stages of a Dockerfile, each from its FROM.
func readDockerfile(t *testing.T, name string) [][]instruction {
	t.Helper()
	data, err := fs.ReadFile(repositoryRoot(), name)
	if err != nil {
		t.Fatal(err)
	}
	var stages [][]instruction
	for line := range strings.Lines(strings.ReplaceAll(string(data), "\\\n", " ")) {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "" || strings.HasPrefix(name, "#"):
			continue
		case name == "FROM":
			stages = append(stages, nil)
		case len(stages) == 0:
			t.Fatalf("%s: %s before FROM", name, line)
		}
		stage := &stages[len(stages)-1]
		*stage = append(*stage, instruction{name, strings.TrimSpace(args)})
	}
	return stages
}

// arguments returns those of the instructions of a name.
func arguments(stage []instruction, name string) []string {
	var list []string
	for _, i := range stage {
		if i.name == name {
			list = append(list, i.args)
		}
	}
	return list
}

// TestDockerfile builds what the Dockerfile builds, without an engine: it runs the
// commands of the first stage in order, in a folder that has only what was copied,
// and starts the program as a user without rights where there are no other files.
func TestDockerfile(t *testing.T) {
	if testing.Short() {
		t.Skip("builds egresslint")
	}
	stages := readDockerfile(t, "Dockerfile")
	if len(stages) != 2 {
		t.Fatalf("Dockerfile has %d stages, want one that builds and one that is the image", len(stages))
	}
	root := t.TempDir()
	env := append(os.Environ(), "TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH)
	dir := root
	for _, i := range stages[0] {
		switch i.name {
		case "FROM", "ARG":
		case "WORKDIR":
			dir = filepath.Join(root, i.args)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		case "COPY":
			words := strings.Fields(i.args)
			for _, word := range words[:len(words)-1] {
				copySource(t, word, dir)
			}
		case "RUN":
			cmd := exec.Command("sh", "-e", "-c", strings.ReplaceAll(i.args, " /out/", " "+root+"/out/"))
			cmd.Dir, cmd.Env = dir, env
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("RUN %s: %v\n%s", i.args, err, out)
			}
		default:
			t.Fatalf("Dockerfile: the test does not know %s of the first stage", i.name)
		}
	}

	image := stages[1]
	entry := strings.Trim(strings.Join(arguments(image, "ENTRYPOINT"), ""), `[]"`)
	copied := arguments(image, "COPY")
	if len(copied) != 1 || copied[0] != "--from=build /out/egresslint "+entry {
		t.Fatalf("the image starts %s, and holds %q", entry, copied)
	}
	program := filepath.Join(root, "out", "egresslint")
	checkStatic(t, program)
	runAlone(t, program, entry)
}

// Both images run as the same user, who is not root, and say what they are.
func TestImages(t *testing.T) {
	var first string
	for _, name := range []string{"Dockerfile", ".github/release/Dockerfile"} {
		stages := readDockerfile(t, name)
		image := stages[len(stages)-1]
		var looks []string
		for _, part := range []string{"FROM", "USER", "WORKDIR", "ENTRYPOINT", "LABEL"} {
			looks = append(looks, arguments(image, part)...)
		}
		switch all := strings.Join(looks, "\n"); {
		case len(looks) != 5 || looks[1] != "65532:65532" || !strings.Contains(looks[0], "/distroless/static"):
			t.Errorf("%s: the image is %q", name, looks)
		case first == "":
			first = all
		case all != first:
			t.Errorf("%s: the image is\n%s\nand that of Dockerfile\n%s", name, all, first)
		}
	}
}

// copySource copies a file of the repository, or for a dot all that .dockerignore
// and git leave in it.
func copySource(t *testing.T, name, dir string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(rootDir, name), func(from string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(rootDir, from)
		if err != nil {
			return err
		}
		if slices.Contains([]string{".git", "bin", "dist"}, rel) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		to := filepath.Join(dir, rel)
		switch {
		case entry.IsDir():
			return os.MkdirAll(to, 0o755)
		case entry.Type().IsRegular():
			data, err := os.ReadFile(from)
			if err != nil {
				return err
			}
			return os.WriteFile(to, data, 0o600)
		default:
			return nil // no source is a symlink
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkStatic checks that a program needs nothing but the kernel.
func checkStatic(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		t.Errorf("%s needs the libraries %q (%v)", program, libraries, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s needs a loader", program)
		}
	}
}

// runAlone runs a program at the path entry over the sample, in a tree that has
// nothing else.
func runAlone(t *testing.T, program, entry string) {
	t.Helper()
	tree := t.TempDir()
	if err := os.MkdirAll(filepath.Join(tree, filepath.Dir(entry)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(program, filepath.Join(tree, entry)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(tree, "work"), os.DirFS(filepath.Join(rootDir, "testdata", "projects", "shop"))); err != nil {
		t.Fatal(err)
	}
	for dir := tree; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // another user must get there
			t.Fatal(err)
		}
	}

	cmd := exec.Command(entry)
	cmd.Dir = "/work"
	cmd.Env = []string{}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: tree, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
		cmd.SysProcAttr.Credential.NoSetGroups = true
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSPC):
		t.Skipf("this system lets the test neither change the root folder nor make a user namespace: %v", err)
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(stdout.String(), "[network-policy-blocks-egress]") {
		t.Errorf("exit code %d, want 1, and the findings of the sample\n%s%s", code, stdout.String(), stderr.String())
	}
}
