package git_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/parser/guard"
)

// unprotected names the guard that is off in the process of a test.
const unprotected = "EGRESSLINT_TEST_WITHOUT"

func TestMain(m *testing.M) {
	if name := os.Getenv(unprotected); name != "" {
		guard.Off(guard.Name(name))
	}
	os.Exit(m.Run())
}

// hostile is a clone that wants to have a program run, which leaves a mark.
type hostile struct {
	*repository
	commit string
	mark   string
	script string // the program
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the test's programs are shell scripts")
	}
	h := &hostile{repository: newRepository(t)}
	h.write("a.tf", strings.Repeat("a line of text\n", 20))
	h.write("b.tf", "1\n")
	h.commit = h.repository.commit()
	marks := t.TempDir()
	h.mark, h.script = filepath.Join(marks, "ran"), filepath.Join(marks, "run.sh")
	text := "#!/bin/sh\n: >'" + h.mark + "'\ncat\n"
	if err := os.WriteFile(h.script, []byte(text), 0o700); err != nil { //nolint:gosec // it is to be executable
		t.Fatal(err)
	}
	h.git("mv", "a.tf", "c.tf")
	h.write("b.tf", "2\n")
	h.write(".git/info/attributes", "*.tf filter=evil diff=evil merge=evil\n")
	h.write(".gitattributes", "*.tf filter=evil diff=evil merge=evil\n")
	return h
}

// everything does all that a run does with git, as far as it gets. It returns the first
// error.
func (h *hostile) everything() error {
	h.t.Helper()
	ctx := h.t.Context()
	repo, err := git.Open(ctx, h.dir)
	if err != nil {
		return err
	}
	head, err := repo.Resolve(ctx, "HEAD")
	if err != nil {
		return err
	}
	if _, err = repo.MergeBase(ctx, head, h.commit); err != nil {
		return err
	}
	snapshot, err := repo.Snapshot(ctx, h.commit)
	if err != nil {
		return err
	}
	objects, err := repo.CatFile(ctx)
	if err != nil {
		return err
	}
	files := revision.NewFS(os.DirFS(h.dir), snapshot, revision.NewObjects(ctx, objects.In, objects.Out))
	for _, c := range snapshot.Changes {
		if c.Object != "" {
			_, unreadable := files.ReadFile(c.Name)
			err = errors.Join(err, unreadable)
		}
	}
	return errors.Join(err, files.Close(), objects.Close())
}

func (h *hostile) ran() bool {
	_, err := os.Stat(h.mark)
	return err == nil
}

// hostileKeys are settings that name a program or a server, and what is said of them.
var hostileKeys = []struct {
	key   string
	value string // "$" stands for the program
	said  string // the key as it is printed, if it is another one
}{
	{key: "core.fsmonitor", value: "$"},
	{key: "core.sshCommand", value: "$", said: "core.sshcommand"},
	{key: "core.pager", value: "$"},
	{key: "core.editor", value: "$"},
	{key: "core.gitProxy", value: "$", said: "core.gitproxy"},
	{key: "core.askPass", value: "$", said: "core.askpass"},
	{key: "core.alternateRefsCommand", value: "$", said: "core.alternaterefscommand"},
	{key: "core.attributesFile", value: "/etc/passwd", said: "core.attributesfile"},
	{key: "core.excludesFile", value: "/etc/passwd", said: "core.excludesfile"},
	{key: "diff.external", value: "$"},
	{key: "diff.evil.command", value: "$"},
	{key: "diff.evil.textconv", value: "$"},
	{key: "merge.evil.driver", value: "$"},
	{key: "filter.evil.clean", value: "$"},
	{key: "filter.evil.smudge", value: "$"},
	{key: "filter.evil.process", value: "$"},
	{key: "filter.a=b.clean", value: "$", said: "filter.*.clean"},
	{key: "gpg.program", value: "$"},
	{key: "credential.helper", value: "!$"},
	{key: "credential.https://x:secret@example.com.helper", value: "!$", said: "credential.*.helper"},
	{key: "alias.rev-parse", value: "!$"},
	{key: "pager.diff-index", value: "$"},
	{key: "remote.origin.uploadpack", value: "$"},
	{key: "remote.origin.vcs", value: "ext"},
	{key: "remote.origin.promisor", value: "true"},
	{key: "remote.origin.partialclonefilter", value: "blob:none"},
	{key: "extensions.partialClone", value: "origin", said: "extensions.partialclone"},
	{key: "protocol.ext.allow", value: "always"},
	{key: "submodule.sub.update", value: "!$"},
	{key: "gc.recentObjectsHook", value: "$", said: "gc.recentobjectshook"},
	{key: "uploadpack.packObjectsHook", value: "$", said: "uploadpack.packobjectshook"},
	{key: "lfs.customtransfer.evil.path", value: "$", said: "lfs.*.path"},
	{key: "never.heardof", value: "1"},
}

