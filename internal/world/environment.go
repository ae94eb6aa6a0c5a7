package world

import (
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
)

// environments maps the words for environments in paths to one spelling.
var environments = map[string]string{
	"prod": "prod", "production": "prod", "prd": "prod",
	"staging": "staging", "stage": "staging", "stg": "staging",
	"dev": "dev", "develop": "dev", "development": "dev",
	"qa": "qa", "uat": "uat", "preprod": "pre",
}

// weakEnvironments are words that name an environment only where they stand alone:
// a directory called demo-app is no environment.
var weakEnvironments = map[string]string{
	"live": "prod", "test": "test", "testing": "test", "pre": "pre", "sandbox": "sandbox", "demo": "demo", "perf": "perf",
}

// environmentsIn returns the environments that a path names, in order.
func environmentsIn(name string) []string {
	var list []string
	add := func(env string) {
		if env != "" && !slices.Contains(list, env) {
			list = append(list, env)
		}
	}
	for element := range strings.SplitSeq(strings.ToLower(name), "/") {
		add(weakEnvironments[element])
		for _, word := range strings.FieldsFunc(element, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
			add(environments[word])
		}
	}
	return list
}

// environmentsOf returns the environments that an object is meant for: those in the
// name of the directory that it is deployed from, else those in what Argo CD or Flux
// deploy it with.
func environmentsOf(o *kubernetes.Object) []string {
	list := environmentsIn(o.Dir)
	if len(list) == 0 && o.Deployer != "" {
		list = environmentsIn(strings.TrimSuffix(o.Deployer, path.Ext(o.Deployer)) + "/" + o.Destination)
	}
	return list
}
