package actions_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const baseStep = "Find the base"

// silenced is a repository whose second commit switches off the rule that finds the
// mistake of the first.
func silenced(t *testing.T) (dir, base string) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	write(t, filepath.Join(dir, "main.tf"), openWhitelist, 0o600)
	write(t, filepath.Join(dir, ".egresslint.yaml"), "failOn: warning\n", 0o600)
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "Base")
	base = git(t, dir, "rev-parse", "HEAD")
	write(t, filepath.Join(dir, ".egresslint.yaml"), "rules: {whitelist-open: {severity: \"off\"}}\n", 0o600)
	git(t, dir, "commit", "-q", "-a", "-m", "Silence")
	return dir, base
}

// On pull requests and in merge queues, the base says how a change is checked.
func TestActionConfigFrom(t *testing.T) {
	pull := func(base string) map[string]any {
		return map[string]any{"pull_request": map[string]any{"base": map[string]any{"sha": base}}}
	}
	const wrong = "::error title=egresslint::the input config-from "
	tests := []struct {
		name  string
		with  map[string]string
		event func(base string) map[string]any
		// depth is that of the clone, 0 for all of it; gone takes away what it was cloned from.
		depth string
		gone  bool
		code  int
		log   string // a regular expression
	}{
		{name: "pull request", event: pull, code: 1, log: `whitelist-open`},
		{name: "merge queue", event: func(base string) map[string]any {
			return map[string]any{"merge_group": map[string]any{"base_sha": base}}
		}, code: 1, log: `whitelist-open`},
		{name: "push", event: func(base string) map[string]any { return map[string]any{"before": base} }},
		{name: "no event"},
		{name: "head", with: map[string]string{"config-from": "head"}, event: pull},
		{name: "config", with: map[string]string{"config": ".egresslint.yaml"}, event: pull},
		{name: "shallow clone", event: pull, depth: "1", code: 1, log: `whitelist-open`},
		{name: "no remote", event: pull, depth: "1", gone: true, code: 2, log: `(?s)Cannot fetch the base.*take the configuration from [0-9a-f]{40}: .*fetch-depth: 0`},
		{name: "base that nobody has", event: func(string) map[string]any { return pull(strings.Repeat("12", 20)) }, code: 2, log: `fetch-depth: 0`},
		{name: "base without one", with: map[string]string{"config-from": "base"}, code: 2, log: wrong + "is base and this event has no base"},
		{name: "base and config", with: map[string]string{"config-from": "base", "config": "x.yaml"}, event: pull, code: 2, log: wrong + "is base and config names a file"},
		{name: "misspelt", with: map[string]string{"config-from": "$(touch pwned)"}, event: pull, code: 2, log: wrong + "must be base or head"},
		{name: "no commit", event: func(string) map[string]any { return pull("--upload-pack=touch pwned") }, code: 2, log: wrong + "cannot be base: the event names no commit"},
		{name: "weakened", with: map[string]string{"config-from": "head", "changed-only": "true", "fail-on-weakened": "true"}, event: pull, code: 1, log: `switches rule whitelist-open off`},
		{name: "not weakened", with: map[string]string{"config-from": "head", "changed-only": "true"}, event: pull, log: `switches rule whitelist-open off`},
		{name: "weakened without a comparison", with: map[string]string{"fail-on-weakened": "true"}, event: pull, code: 2, log: `the input fail-on-weakened needs changed-only`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t, nil)
			r.install(t)
			origin, base := silenced(t)
			if err := os.RemoveAll(r.workspace); err != nil {
				t.Fatal(err)
			}
			clone := []string{"clone", "-q"}
			if test.depth != "" {
				clone = append(clone, "--depth="+test.depth)
			}
			git(t, origin, append(clone, "file://"+origin, r.workspace)...)
			if test.gone {
				if err := os.RemoveAll(origin); err != nil {
					t.Fatal(err)
				}
			}
			r.with = test.with
			if test.event != nil {
				r.event = test.event(base)
			}
			got := r.run(t, baseStep, runStep)
			if got.code != test.code || got.outputs["exit-code"] != string(rune('0'+test.code)) {
				t.Errorf("exit code %d and output %q, want %d", got.code, got.outputs["exit-code"], test.code)
			}
			if !regexp.MustCompile(test.log).MatchString(got.log) {
				t.Errorf("the log does not match %s", test.log)
			}
			if _, err := os.Stat(filepath.Join(r.workspace, "pwned")); err == nil {
				t.Error("an input was executed")
			}
			if t.Failed() {
				t.Logf("log:\n%s", got.log)
			}
		})
	}
}

// A whole clone that lacks the base stays whole.
func TestActionFetchKeepsHistory(t *testing.T) {
	r := newRunner(t, nil)
	r.install(t)
	origin, _ := silenced(t)
	if err := os.RemoveAll(r.workspace); err != nil {
		t.Fatal(err)
	}
	git(t, origin, "clone", "-q", "file://"+origin, r.workspace)
	write(t, filepath.Join(origin, "later.tf"), closedWhitelist, 0o600)
	git(t, origin, "add", ".")
	git(t, origin, "commit", "-q", "-m", "Later")
	later := git(t, origin, "rev-parse", "HEAD")
	r.event = map[string]any{"pull_request": map[string]any{"base": map[string]any{"sha": later}}}
	got := r.run(t, baseStep)
	if got.code != 0 {
		t.Errorf("exit code %d, log:\n%s", got.code, got.log)
	}
	if n := git(t, r.workspace, "rev-list", "--count", later); n != "3" {
		t.Errorf("the clone has %s commits of the base, want 3", n)
	}
}

// A folder of the pull request that is laid out like a repository is not taken for one:
// git would do what its configuration says.
func TestActionFolderLikeARepository(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []string
		code  int
	}{
		{"base", []string{baseStep, runStep}, 1},
		{"comparison", []string{runStep}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t, nil)
			r.install(t)
			origin, base := silenced(t)
			if err := os.RemoveAll(r.workspace); err != nil {
				t.Fatal(err)
			}
			git(t, origin, "clone", "-q", "--depth=1", "file://"+origin, r.workspace)
			mark := filepath.Join(t.TempDir(), "pwned")
			for name, text := range map[string]string{
				"HEAD":           "ref: refs/heads/main\n",
				"objects/info/x": "",
				"refs/heads/x":   "",
				"config": "[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\npartialclone = origin\n" +
					"[remote \"origin\"]\nurl = .\npromisor = true\nuploadpack = \"touch '" + mark + "';\"\n",
				"main.tf": openWhitelist,
			} {
				write(t, filepath.Join(r.workspace, "infra", filepath.FromSlash(name)), text, 0o600)
			}
			git(t, r.workspace, "add", ".")
			git(t, r.workspace, "commit", "-q", "-m", "Plant")
			r.with = map[string]string{"working-directory": "infra", "changed-only": "true"}
			r.event = map[string]any{"pull_request": map[string]any{"base": map[string]any{"sha": base}}}
			got := r.run(t, test.steps...)
			if _, err := os.Stat(mark); err == nil {
				t.Errorf("the program that the folder names was run, log:\n%s", got.log)
			}
			// The base is in the clone, and is found from there.
			if got.code != test.code {
				t.Errorf("exit code %d, want %d, log:\n%s", got.code, test.code, got.log)
			}
		})
	}
}