// A key that may name a program makes revisions unavailable, by its name and without
// its value, wherever in the configuration it stands.
func TestConfigIsChecked(t *testing.T) {
	if os.Getenv(unprotected) != "" {
		t.Skip("a guard is off")
	}
	places := []struct {
		name string
		set  func(h *hostile, key, value string)
	}{
		{"config", func(h *hostile, key, value string) { h.git("config", key, value) }},
		{"included", func(h *hostile, key, value string) {
			h.git("config", "include.path", "one")
			h.git("config", "-f", ".git/one", "includeIf.gitdir:/nowhere/.path", filepath.Join(h.dir, ".git", "two"))
			h.git("config", "-f", ".git/two", key, value)
		}},
		{"config.worktree", func(h *hostile, key, value string) { h.git("config", "-f", ".git/config.worktree", key, value) }},
	}
	for _, place := range places {
		for _, k := range hostileKeys {
			t.Run(place.name+"/"+strings.ReplaceAll(k.key, "/", "-"), func(t *testing.T) {
				h := newHostile(t)
				place.set(h, k.key, strings.ReplaceAll(k.value, "$", h.script))
				err := h.everything()
				var unavailable *revision.Unavailable
				said := k.said
				if said == "" {
					said = k.key
				}
				if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), " sets "+said) {
					t.Errorf("got %v", err)
				} else if strings.Contains(err.Error(), h.script) || strings.Contains(err.Error(), "secret") {
					t.Errorf("a value is printed: %v", err)
				}
				if h.ran() {
					t.Error("a program ran")
				}
			})
		}
	}
}

// What git, hosting services and CI systems write into a clone does not matter.
func TestConfigOfEverybody(t *testing.T) {
	h := newHostile(t)
	included := filepath.Join(t.TempDir(), "credentials.config")
	h.git("config", "-f", included, "http.https://github.com/.extraheader", "AUTHORIZATION: basic c2VjcmV0")
	for key, value := range map[string]string{
		"includeIf.gitdir:" + h.dir + "/.git.path": included,
		"include.path":                          filepath.Join(h.dir, "missing"),
		"remote.origin.url":                     "https://github.com/org/repo",
		"remote.origin.fetch":                   "+refs/heads/*:refs/remotes/origin/*",
		"branch.main.remote":                    "origin",
		"branch.main.vscode-merge-base":         "origin/main",
		"http.https://github.com/.extraheader":  "AUTHORIZATION: basic c2VjcmV0",
		"url.https://t:x@gitlab.com/.insteadOf": "https://gitlab.com/",
		"gc.auto":                               "0",
		"user.email":                            "a@example.com",
		"core.hooksPath":                        ".husky",
		"core.fsmonitor":                        "true",
		"extensions.worktreeConfig":             "true",
		"submodule.sub.active":                  "true",
	} {
		h.git("config", key, value)
	}
	h.git("config", "-f", ".git/config.worktree", "core.sparseCheckout", "false")
	if err := h.everything(); err != nil {
		t.Error(err)
	}
}

// Without the check of the configuration, the closed environment and the settings of
// the command line still keep every program from running.
func TestEnvironmentAlone(t *testing.T) {
	for _, k := range hostileKeys {
		t.Run(strings.ReplaceAll(k.key, "/", "-"), func(t *testing.T) {
			if os.Getenv(unprotected) != string(guard.GitConfig) {
				t.Skip("run by TestWithoutConfigGuard")
			}
			h := newHostile(t)
			h.git("config", "-f", ".git/config", k.key, strings.ReplaceAll(k.value, "$", h.script))
			if err := h.everything(); err != nil {
				t.Logf("unavailable: %v", err)
			}
			if h.ran() {
				t.Error("a program ran")
			}
		})
	}
}

