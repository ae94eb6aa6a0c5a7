package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/disk"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/nearest"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// stdinArg stands for standard input among the path arguments.
const stdinArg = "-"

// defaultStdinName is the name of what comes from standard input unless
// --stdin-filename says otherwise.
const defaultStdinName = "stdin.yaml"

// defaultPlanName is the name if it is a Terraform plan or state.
const defaultPlanName = "tfplan.json"

// inputFlags say what to read and how. All commands that read files share them.
type inputFlags struct {
	exclude        []string
	varFiles       []string
	vars           []string
	clusterNetwork string
	policies       []string // of the commands that judge
	config         string
	noConfig       bool
	configFrom     configRevision // of lint
	tfVarEnv       bool
	stdinFilename  string
	skipInvalid    bool
	allowEmpty     bool
	limits         limitFlags
}

func (f *inputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.exclude, "exclude", nil, "leave out files and folders that match the `glob`, relative to the working directory (repeatable)")
	flags.StringArrayVar(&f.varFiles, "var-file", nil, "evaluate Terraform with the variables of `file` (repeatable)")
	flags.StringArrayVar(&f.vars, "var", nil, "evaluate Terraform with a variable, `name=value` (repeatable)")
	flags.BoolVar(&f.tfVarEnv, "tf-var-env", false, "evaluate Terraform with the variables TF_VAR_name of the environment; in a job that checks other people's changes, these can print them")
	flags.StringVar(&f.clusterNetwork, "cluster-network", "", "network `plug-in` of all clusters, terway or flannel, if the files do not say it")
	flags.StringVar(&f.config, "config", "", "read the configuration from `file` instead of the nearest "+config.FileName)
	flags.BoolVar(&f.noConfig, "no-config", false, "read no configuration file")
	flags.StringVar(&f.stdinFilename, "stdin-filename", "", "`name` of what comes from standard input, given as the path - (default "+defaultStdinName+")")
	flags.BoolVar(&f.skipInvalid, "skip-invalid", false, "only warn of what cannot be analysed")
	flags.BoolVar(&f.allowEmpty, "allow-empty", false, "succeed if there is nothing to analyse")
	f.limits.register(cmd)
	complete(cmd, "cluster-network", "terway", "flannel")
}

// input is what a run reads, made of flags, configuration and environment.
type input struct {
	*workspace
	cfg *config.Config
	// base is where the configuration comes from, nil if that is the work tree.
	base *configBase
	// given are the paths of the command line; everything says that it names none.
	given      []string
	everything bool
	policies   *engine.Policies // the rules of the project's own; nil if it has none
	// settings are what the flags and the configuration say.
	settings analysis.Settings
}

// check returns a usage error of the flags' values.
func (f *inputFlags) check(args []string) error {
	switch {
	case f.noConfig && f.config != "":
		return usagef("--config and --no-config exclude each other")
	case f.clusterNetwork != "" && !slices.Contains([]string{"terway", "flannel"}, f.clusterNetwork):
		return usagef("unknown --cluster-network %q%s", f.clusterNetwork, config.DidYouMean(f.clusterNetwork, []string{"terway", "flannel"}))
	case f.stdinFilename != "" && !slices.Contains(args, stdinArg):
		return usagef("--stdin-filename names what comes from standard input: give the path - too")
	}
	if name := cmp.Or(f.stdinFilename, defaultStdinName); !isKnown(name) {
		return usagef("unknown kind of file --stdin-filename %q: want a name that ends in .tf, .tfvars, .yaml, .yml or .json", name)
	}
	return nil
}

// isKnown reports whether a file goes by a name that egresslint reads.
func isKnown(name string) bool {
	_, ok := source.KindOf(filepath.ToSlash(name))
	return ok
}

// needs is what reading wants of the system.
func (f *inputFlags) needs(args []string) (*needs, error) {
	if err := f.check(args); err != nil {
		return nil, err
	}
	return &needs{
		paths: orHere(args), stdinName: cmp.Or(f.stdinFilename, defaultStdinName),
		files: append(slices.Clone(f.varFiles), f.config), folders: f.policies,
		environment: f.tfVarEnv, limits: f.limits,
	}, nil
}

