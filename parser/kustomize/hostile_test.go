package kustomize_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// trap is where an attack would show: a server, programs that leave a file behind,
// and a directory for temporary files.
type trap struct {
	address     string
	connections atomic.Int32
	canary      string // a file that an executed command makes
	temporary   string
	programs    string
}

// setTrap makes git, ssh, sh and helm programs that leave the canary behind, so that an
// attack shows also where the real ones would fail.
func setTrap(t testing.TB) *trap {
	t.Helper()
	// The address of the server is what an attack connects to.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trap{address: listener.Addr().String(), temporary: t.TempDir(), programs: t.TempDir()}
	tr.canary = filepath.Join(t.TempDir(), "canary")
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			tr.connections.Add(1)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	for _, name := range []string{"git", "ssh", "sh", "helm", "docker"} {
		script := fmt.Sprintf("#!/bin/sh\n: > '%s'\nexit 1\n", tr.canary)
		if err := os.WriteFile(filepath.Join(tr.programs, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	setenv(t, "PATH", tr.programs)
	setenv(t, "TMPDIR", tr.temporary)
	return tr
}

func setenv(t testing.TB, name, value string) {
	before, was := os.LookupEnv(name)
	if err := os.Setenv(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if was {
			_ = os.Setenv(name, before)
		} else {
			_ = os.Unsetenv(name)
		}
	})
}

// sprung tells what an attack did.
func (tr *trap) sprung() string {
	var did []string
	if _, err := os.Stat(tr.canary); err == nil {
		did = append(did, "a program ran")
	}
	if n := tr.connections.Load(); n > 0 {
		did = append(did, fmt.Sprintf("%d connections were made", n))
	}
	if entries, _ := os.ReadDir(tr.temporary); len(entries) > 0 {
		did = append(did, fmt.Sprintf("%s was left behind", entries[0].Name()))
	}
	return strings.Join(did, ", ")
}

// plugin is the configuration of a part of kustomize.
func plugin(kind, fields string) string {
	return "apiVersion: builtin\nkind: " + kind + "\nmetadata: {name: x}\n" + fields + "\n"
}

// quoted is text as a double-quoted scalar of YAML.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`).Replace(text) + `"`
}

// addresses are entries that lead kustomize out of the tree, or could.
func (tr *trap) addresses() []string {
	a := tr.address
	return []string{
		"http://" + a + "/x.yaml",
		"HTTP://" + a + "/x.yaml",
		"http:" + a + "/x.yaml",
		"http:/" + a + "/x.yaml",
		"http://user:hunter2@" + a + "/x.yaml?token=hunter2",
		"https://" + a + "/org/repo//base?ref=main",
		"https://" + a + "/org/repo.git",
		"git::http://" + a + "/org/repo",
		"git::https://" + a + "/org/repo?ref=--upload-pack=id",
		"git@" + a + ":org/repo.git",
		"user@" + a + ":org/repo//x",
		"user@host/org/repo//x",
		"ssh://git@" + a + "/org/repo",
		"SSH://" + a + "/org/repo",
		"github.com/org/repo//x?ref=main",
		"github.com:org/repo",
		"GitHub.com/org/repo",
		"file:///tmp/repo//base",
		"file:///x//a?ref=--upload-pack=id>" + tr.canary,
		"file:///x//a\n?ref=--upload-pack=id>" + tr.canary + " #",
		"file:///x//a\r\n?ref=--upload-pack=id>" + tr.canary + " #",
		"\nhttp://" + a + "/x.yaml",
		"http://" + a + "/x.yaml\n",
		"http://" + a + "/\x00x.yaml",
		"../ok.yaml\nhttp://" + a + "/x.yaml",
		"../ok.yaml?ref=--upload-pack=id",
		"./../ok.yaml?x",
		"..//ok.yaml",
		"\u2028http://" + a + "/x.yaml",
		"http\u200b://" + a + "/x.yaml",
		"ｈｔｔｐ://" + a + "/x.yaml",
		"/etc/hostname",
		"../../../../etc/hostname",
		"a/../../../etc/hostname",
		"../.git/config",
		"./../.git/config",
		"a/../../.git/config",
		"../.GIT/config",
		"../out",
		"../out/hostname",
		"./https://" + a + "/x.yaml",
		"--upload-pack=id",
		"$(id)",
		"`id`",
		"",
		" ",
		"\t",
	}
}

// fields are kustomizations with a hole for an entry.
var fields = map[string]string{
	"resources":                   "resources: [../ok.yaml, %s]\n",
	"bases":                       "resources: [../ok.yaml]\nbases: [%s]\n",
	"components":                  "resources: [../ok.yaml]\ncomponents: [%s]\n",
	"crds":                        "resources: [../ok.yaml]\ncrds: [%s]\n",
	"configurations":              "resources: [../ok.yaml]\nconfigurations: [%s]\n",
	"openapi":                     "resources: [../ok.yaml]\nopenapi: {path: %s}\n",
	"patches":                     "resources: [../ok.yaml]\npatches: [{path: %s}]\n",
	"patches with a target":       "resources: [../ok.yaml]\npatches: [{path: %s, target: {kind: ConfigMap}}]\n",
	"patchesStrategicMerge":       "resources: [../ok.yaml]\npatchesStrategicMerge: [%s]\n",
	"patchesJson6902":             "resources: [../ok.yaml]\npatchesJson6902: [{path: %s, target: {version: v1, kind: ConfigMap, name: c}}]\n",
	"replacements":                "resources: [../ok.yaml]\nreplacements: [{path: %s}]\n",
	"configMapGenerator files":    "resources: [../ok.yaml]\nconfigMapGenerator: [{name: g, files: [%s]}]\n",
	"configMapGenerator envs":     "resources: [../ok.yaml]\nconfigMapGenerator: [{name: g, envs: [%s]}]\n",
	"configMapGenerator env":      "resources: [../ok.yaml]\nconfigMapGenerator: [{name: g, env: %s}]\n",
	"secretGenerator files":       "resources: [../ok.yaml]\nsecretGenerator: [{name: g, files: [%s]}]\n",
	"secretGenerator envs":        "resources: [../ok.yaml]\nsecretGenerator: [{name: g, envs: [%s]}]\n",
	"generators":                  "resources: [../ok.yaml]\ngenerators: [%s]\n",
	"transformers":                "resources: [../ok.yaml]\ntransformers: [%s]\n",
	"validators":                  "resources: [../ok.yaml]\nvalidators: [%s]\n",
	"helmCharts":                  "resources: [../ok.yaml]\nhelmCharts: [{name: c, repo: %s, valuesFile: %[1]s}]\n",
	"helmChartInflationGenerator": "resources: [../ok.yaml]\nhelmChartInflationGenerator: [{chartName: c, chartRepoUrl: %s}]\n",
}

// plugins are configurations of parts of kustomize with a hole for an entry.
var plugins = map[string]string{
	"PatchTransformer":               plugin("PatchTransformer", "path: %s"),
	"PatchTransformer in capitals":   plugin("PatchTransformer", "PATH: %s"),
	"PatchJson6902Transformer":       plugin("PatchJson6902Transformer", "path: %s\ntarget: {kind: ConfigMap, name: c, version: v1}"),
	"PatchStrategicMergeTransformer": plugin("PatchStrategicMergeTransformer", "paths: [%s]"),
	"ReplacementTransformer":         plugin("ReplacementTransformer", "replacements: [{path: %s}]"),
	"ValueAddTransformer":            plugin("ValueAddTransformer", "value: v\ntargetFilePath: %s"),
	"ConfigMapGenerator files":       plugin("ConfigMapGenerator", "name: g\nfiles: [%s]"),
	"ConfigMapGenerator envs":        plugin("ConfigMapGenerator", "name: g\nenvs: [%s]"),
	"ConfigMapGenerator env":         plugin("ConfigMapGenerator", "name: g\nenv: %s"),
	"SecretGenerator files":          plugin("SecretGenerator", "name: g\nfiles: [%s]"),
	"HelmChartInflationGenerator":    plugin("HelmChartInflationGenerator", "repo: %s\nreleaseName: r"),
	"a merge key":                    "metadata: {name: x}\n<<: {apiVersion: builtin, kind: PatchTransformer, path: %s}\n",
	"a merge key for the kind":       "metadata: {name: x}\n<<: {apiVersion: builtin, kind: PatchTransformer}\npath: %s\n",
	"an alias":                       "metadata: {name: x, annotations: {a: &a %s}}\napiVersion: builtin\nkind: PatchTransformer\npath: *a\n",
	"a list":                         "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, path: %s}\n",
	"a list of a kind":               "apiVersion: builtin\nkind: PatchTransformerList\nmetadata: {name: x}\nitems:\n- {apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, path: %s}\n",
	"a resource list":                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {}\nitems:\n- {apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, path: %s}\n",
	"a second document":              plugin("LabelTransformer", "labels: {a: b}") + "---\n" + plugin("PatchTransformer", "path: %s"),
	"a key that is there twice":      plugin("PatchTransformer", "path: ../ok.yaml\npath: %s"),
	"a tag":                          plugin("PatchTransformer", "path: !!str %s"),
	"a function":                     "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: sh}\n    a: %s\n",
	"a kind that is not known":       plugin("PatchTransformers", "path: %s"),
	"no kind":                        "path: %s\n",
	"JSON":                           `{"apiVersion":"builtin","kind":"PatchTransformer","metadata":{"name":"x"},"path":%s}`,
}

// indented is text in a block scalar.
func indented(text string) string {
	return "|-\n  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// attack is a kustomization that holds an address, and the file beside it.
type attack struct {
	name, kustomization, plugin string
	silent                      bool // kustomize itself passes over it
}

// attacks hold each address in each field and in each configuration of a plugin, the
// forms in which it may be written by turns.
func (tr *trap) attacks() []attack {
	var list []attack
	for i, address := range tr.addresses() {
		blank := strings.TrimSpace(address) == ""
		binary := "!!binary " + base64.StdEncoding.EncodeToString([]byte(address))
		for j, field := range slices.Sorted(maps.Keys(fields)) {
			add := func(form, before, value string) {
				list = append(list, attack{field + " " + form + quoted(address), before + fmt.Sprintf(fields[field], value), "", blank})
			}
			add("", "", quoted(address))
			switch (i + j) % 4 {
			case 0:
				add("binary ", "", binary)
			case 1:
				add("alias ", "metadata: {name: x, annotations: {a: &a "+quoted(address)+"}}\n", "*a")
			}
		}
		for j, name := range slices.Sorted(maps.Keys(plugins)) {
			value := quoted(address)
			if (i+j)%3 == 0 && name != "a tag" {
				value = binary
			}
			field := []string{"generators", "transformers", "validators"}[(i+j)%5%3]
			a := attack{field + " " + name + " " + value, "resources: [../ok.yaml]\n" + field + ":", "", blank || name == "ConfigMapGenerator env"}
			if config := fmt.Sprintf(plugins[name], value); (i+j)%2 == 0 {
				a.kustomization += "\n- " + indented(config) + "\n"
			} else {
				a.kustomization, a.plugin = a.kustomization+" [p.yaml]\n", config
			}
			list = append(list, a)
		}
	}
	return list
}

// spread writes each attack to a directory of a tree, which has a file that is fine,
// one of git's, and a link out of it. It returns the attacks by their directories.
func spread(t testing.TB, attacks []attack) (*source.Tree, map[string]attack) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mkdir := func(name string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("ok.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
	mkdir(".git")
	write(".git/config", "hunter2=hunter2\n")
	if err := os.Symlink("/etc", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	byDir := make(map[string]attack)
	for i, a := range attacks {
		at := fmt.Sprintf("a%05d", i)
		byDir[at] = a
		mkdir(at)
		write(at+"/kustomization.yaml", a.kustomization)
		if a.plugin != "" {
			write(at+"/p.yaml", a.plugin)
		}
	}
	tree, err := source.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree, byDir
}

// alone runs a test again in a process of its own in which a guard is off, so that the
// others are seen to hold alone. It reports whether this is that process.
func alone(t *testing.T, off guard.Name) bool {
	t.Helper()
	const variable = "EGRESSLINT_TEST_WITHOUT"
	if os.Getenv(variable) == string(off) {
		guard.Off(off)
		return true
	}
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), variable+"="+string(off))
	if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// Whatever a field or the configuration of a plugin holds, nothing runs, connects or is
// left behind, and what is not read is told. What is checked is enough for that.
func TestHostileEntries(t *testing.T) {
	if !alone(t, guard.KustomizeProcess) {
		return
	}
	tr := setTrap(t)
	tree, attacks := spread(t, tr.attacks())
	r := load(tree)
	if did := tr.sprung(); did != "" {
		t.Fatal(did)
	}
	said := make(map[string]string)
	for _, d := range r.diagnostics {
		at, _, _ := strings.Cut(d.Range.File, "/")
		said[at] += d.Message + "\n"
	}
	for at, a := range attacks {
		if said[at] == "" && !a.silent {
			t.Errorf("%s: nothing is said", a.name)
		}
	}
	if got := string(outline(r)); strings.Contains(got, "hunter2") || strings.Contains(got, "internal error") {
		t.Errorf("a secret is shown, or an internal error:\n%s", got)
	}
	if len(attacks) != len(r.overlays) {
		t.Errorf("%d overlays, want %d", len(r.overlays), len(attacks))
	}
}

// Without the check of the fields, kustomize itself finds no program and no connection,
// and can leave nothing behind.
func TestHostileEntriesUnchecked(t *testing.T) {
	if !alone(t, guard.KustomizeFields) {
		return
	}
	tr := setTrap(t)
	transport, path := http.DefaultTransport, os.Getenv("PATH")
	attacks := slices.DeleteFunc(tr.attacks(), func(a attack) bool { // which all decode to the same
		return strings.Contains(a.name, "binary ") || strings.Contains(a.name, "alias ")
	})
	tree, _ := spread(t, attacks)
	load(tree)
	if did := tr.sprung(); did != "" {
		t.Fatal(did)
	}
	if http.DefaultTransport != transport || os.Getenv("PATH") != path {
		t.Error("the process is not as it was before")
	}
}

// No kustomization with a configuration of a plugin makes anything run, connect or stay
// behind, and no error quotes a value.
func FuzzKustomizationFields(f *testing.F) {
	tr := setTrap(f)
	for i, a := range tr.attacks() {
		if i%37 == 0 {
			f.Add(strings.ReplaceAll(a.kustomization, "../ok.yaml", "ok.yaml"), a.plugin)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		f.Add("resources: [ok.yaml]\ntransformers: [p.yaml]\nsecretGenerator: [{name: s, literals: [a=hunter2]}]\n", fmt.Sprintf(plugins[name], "ok.yaml"))
	}
	f.Fuzz(func(t *testing.T, kustomization, config string) {
		r := load(source.NewTree(tree(
			"kustomization.yaml", kustomization, "p.yaml", config,
			"ok.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: hunter2}\n")))
		if did := tr.sprung(); did != "" {
			t.Error(did)
		}
		// The name of a field is no value.
		if got := fieldName.ReplaceAllString(diagnostics(r), ""); strings.Contains(got, "internal error") || strings.Contains(got, "hunter2") {
			t.Error(got)
		}
	})
}

var fieldName = regexp.MustCompile(`field "\w+"`)