// A clone that lacks a file tells git how to fetch it.
func TestPromisor(t *testing.T) {
	h := newHostile(t)
	if err := os.WriteFile(h.script, []byte("#!/bin/sh\n: >'"+h.mark+"'\n"), 0o700); err != nil { //nolint:gosec // it is to be executable
		t.Fatal(err)
	}
	blob := h.git("rev-parse", h.commit+":b.tf")
	if err := os.Remove(filepath.Join(h.dir, ".git", "objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	h.git("config", "-f", ".git/config", "core.repositoryFormatVersion", "1")
	h.git("config", "-f", ".git/config", "extensions.partialClone", "origin")
	h.git("config", "-f", ".git/config", "remote.origin.url", "ext::"+h.script)
	h.git("config", "-f", ".git/config", "remote.origin.promisor", "true")
	h.git("config", "-f", ".git/config", "protocol.ext.allow", "always")
	err := h.everything()
	if os.Getenv(unprotected) == "" && (err == nil || !strings.Contains(err.Error(), "this is a partial clone")) {
		t.Errorf("got %v", err)
	}
	if h.ran() {
		t.Error("a program ran")
	}
}

// The tests that hold without the check of the configuration, too.
func TestWithoutConfigGuard(t *testing.T) {
	if os.Getenv(unprotected) != "" {
		t.Skip("it is off here")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^(TestEnvironmentAlone|TestPromisor|TestHostileEnvironment)$")
	cmd.Env = append(os.Environ(), unprotected+"="+string(guard.GitConfig))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Variables of the environment name no programs either, and neither do submodules.
func TestHostileEnvironment(t *testing.T) {
	inner := newRepository(t)
	inner.write("c.tf", "1\n")
	inner.commit()
	h := newHostile(t)
	h.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "sub")
	h.commit = h.repository.commit()
	sub := &repository{t, filepath.Join(h.dir, "sub")}
	sub.git("config", "filter.evil.clean", h.script)
	sub.git("config", "core.fsmonitor", h.script)
	h.write(".git/modules/sub/info/attributes", "*.tf filter=evil\n")
	sub.write("c.tf", "2\n")
	if err := os.Rename(filepath.Join(h.dir, "c.tf"), filepath.Join(h.dir, "d.tf")); err != nil {
		t.Fatal(err)
	}
	h.git("add", "-N", "d.tf")
	h.write("d.tf", strings.Repeat("a line of text\n", 20)+"and another\n")
	h.write("b.tf", "3\n")
	for _, name := range []string{"GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR", "PAGER"} {
		t.Setenv(name, h.script)
	}
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "filter.evil.clean")
	t.Setenv("GIT_CONFIG_VALUE_0", h.script)
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[filter \"evil\"]\n\tclean = "+h.script+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.everything(); err != nil {
		t.Error(err)
	}
	if h.ran() {
		t.Error("a program ran")
	}
}

// A program of the tree is not git, whatever PATH says.
func TestProgramOfTheTree(t *testing.T) {
	h := newHostile(t)
	text, err := os.ReadFile(h.script)
	if err != nil {
		t.Fatal(err)
	}
	h.write("bin/git", string(text))
	if err := os.Chmod(filepath.Join(h.dir, "bin", "git"), 0o700); err != nil { //nolint:gosec // it is to be executable
		t.Fatal(err)
	}
	outside := t.TempDir()
	if err := os.Symlink(filepath.Join(h.dir, "bin", "git"), filepath.Join(outside, "git")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(h.dir, "bin"))
	untrusted := strings.Join([]string{".", "", filepath.Join(h.dir, "bin"), outside}, string(filepath.ListSeparator))
	whole := os.Getenv("PATH")
	t.Setenv("PATH", untrusted+string(filepath.ListSeparator)+whole)
	if err := h.everything(); err != nil {
		t.Error(err)
	}
	t.Setenv("PATH", untrusted)
	if err := h.everything(); err == nil || !strings.Contains(err.Error(), "it is not installed") {
		t.Errorf("got %v", err)
	}
	if h.ran() {
		t.Error("the program ran")
	}
}

// A git directory is read if it is the work tree's own.
func TestGitDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symlinks need a privilege on Windows")
	}
	other := newRepository(t)
	other.write("private.tf", "private")
	other.commit()
	theirs := filepath.Join(other.dir, ".git")
	const elsewhere = "its .git leads to a git directory that does not lead back"
	instead := func(name string) func(r *repository) {
		return func(r *repository) {
			r.remove(".git/" + name)
			r.link(filepath.Join(theirs, filepath.FromSlash(name)), ".git/"+name)
		}
	}
	beside := func(name string) func(r *repository) {
		return func(r *repository) { r.link(filepath.Join(theirs, "HEAD"), ".git/"+name) }
	}
	object := func(r *repository) string {
		id := r.git("rev-parse", "HEAD")
		return filepath.Join(".git", "objects", id[:2], id[2:])
	}
	notItsOwn := func(name string) string { return "in its git directory, " + name + " is or holds something else" }
	tests := []struct {
		name string
		make func(r *repository)
		want string // part of the error
	}{
		{"its own", func(*repository) {}, ""},
		{"a file to another one", func(r *repository) { r.remove(".git"); r.write(".git", "gitdir: "+theirs+"\n") }, elsewhere},
		{"a symlink to another one", func(r *repository) { r.remove(".git"); r.link(theirs, ".git") }, "its .git is neither"},
		{"a file to nothing", func(r *repository) { r.remove(".git"); r.write(".git", "gitdir: \n") }, "its .git leads nowhere"},
		{"no repository", func(r *repository) { r.remove(".git/HEAD") }, "its .git is not a git directory"},
		{"what others share", func(r *repository) { r.write(".git/commondir", theirs+"\n") }, elsewhere},
		{"objects", instead("objects"), notItsOwn("objects")},
		{"the packs", instead("objects/pack"), notItsOwn("objects")},
		{"what is known of objects", instead("objects/info"), notItsOwn("objects")},
		{"some objects", func(r *repository) {
			id := other.git("rev-parse", "HEAD")
			r.remove(".git/objects/" + id[:2])
			r.link(filepath.Join(theirs, "objects", id[:2]), ".git/objects/"+id[:2])
		}, notItsOwn("objects")},
		{"an object", func(r *repository) {
			name := object(r)
			r.remove(name)
			r.link(filepath.Join(other.dir, object(other)), name)
		}, notItsOwn("objects")},
		{"an object that is a named pipe", func(r *repository) { name := object(r); r.remove(name); mkfifo(r.t, filepath.Join(r.dir, name)) }, notItsOwn("objects")},
		{"a pack", beside("objects/pack/pack-1.pack"), notItsOwn("objects")},
		{"a commit graph", beside("objects/info/commit-graphs/commit-graph-chain"), notItsOwn("objects")},
		{"refs", instead("refs"), notItsOwn("refs")},
		{"a branch", instead("refs/heads/main"), notItsOwn("refs")},
		{"branches of a remote", beside("refs/remotes/origin/a/b"), notItsOwn("refs")},
		{"refs in a table", beside("reftable"), notItsOwn("reftable")},
		{"HEAD", instead("HEAD"), notItsOwn("HEAD")},
		{"packed refs", beside("packed-refs"), notItsOwn("packed-refs")},
		{"index", instead("index"), notItsOwn("index")},
		{"a part of the index", beside("sharedindex.0123456789012345678901234567890123456789"), notItsOwn("index")},
		{"where history ends", beside("shallow"), notItsOwn("shallow")},
		{"config", instead("config"), notItsOwn("config")},
		{"config of the work tree", beside("config.worktree"), notItsOwn("config.worktree")},
		{"hooks", instead("hooks"), ""},
		{"alternates", func(r *repository) { r.write(".git/objects/info/alternates", theirs+"/objects\n") }, "it borrows objects"},
		{"another work tree", func(r *repository) { r.git("config", "core.worktree", other.dir) }, "core.worktree of its configuration leads to another folder"},
		{"a bare one", func(r *repository) { r.git("config", "core.bare", "true") }, ""},
		{"a named pipe", func(r *repository) { r.remove(".git/config"); mkfifo(r.t, filepath.Join(r.dir, ".git/config")) }, notItsOwn("config")},
		{"includes without end", func(r *repository) { r.git("config", "include.path", "config") }, "or 5 deep"},
		{"an include of a device", func(r *repository) { r.git("config", "include.path", "/dev/zero") }, "its configuration is no file"},
		{"an include of something else", func(r *repository) { r.git("config", "include.path", "/etc/passwd") }, "not one that git can read"},
		{"an include of the home folder", func(r *repository) { r.git("config", "include.path", "~/x") }, "relative to a folder that only git knows"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRepository(t)
			r.write("a.tf", "1")
			r.commit()
			test.make(r)
			repo, err := git.Open(t.Context(), r.dir)
			if err == nil {
				_, err = repo.Resolve(t.Context(), "HEAD")
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v; want %q", err, test.want)
			}
		})
	}
}