// orHere is the paths of a command, or the working directory.
func orHere(args []string) []string {
	if len(args) == 0 {
		return []string{"."}
	}
	return args
}

// input opens the tree and reads the configuration. Its errors are usage errors.
func (a *app) input(ctx context.Context, f *inputFlags, args []string) (*input, error) {
	everything := len(args) == 0
	args = orHere(args)
	stdin := a.job.Stdin
	stdinName := f.stdinFilename
	if stdinName == "" && tfjson.Is(stdin) {
		stdinName = defaultPlanName
	}
	stdinName = cmp.Or(stdinName, defaultStdinName)
	if isPlanFile(stdin) {
		return nil, binaryPlan("standard input")
	}
	w, err := a.openWorkspace()
	if err != nil {
		return nil, err
	}

	in := &input{workspace: w}
	for _, arg := range args {
		p := arg
		if arg == stdinArg {
			p = stdinName
		}
		name, err := w.name(p)
		if err != nil {
			return nil, err
		}
		if arg == stdinArg {
			w.tree.Overlay(name, stdin)
		}
		in.settings.Paths = append(in.settings.Paths, name)
	}

	in.given, in.everything = in.settings.Paths, everything
	if in.cfg, err = in.configuration(ctx, f); err != nil {
		return nil, err
	}
	if err := in.checkParameters(); err != nil {
		return nil, err
	}
	// In a folder below the configuration's, the folder is meant, not all of them.
	if everything && len(in.cfg.Paths) > 0 && in.settings.Paths[0] == path.Dir(in.cfg.File) {
		in.settings.Paths = in.cfg.Paths
	}
	if err := in.options(f); err != nil {
		return nil, err
	}
	return in, nil
}

// checkPath tells of an argument that is not a path to something that a run
// reads; perhaps it was meant as a command. The argument - stands for a path that
// exists already.
func checkPath(arg, p string) error {
	if _, err := os.Lstat(p); err != nil {
		reason := err.Error()
		if os.IsNotExist(err) {
			reason = "no such file or directory"
		}
		if name := nearest.To(arg, []string{"lint", "explain", "model", "connectivity", "diff", "config", "baseline", "rules", "test", "new", "version", "completion", "help"}); name != "" {
			return usagef("read %s: %s, did you mean the command %q?", arg, reason, name)
		}
		return usagef("read %s: %s", arg, reason)
	}
	// Whatever else is wrong with a path is told when it is read.
	if info, err := os.Stat(p); isKnown(p) || arg == stdinArg || err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // see above
	}
	if isPlanFile(disk.Head(p, len(planMagic))) {
		return binaryPlan(arg)
	}
	return usagef("read %s: it is neither a folder nor a file whose name ends in .tf, .tofu, .tfvars, .yaml, .yml or .json", arg)
}

// planMagic is how the files begin that "terraform plan -out" writes: they are
// zip archives.
const planMagic = "PK\x03\x04"

func isPlanFile(data []byte) bool { return strings.HasPrefix(string(data), planMagic) }

func binaryPlan(what string) error {
	return mistakef("read %s: it is a binary, perhaps a plan: give egresslint what 'terraform show -json PLAN' writes, in a file that ends in .json or as the path -", what)
}

// configuration reads the configuration and the rules of the project's own, whose
// ids it may name.
func (in *input) configuration(ctx context.Context, f *inputFlags) (*config.Config, error) {
	file, err := in.configFile(ctx, f)
	if err != nil {
		return nil, err
	}
	tree := in.configTree()
	var configured []config.Path
	if file != nil {
		configured = config.ReadPolicies(tree, file)
	}
	if err := in.loadPolicies(ctx, f, configured); err != nil || file == nil {
		return &config.Config{}, err
	}
	cfg, err := config.Read(tree, file, in.allRules())
	if err != nil {
		return nil, in.displayErrors(err)
	}
	return cfg, nil
}

