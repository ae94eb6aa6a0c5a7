package hostile_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/parser/guard"
)

// kustomizeGuards are those of the code between a kustomization and the system.
var kustomizeGuards = []guard.Name{guard.KustomizeFields, guard.KustomizeProcess, guard.WorkerEnv}

// The sandbox alone keeps a kustomization from running a program and from asking another
// machine.
func TestSandboxAlone(t *testing.T) {
	long(t)
	confinable(t)
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, and nothing else would be run")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	var connections atomic.Int32
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = c.Close() // it was counted
		}
	}()
	for _, off := range []bool{false, true} {
		dir := folder(t)
		canary, temp := filepath.Join(dir, "canary"), filepath.Join(dir, "temp")
		put(t, dir, map[string]string{
			"run/kustomization.yaml":  "resources: [cm.yaml]\nvalidators:\n- \"file:///x//a\\n?ref=--upload-pack=id>" + canary + " #\"\n",
			"run/cm.yaml":             object("a"),
			"ask/kustomization.yaml":  "resources: [cm.yaml]\ntransformers: [t.yaml]\n",
			"ask/cm.yaml":             object("a"),
			"ask/t.yaml":              "<<: {apiVersion: builtin, kind: PatchTransformer}\nmetadata: {name: t}\npath: http://" + listener.Addr().String() + "/x\n",
			"temp/.keep":              "",
			"planted/main.tf":         plantedMistake,
			"ask2/kustomization.yaml": "resources: [\"http://" + listener.Addr().String() + "/x.yaml\"]\n",
		})
		connections.Store(0)
		r := run{dir: dir, off: kustomizeGuards, env: []string{"TMPDIR=" + temp}}
		if off {
			r.off = append([]guard.Name{guard.Sandbox}, kustomizeGuards...)
		}
		o := r.egresslint(t)
		left, err := os.ReadDir(temp)
		if err != nil {
			t.Fatal(err)
		}
		_, ran := os.Stat(canary)
		happened := ran == nil && connections.Load() > 0
		switch {
		case off && !happened:
			t.Errorf("without the sandbox nothing happens either, so that this test shows nothing: ran %v, %d connections\n%s", ran == nil, connections.Load(), o.all())
		case !off && (ran == nil || connections.Load() > 0 || len(left) > 1):
			t.Errorf("a program ran: %v, %d connections, %d temporary files\n%s", ran == nil, connections.Load(), len(left)-1, o.all())
		case !off && !strings.Contains(o.stdout, "[whitelist-open]"):
			t.Errorf("what is planted is not found:\n%s", o.all())
		}
	}
}

// reading is a Terraform root that prints a file, if it can be read.
func reading(file string) string {
	return `resource "alicloud_db_instance" "a" {
  engine       = "MySQL"
  security_ips = [trimspace(file("` + file + `"))]
}
`
}

// A path argument that is a symlink out of its work tree is refused. Without that the
// tree shows nothing beside the two folders, and without that too the sandbox does not.
func TestBoundaryAlone(t *testing.T) {
	long(t)
	confinable(t)
	dir := folder(t)
	put(t, dir, map[string]string{
		"repo/.git/HEAD":     "ref: refs/heads/main\n",
		"repo/infra/main.tf": reading("../../secret/file"),
		"repo/k8s":           "-> " + filepath.Join(dir, "elsewhere"),
		"elsewhere/cm.yaml":  object("a"),
		"secret/file":        "0.0.0.0/0",
	})
	for _, tt := range []struct {
		off   []guard.Name
		code  int
		leaks bool
	}{
		{nil, cli.ExitUsage, false},
		{[]guard.Name{guard.PathLinks}, cli.ExitIncomplete, false},
		{[]guard.Name{guard.PathLinks, guard.Boundaries}, cli.ExitIncomplete, false},
		{[]guard.Name{guard.PathLinks, guard.Boundaries, guard.Sandbox}, cli.ExitIncomplete, true},
	} {
		o := run{dir: filepath.Join(dir, "repo"), off: tt.off}.egresslint(t, "--format", "json", "infra", "k8s")
		if leaks := strings.Contains(o.all(), "0.0.0.0/0"); leaks != tt.leaks || o.code != tt.code {
			t.Errorf("without %q: it leaks: %v, exit code %d, want %v, %d\n%.2000s", tt.off, leaks, o.code, tt.leaks, tt.code, o.all())
		}
	}
}