// Linked work trees and submodules have their git directories elsewhere.
func TestLinkedWorkTree(t *testing.T) {
	inner := newRepository(t)
	inner.write("c.tf", "1")
	want := inner.commit()
	r := newRepository(t)
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "sub")
	first := r.commit()
	linked, ofSub := filepath.Join(t.TempDir(), "linked"), filepath.Join(t.TempDir(), "of-sub")
	r.git("worktree", "add", "-q", linked)
	sub := &repository{t, filepath.Join(r.dir, "sub")}
	sub.git("worktree", "add", "-q", ofSub)
	for dir, want := range map[string]string{linked: first, sub.dir: want, ofSub: want} {
		repo, err := git.Open(t.Context(), dir)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := repo.Resolve(t.Context(), "HEAD"); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", dir, got, err, want)
		}
	}
	// They share their configuration.
	r.git("config", "core.sshCommand", "x")
	if _, err := git.Open(t.Context(), linked); err == nil || !strings.Contains(err.Error(), "sets core.sshcommand") {
		t.Errorf("the configuration that is shared: %v", err)
	}
}

// Of a linked work tree, what it shares is looked at, and what is its own.
func TestLinksOfLinkedWorkTree(t *testing.T) {
	for _, name := range []string{".git/refs/heads/other", ".git/worktrees/linked/refs/bisect/bad"} {
		r := newRepository(t)
		r.commit()
		linked := filepath.Join(t.TempDir(), "linked")
		r.git("worktree", "add", "-q", linked)
		if _, err := git.Open(t.Context(), linked); err != nil {
			t.Error(err)
		}
		r.link("main", name)
		if _, err := git.Open(t.Context(), linked); err == nil || !strings.Contains(err.Error(), "refs is or holds something else") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// So many files that looking at them takes its time are not looked at.
func TestManyRefs(t *testing.T) {
	r := newRepository(t)
	r.write("a.tf", "1")
	r.commit()
	const links = 50_000 // a file may have
	file := ""
	for i := range 200_001 {
		name := ".git/refs/many/" + strconv.Itoa(i)
		if i%links == 0 {
			r.write(name, "")
			file = filepath.Join(r.dir, name)
		} else if err := os.Link(file, filepath.Join(r.dir, name)); err != nil {
			t.Skipf("make many names of a file: %v", err)
		}
	}
	if _, err := git.Open(t.Context(), r.dir); err == nil || !strings.Contains(err.Error(), "more than 200000 files: pack them") {
		t.Errorf("got %v", err)
	}
}

// Somebody else's folder is read: what could harm is checked, whoever it belongs to.
func TestForeignOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	r := newRepository(t)
	r.write("a.tf", "1")
	want := r.commit()
	err := filepath.WalkDir(r.dir, func(name string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(name, 1234, 1234))
	})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := git.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Resolve(t.Context(), "HEAD"); got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// A partial clone does not have all files, and nothing fetches them.
func TestPartialClone(t *testing.T) {
	origin := newRepository(t)
	origin.git("config", "uploadpack.allowFilter", "true")
	origin.write("a.tf", "1")
	origin.commit()
	clone := &repository{t, filepath.Join(newRepository(t).dir, "clone")}
	if err := os.Mkdir(clone.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	clone.git("clone", "-q", "--filter=blob:none", "file://"+origin.dir, ".")
	_, err := git.Open(t.Context(), clone.dir)
	if err == nil || !strings.Contains(err.Error(), "this is a partial clone") || !strings.Contains(err.Error(), "clone without --filter") {
		t.Errorf("got %v", err)
	}
}
