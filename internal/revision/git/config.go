package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
)

// harmless has the keys of a repository's configuration with which git runs nothing
// and fetches nothing in the commands that are used here: what git itself, its hosting
// services, editors and CI systems write into a clone. A star between dots stands for
// any name of a section, one at the end for all keys. What is not in the list may name a
// program, a filter or a server to fetch from, today or in a version of git to come.
//
// core.hooksPath and core.fsmonitor are set by many tools. They have no effect: the
// command line sets them too, and no command here has hooks.
var harmless = keys(`
core.repositoryformatversion core.bare core.filemode core.symlinks core.ignorecase core.precomposeunicode
core.protecthfs core.protectntfs core.logallrefupdates core.autocrlf core.eol core.safecrlf core.checkroundtripencoding
core.sparsecheckout core.sparsecheckoutcone core.sparseindex core.compression core.loosecompression core.abbrev core.bigfilethreshold
core.packedgitwindowsize core.packedgitlimit core.deltabasecachelimit core.preloadindex core.fscache core.longpaths
core.quotepath core.untrackedcache core.splitindex core.commitgraph core.multipackindex core.trustctime core.checkstat
core.hidedotfiles core.sharedrepository core.warnambiguousrefs core.whitespace core.commentchar core.fsync core.fsyncmethod
core.createobject core.worktree core.hookspath core.fsmonitor core.fsmonitorhookversion core.ignorestat
extensions.objectformat extensions.compatobjectformat extensions.refstorage extensions.noop extensions.noop-v1
extensions.preciousobjects extensions.worktreeconfig extensions.relativeworktrees
include.path includeif.*.path
index.* branch.* branch.*.* advice.* color.* color.*.* user.* author.* committer.*
remote.pushdefault remote.*.url remote.*.pushurl remote.*.fetch remote.*.push remote.*.tagopt remote.*.prune remote.*.prunetags
remote.*.mirror remote.*.skipdefaultupdate remote.*.skipfetchall remote.*.gh-resolved remote.*.followremotehead
url.*.insteadof url.*.pushinsteadof
http.*.extraheader http.extraheader http.*.sslverify http.sslverify http.*.sslcainfo http.sslcainfo http.postbuffer http.version
http.*.sslcert http.*.sslkey http.sslbackend http.schannelcheckrevoke http.lowspeedlimit http.lowspeedtime
credential.username credential.*.username credential.interactive credential.usehttppath credential.*.usehttppath
submodule.active submodule.recurse submodule.fetchjobs submodule.propagatebranches submodule.*.url submodule.*.active
submodule.*.branch submodule.*.ignore submodule.*.fetchrecursesubmodules
gc.auto gc.autodetach gc.autopacklimit gc.pruneexpire gc.worktreepruneexpire gc.reflogexpire gc.reflogexpireunreachable
gc.writecommitgraph gc.aggressivewindow gc.aggressivedepth gc.packrefs gc.cruftpacks gc.bigpackthreshold
maintenance.auto maintenance.strategy maintenance.autodetach maintenance.*.enabled maintenance.*.schedule maintenance.*.auto
pull.rebase pull.ff pull.octopus pull.twohead push.default push.autosetupremote push.followtags push.recursesubmodules push.gpgsign
fetch.prune fetch.prunetags fetch.parallel fetch.recursesubmodules fetch.writecommitgraph fetch.output fetch.showforcedupdates
fetch.unpacklimit fetch.fsckobjects transfer.fsckobjects transfer.bundleuri transfer.hiderefs receive.denycurrentbranch
init.defaultbranch merge.conflictstyle merge.ff merge.renames merge.renamelimit merge.log rebase.autosquash rebase.autostash
rebase.updaterefs rerere.enabled rerere.autoupdate diff.algorithm diff.renames diff.renamelimit diff.colormoved diff.mnemonicprefix
diff.ignoresubmodules status.showuntrackedfiles status.submodulesummary log.date commit.gpgsign commit.verbose tag.gpgsign tag.sort
checkout.defaultremote feature.manyfiles feature.experimental pack.threads pack.windowmemory pack.writebitmaps repack.writebitmaps
lfs.repositoryformatversion lfs.url lfs.*.access lfs.*.locksverify lfs.locksverify lfs.fetchinclude lfs.fetchexclude
lfs.concurrenttransfers lfs.skipdownloaderrors lfs.allowincompletepush gui.wmstate gui.geometry
`)

func keys(list string) map[string]bool {
	set := make(map[string]bool)
	for key := range strings.FieldsSeq(list) {
		set[key] = true
	}
	return set
}

// setting is an entry of a configuration, as git reads it.
type setting struct {
	key, value string
}