// No report, baseline, configuration or rule is written through a symlink of the tree,
// also if nobody has looked for one before.
func TestWritesAlone(t *testing.T) {
	long(t)
	for _, off := range [][]guard.Name{nil, {guard.WriteLinks}} {
		dir := folder(t)
		victim := filepath.Join(dir, "beside", "victim")
		put(t, dir, map[string]string{
			"repo/.git/HEAD":            "ref: refs/heads/main\n",
			"repo/main.tf":              plantedMistake,
			"repo/report":               "-> ../beside/victim",
			"repo/reports":              "-> ../beside",
			"repo/new":                  "-> ../beside/new",
			"repo/policies":             "-> ../beside",
			"repo/sub/main.tf":          plantedMistake,
			"repo/sub/.egresslint.yaml": "-> ../../beside/victim",
			"beside/victim":             "precious",
		})
		r := run{dir: filepath.Join(dir, "repo"), off: off}
		for _, args := range [][]string{
			{"--format", "sarif=report"},
			{"--format", "json=reports/victim"},
			{"--format", "junit=reports/new"},
			{"--format", "markdown=new"},
			{"baseline", "write", "-o", "report"},
			{"baseline", "write", "-o", "reports/new"},
			{"new", "rule", "internet/mine"},
			{"config", "init", "--force", "sub"},
			{"config", "init", "reports"},
		} {
			// Without the guard a link in the place of the file itself is replaced.
			if o := r.egresslint(t, args...); o.code != cli.ExitUsage && off == nil {
				t.Errorf("without %q, %q ends with exit code %d: %s", off, args, o.code, o.stderr)
			}
		}
		if data, err := os.ReadFile(victim); err != nil || string(data) != "precious" {
			t.Errorf("without %q, the file outside holds %q, %v", off, data, err)
		}
		if entries, err := os.ReadDir(filepath.Dir(victim)); err != nil || len(entries) != 1 {
			t.Errorf("without %q, outside are %v, %v", off, entries, err)
		}
	}
}

// What a flag names through a symlink of the tree is refused, and nothing of it is
// printed, also if the first look at it is left out.
func TestFlagFilesAlone(t *testing.T) {
	long(t)
	const marker = "MARKER-in-a-file-outside"
	for _, off := range [][]guard.Name{nil, {guard.FlagFiles}} {
		dir := folder(t)
		put(t, dir, map[string]string{
			"repo/.git/HEAD":     "ref: refs/heads/main\n",
			"repo/main.tf":       plantedMistake,
			"repo/link":          "-> ../beside/secret.yaml",
			"repo/folder":        "-> ../beside",
			"beside/secret.yaml": marker + ": " + marker + "\n",
		})
		r := run{dir: filepath.Join(dir, "repo"), off: off}
		for _, flag := range []string{"--config", "--baseline", "--policy", "--var-file"} {
			for _, name := range []string{"link", "folder/secret.yaml"} {
				o := r.egresslint(t, flag, name)
				if o.code != cli.ExitUsage || strings.Contains(o.all(), marker) {
					t.Errorf("without %q, %s %s ends with exit code %d:\n%s", off, flag, name, o.code, o.all())
				}
			}
		}
	}
	// A file outside that a person names is read, and not quoted.
	dir := folder(t)
	put(t, dir, map[string]string{"repo/main.tf": plantedMistake, "beside.yaml": marker + ": " + marker + "\n" + marker + "\n"})
	for _, flag := range []string{"--config", "--baseline", "--policy", "--var-file"} {
		o := run{dir: filepath.Join(dir, "repo")}.egresslint(t, flag, "../beside.yaml")
		if o.code == cli.ExitOK || strings.Contains(o.all(), marker) {
			t.Errorf("%s ../beside.yaml ends with exit code %d:\n%s", flag, o.code, o.all())
		}
	}
}

