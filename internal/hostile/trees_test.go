package hostile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
)

// reach are addresses of programs and of other machines, as a file may write them.
var reach = []string{
	"https://example.com/x.yaml", "http://127.0.0.1:9/x", "git@example.com:org/repo", "ssh://git@example.com/org/repo",
	"git::https://example.com/org/repo", "github.com/org/repo//base?ref=main", "file:///etc//a?ref=--upload-pack=id",
	"ext::sh -c id", "oci://example.com/chart", "s3::https://s3.example.com/b/k", "hg::https://example.com/x",
	"file:///x//a\n?ref=--upload-pack=id #",
}

// hostileTrees are trees that would run something, connect somewhere or read elsewhere, by
// folder. Each asks for what a program of the system or another machine has.
func hostileTrees() map[string]map[string]string {
	trees := make(map[string]map[string]string)
	add := func(kind string, files map[string]string) {
		trees[fmt.Sprintf("%02d-%s", len(trees), kind)] = files
	}
	for i, address := range reach {
		quoted := strconv.Quote(address)
		for _, field := range []string{"resources", "components", "generators", "validators"} {
			if i%2 == 0 || field == "validators" {
				add("kustomize-"+field, map[string]string{"kustomization.yaml": "resources: [cm.yaml]\n" + map[bool]string{true: "", false: field + ": [" + quoted + "]\n"}[field == "resources"], "cm.yaml": object("a")})
			}
		}
		add("terraform-module", map[string]string{"main.tf": "module \"m\" {\n  source = " + strconv.Quote(strings.ReplaceAll(address, "\n", "")) + "\n}\n"})
	}
	add("kustomize-merge-key", map[string]string{
		"kustomization.yaml": "resources: [cm.yaml]\ntransformers: [t.yaml]\n", "cm.yaml": object("a"),
		"t.yaml": "<<: {apiVersion: builtin, kind: PatchTransformer}\nmetadata: {name: t}\npath: http://127.0.0.1:9/x\n",
	})
	add("kustomize-binary", map[string]string{
		"kustomization.yaml": "resources: [cm.yaml]\ntransformers: [t.yaml]\n", "cm.yaml": object("a"),
		"t.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: !!binary aHR0cDovLzEyNy4wLjAuMTo5L3g=\n",
	})
	add("kustomize-helm", map[string]string{"kustomization.yaml": "helmCharts:\n- {name: a, repo: https://example.com, version: 1.0.0}\n"})
	add("kustomize-exec", map[string]string{
		"kustomization.yaml": "resources: [cm.yaml]\ntransformers: [t.yaml]\n", "cm.yaml": object("a"),
		"t.yaml": "apiVersion: example.com/v1\nkind: T\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: /usr/bin/id}\n",
	})
	add("kustomize-container", map[string]string{
		"kustomization.yaml": "resources: [cm.yaml]\ntransformers: [t.yaml]\n", "cm.yaml": object("a"),
		"t.yaml": "apiVersion: example.com/v1\nkind: T\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: example.com/x, network: true}\n",
	})
	add("kustomize-openapi", map[string]string{"kustomization.yaml": "resources: [cm.yaml]\nopenapi: {path: http://127.0.0.1:9/x}\n", "cm.yaml": object("a")})
	add("terraform-programs", map[string]string{"main.tf": `data "external" "a" { program = ["id"] }
data "http" "a" { url = "http://127.0.0.1:9" }
data "terraform_remote_state" "a" {
  backend = "http"
  config  = { address = "http://127.0.0.1:9" }
}
resource "null_resource" "a" {
  provisioner "local-exec" { command = "id" }
}
locals {
  a = file("/etc/passwd")
  b = templatefile("/etc/passwd", {})
  c = fileset("/", "**")
  d = file("../../../../../../../../etc/passwd")
}
`})
	add("terraform-links", map[string]string{"main.tf": reading("link"), "link": "-> /etc/passwd"})
	add("helm-functions", chart(map[string]string{"a.yaml": object(`{{ getHostByName "example.com" }}`), "b.yaml": object(`{{ env "HOME" }}{{ expandenv "$HOME" }}`), "c.yaml": object(`{{ lookup "v1" "Pod" "" "" | toJson }}`)}))
	add("helm-dependencies", map[string]string{
		"Chart.yaml":          "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- {name: b, version: 1.0.0, repository: https://example.com}\n- {name: c, version: 1.0.0, repository: \"file:///etc\"}\n- {name: d, version: 1.0.0, repository: \"oci://example.com\"}\n",
		"templates/a.yaml":    object("a"),
		"templates/link.yaml": "-> /etc/passwd",
	})
	for i, address := range reach[:6] {
		add("argo", map[string]string{"app.yaml": fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a%d, namespace: argocd}
spec:
  project: default
  source: {repoURL: %s, path: a, targetRevision: HEAD}
  destination: {server: https://kubernetes.default.svc, namespace: a}
`, i, strconv.Quote(address))})
	}
	add("rego", map[string]string{"policies/rules/internet/ask/rule.rego": strings.NewReplacer("BODY", `http.send({"method": "get", "url": "http://127.0.0.1:9"}).status_code == 200`, "bomb", "ask").Replace(regoBomb)})
	add("suppressions", map[string]string{"a.tf": "# egresslint:ignore $(id)\nlocals {}\n"})
	add("names", map[string]string{"$(id).yaml": object("a"), "`id`.tf": "locals {}\n", "-rf.yaml": object("b"), "--upload-pack=id.yaml": object("c")})
	return trees
}

// programs are what egresslint may start: itself, and git where a revision is asked for.
var executed = regexp.MustCompile(`execve\("([^"]*)"`)

// No command starts anything but egresslint itself, and git for revisions, and none opens
// a socket: not over the projects of testdata, and not over trees that ask for it.
func TestNothingRunsOrConnects(t *testing.T) {
	long(t)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed (apt-get install strace)")
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	dir := folder(t)
	trees := hostileTrees()
	if len(trees) < 60 {
		t.Errorf("only %d trees", len(trees))
	}
	for name, files := range trees {
		put(t, filepath.Join(dir, "hostile", name), files)
	}
	for _, project := range []string{"shop", "shop-flannel", "rules"} {
		if err := os.CopyFS(filepath.Join(dir, project), os.DirFS(filepath.Join("..", "..", "testdata", "projects", project))); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "base"}} {
		if out, err := exec.Command(git, append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	put(t, dir, map[string]string{"changed.tf": plantedMistake})
	self, err := filepath.EvalSymlinks(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(dir, "trace")
	commands := [][]string{
		{"lint", "DIR"},
		{"lint", "-v", "--format", "json=out.json", "--format", "sarif=out.sarif", "--config-from-base=HEAD", "--changed-since", "HEAD", "DIR"},
		{"model", "DIR"},
		{"explain", "DIR"},
		{"connectivity", "DIR"},
		{"diff", "HEAD", "--", "DIR"},
		{"config", "verify", "DIR"},
		{"config", "print", "DIR"},
		{"config", "init", "--force", "DIR"},
		{"baseline", "write", "-o", "baseline.json", "DIR"},
		{"baseline", "update", "--baseline", "baseline.json", "DIR"},
		{"rules"},
		{"rules", "--policy", "DIR"},
		{"test", "DIR"},
		{"new", "rule", "internet/new-NAME"},
		{"version"},
	}
	for _, project := range []string{"hostile", "shop", "shop-flannel", "rules"} {
		for _, words := range commands {
			args := make([]string, len(words))
			revision := false
			for i, word := range words {
				args[i] = strings.NewReplacer("DIR", project, "NAME", project).Replace(word)
				revision = revision || word == "HEAD"
			}
			r := run{dir: dir, under: []string{strace, "-f", "-qq", "-s", "200", "-o", trace, "-e", "trace=network,execve,execveat"}}
			o := r.egresslint(t, args...)
			data, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			started := 0
			for line := range strings.Lines(string(data)) {
				m := executed.FindStringSubmatch(line)
				switch {
				case strings.Contains(line, "+++") || strings.Contains(line, "--- SIG") || strings.Contains(line, "resumed>"), strings.Contains(line, "<detached"):
				case m == nil:
					t.Errorf("%q: %s", args, line)
				case m[1] == self || m[1] == os.Args[0]:
					started++
				case revision && m[1] == git:
				default:
					t.Errorf("%q: %s", args, line)
				}
			}
			if wants := words[0] != "new" && words[0] != "version"; started == 0 || wants && started < 2 {
				t.Errorf("%q: %d processes of egresslint were traced, exit code %d:\n%s", args, started, o.code, o.stderr)
			}
			if o.code < cli.ExitOK || o.code > cli.ExitIncomplete {
				t.Errorf("%q ends with exit code %d", args, o.code)
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "kustomize-*")); err != nil || len(left) > 0 {
		t.Errorf("temporary folders are left: %q, %v", left, err)
	}
}