// parts splits the key: the section and the name are in small letters.
func (s setting) parts() (section, subsection, name string) {
	section, rest, _ := strings.Cut(s.key, ".")
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		return section, rest[:i], rest[i+1:]
	}
	return section, "", rest
}

// known reports whether the list of harmless keys has the key.
func (s setting) known() bool {
	section, _, name := s.parts()
	if strings.Count(s.key, ".") > 1 {
		return harmless[section+".*."+name] || harmless[section+".*.*"]
	}
	return harmless[section+"."+name] || harmless[section+".*"]
}

// promisor reports whether the key makes the clone a partial one.
func (s setting) promisor() bool {
	section, _, name := s.parts()
	return section == "remote" && (name == "promisor" || name == "partialclonefilter") || s.key == "extensions.partialclone"
}

// plainKey is a name of a section that cannot hold anything secret. Addresses can.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// String is the key as it may be printed.
func (s setting) String() string {
	section, subsection, name := s.parts()
	if !plainKey.MatchString(section) || !plainKey.MatchString(name) {
		return "a key without a plain name"
	}
	switch {
	case strings.Count(s.key, ".") == 1:
		return s.key
	case plainKey.MatchString(subsection):
		return section + "." + subsection + "." + name
	default:
		return section + ".*." + name
	}
}

const (
	// maxConfig is how large a file of configuration may be, in bytes.
	maxConfig = 1 << 20
	// maxIncludes is how deep files of configuration include others, and how many do.
	maxIncludes = 5
	maxConfigs  = 50
)

// checkConfig reads the configuration of the repository before git goes by it. The
// error is an Unavailable if there is more in it than what is known to be harmless.
func (r *Repository) checkConfig(ctx context.Context) error {
	c := &configuration{repo: r}
	for _, dir := range slices.Compact([]string{r.common, r.dir}) {
		for _, name := range []string{"config", "config.worktree"} {
			if err := c.read(ctx, filepath.Join(dir, name), 0); err != nil {
				return err
			}
		}
	}
	if len(c.refused) > 0 && guard.On(guard.GitConfig) {
		first := c.refused[0]
		if first.promisor() {
			return unreadablef("its configuration sets %s: this is a partial clone, for which git fetches what is missing, and egresslint fetches nothing: clone without --filter", first)
		}
		return unreadablef("its configuration in .git sets %s, which can name a program: egresslint does not run git there; remove it, or set it with 'git config --global'", first)
	}
	r.emptied = c.refused
	return r.own(c.worktree)
}

// configuration is what the files of a repository's configuration set.
type configuration struct {
	repo     *Repository
	files    int
	refused  []setting
	worktree string // the value of core.worktree
}

// read reads a file and those that it includes, whatever the condition is. Git itself
// says what is in it, as no other reader would agree with it in everything.
func (c *configuration) read(ctx context.Context, name string, depth int) error {
	info, err := os.Stat(name)
	if err != nil {
		return nil //nolint:nilerr // git goes on without it too
	}
	if c.files++; c.files > maxConfigs || depth > maxIncludes {
		return unreadablef("its configuration includes more than %d files, or %d deep", maxConfigs, maxIncludes)
	}
	if !info.Mode().IsRegular() || info.Size() > maxConfig {
		return unreadablef("its configuration is no file of at most %d KiB", maxConfig>>10)
	}
	cmd := c.repo.command(ctx, "config", "-z", "--list", "--no-includes", "--file", name)
	// Here git is in no repository, so that nothing has an effect yet.
	cmd.Dir = filepath.VolumeName(c.repo.top) + string(filepath.Separator)
	cmd.Env = append(closed(), "GIT_DIR="+os.DevNull)
	out, err := run(ctx, cmd, "config")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return unreadablef("its configuration is not one that git can read")
	}
	for _, entry := range fields(out) {
		key, value, _ := strings.Cut(entry, "\n")
		s := setting{key, value}
		section, _, _ := s.parts()
		switch {
		case !s.known(), key == "core.fsmonitor" && !isBool(value):
			c.refused = append(c.refused, s)
		case key == "core.worktree":
			c.worktree = value
		case section == "include" || section == "includeif":
			if strings.HasPrefix(value, "~") || strings.HasPrefix(value, "%(") {
				return unreadablef("its configuration includes a file relative to a folder that only git knows: egresslint does not run git there")
			}
			if err := c.read(ctx, absolute(value, filepath.Dir(name)), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// isBool reports whether git takes a value for true or false. A key without one is true.
func isBool(value string) bool {
	return slices.Contains([]string{"", "true", "false", "yes", "no", "on", "off", "1", "0"}, strings.ToLower(value))
}

// emptying returns variables that take the effect of settings.
func emptying(settings []setting) []string {
	env := []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(len(settings))}
	for i, s := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s.key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=", i))
	}
	return env
}