// .git is no data: its files do not exist for what reads the tree, and are not opened
// whoever asks.
func TestGitDirectoryAlone(t *testing.T) {
	long(t)
	for _, off := range [][]guard.Name{nil, {guard.GitDirectory}} {
		dir := folder(t)
		put(t, dir, map[string]string{
			".git/config":          "0.0.0.0/0",
			".git/HEAD":            "ref: refs/heads/main\n",
			"a/main.tf":            reading("../.git/config"),
			"b/main.tf":            reading("link"),
			"b/link":               "-> ../.git/config",
			"c/kustomization.yaml": "configMapGenerator:\n- name: a\n  files: [../.git/config]\n",
			"d/Chart.yaml":         "apiVersion: v2\nname: d\nversion: 1.0.0\n",
			"d/templates/a.yaml":   object(`{{ .Files.Get ".git/config" | quote }}`),
			"d/.git/config":        "0.0.0.0/0",
		})
		for _, args := range [][]string{{"--format", "json"}, {"model"}} {
			if o := (run{dir: dir, off: off}).egresslint(t, args...); strings.Contains(o.all(), "0.0.0.0/0") {
				t.Errorf("without %q, %q prints what .git holds:\n%.3000s", off, args, o.all())
			}
		}
	}
}

// The variables of the job's environment reach no Terraform, also if the worker would
// take them: it does not see them.
func TestTerraformVariablesAlone(t *testing.T) {
	long(t)
	for _, tt := range []struct {
		off   []guard.Name
		args  []string
		leaks bool
	}{
		{nil, nil, false},
		{[]guard.Name{guard.TerraformEnv}, nil, false},
		{[]guard.Name{guard.TerraformEnv, guard.WorkerEnv}, nil, true},
		{nil, []string{"--tf-var-env"}, true},
	} {
		dir := folder(t)
		put(t, dir, map[string]string{"main.tf": "variable \"ips\" {}\nresource \"alicloud_db_instance\" \"a\" {\n  engine       = \"MySQL\"\n  security_ips = [var.ips]\n}\n"})
		o := run{dir: dir, off: tt.off, env: []string{"TF_VAR_ips=0.0.0.0/0"}}.egresslint(t, tt.args...)
		if leaks := strings.Contains(o.all(), "0.0.0.0/0"); leaks != tt.leaks {
			t.Errorf("without %q, with %q: it leaks: %v\n%s", tt.off, tt.args, leaks, o.all())
		}
	}
}

// What a change does to the checks is told. If it were not, the base's own configuration
// and what git tracks would still find what the change hides.
func TestSilencingAlone(t *testing.T) {
	long(t)
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := folder(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	put(t, dir, map[string]string{"a.tf": "locals {}\n"})
	git("add", ".")
	git("commit", "-qm", "base")
	git("checkout", "-qb", "change")
	put(t, dir, map[string]string{
		"db.tf":            plantedMistake,
		".egresslint.yaml": "rules: {whitelist-open: {severity: \"off\"}}\n",
		".gitignore":       "db.tf\n",
	})
	git("add", "-f", ".")
	git("commit", "-qm", "change")

	told := run{dir: dir}.egresslint(t, "--changed-since", "main", "--fail-on-weakened")
	if told.code != cli.ExitFindings || !strings.Contains(told.stdout, ".egresslint.yaml") {
		t.Errorf("what the change does is not told, exit code %d:\n%s", told.code, told.all())
	}
	silent := run{dir: dir, off: []guard.Name{guard.Weakenings}}
	if o := silent.egresslint(t, "--changed-since", "main", "--fail-on-weakened"); o.code != cli.ExitOK {
		t.Errorf("without the guard it is still told, so that this test shows nothing, exit code %d:\n%s", o.code, o.all())
	}
	o := silent.egresslint(t, "--changed-since", "main", "--config-from-base", "--fail-on", "warning")
	if o.code != cli.ExitFindings || !strings.Contains(o.stdout, "db.tf:3:") {
		t.Errorf("what the change hides is not found with the base's configuration, exit code %d:\n%s", o.code, o.all())
	}
}