// configTree is the tree that configuration, policies and baseline are read from.
func (in *input) configTree() *source.Tree {
	if in.base != nil {
		return in.base.tree
	}
	return in.tree
}

// configFile reads the configuration file; nil if there is none.
func (in *input) configFile(ctx context.Context, f *inputFlags) (file *config.File, err error) {
	switch {
	case f.noConfig:
		return nil, nil //nolint:nilnil // none was asked for
	case f.config != "":
		name, data, err := in.flagFile(f.config)
		if err != nil {
			return nil, mistakef("read configuration %s: %w", f.config, err)
		}
		if _, outside := in.outside[name]; outside {
			// Its paths are relative to the root of the tree, and its text may be anything.
			return &config.File{Name: config.FileName, Place: name, Data: data}, nil
		}
		return &config.File{Name: name, Data: data, Quote: true}, nil
	case f.configFrom.ref != "":
		if err := in.openBase(ctx, f.configFrom); err != nil {
			return nil, err
		}
		file, err = in.base.config()
	default:
		file, err = config.Locate(in.tree, in.startDir())
	}
	if err != nil {
		return nil, in.displayErrors(err)
	}
	return file, nil
}

func (in *input) loadPolicies(ctx context.Context, f *inputFlags, configured []config.Path) error {
	flags := f.policies
	if in.base != nil {
		// What a flag names is the change's own too if it lies in the tree.
		flags = nil
		for _, p := range f.policies {
			if name, err := in.name(p); err == nil {
				configured = append(configured, config.Path{Name: name})
			} else {
				flags = append(flags, p)
			}
		}
	}
	sources, err := in.policySources(in.policyTree(), flags, configured)
	if err != nil {
		return err
	}
	in.policies, err = loadPolicies(ctx, sources)
	return err
}

// startDir is the folder from which the configuration file is looked for.
func (in *input) startDir() string { return startDir(in.tree, in.settings.Paths) }

// displayErrors makes the places of configuration mistakes paths for the user.
func (in *input) displayErrors(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return &usageError{err: err, plain: true}
	}
	for _, e := range joined.Unwrap() {
		var mistake *config.Error
		if errors.As(e, &mistake) {
			mistake.At.File = in.display(mistake.At.File)
		}
	}
	return &usageError{err: err, plain: true}
}

// options takes what the flags and the configuration say into the settings.
func (in *input) options(f *inputFlags) error {
	in.settings.Config, in.settings.ClusterNetwork = in.cfg, f.clusterNetwork
	for _, pattern := range f.exclude {
		glob, err := in.glob(pattern)
		if err != nil {
			return err
		}
		in.settings.Exclude = append(in.settings.Exclude, analysis.Glob{Pattern: glob, Text: "--exclude " + pattern})
	}
	tf := &in.settings.Terraform
	for _, file := range f.varFiles {
		name, _, err := in.flagFile(file)
		if err != nil {
			return mistakef("read --var-file %s: %w", file, err)
		}
		tf.VarFiles = append(tf.VarFiles, name)
	}
	for _, v := range f.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return usagef("read --var %q: want name=value", v)
		}
		tf.Vars = append(tf.Vars, terraform.Assignment{Name: name, Value: value})
	}
	// Whoever writes the files could print what the environment of a job holds.
	if f.tfVarEnv || !guard.On(guard.TerraformEnv) {
		tf.Env = terraformEnv(os.Environ())
	}
	return nil
}

// terraformEnv returns the variables for Terraform in an environment, by name.
func terraformEnv(environment []string) map[string]string {
	vars := make(map[string]string)
	for _, entry := range environment {
		key, value, _ := strings.Cut(entry, "=")
		if name, ok := strings.CutPrefix(key, "TF_VAR_"); ok && name != "" {
			vars[name] = value
		}
	}
	return vars
}
