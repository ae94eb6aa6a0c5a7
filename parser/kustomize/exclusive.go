package kustomize

import (
	"io"
	"log"
	"os"
	"slices"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// shared lets builds run side by side, and those that have a schema of their own alone:
// kustomize keeps that of the kustomization at hand in a global variable.
var shared sync.RWMutex

// enter waits until the build may run, and returns what ends that.
func (b *build) enter() (leave func()) {
	if !slices.ContainsFunc(b.layers, func(l *layer) bool { return len(l.spec.OpenAPI) > 0 }) {
		shared.RLock()
		openapi.Schema() // is read without a lock once it is there
		release := confine()
		return func() {
			release()
			shared.RUnlock()
		}
	}
	shared.Lock()
	release := confine()
	return func() {
		release()
		openapi.ResetOpenAPI() // or the next build would have it too
		shared.Unlock()
	}
}

// silence drops what is written to standard error and to the log until the function
// it returns is called. kustomize warns there of some fields that are deprecated.
func silence() func() {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return func() {}
	}
	stderr, logged := os.Stderr, log.Writer()
	os.Stderr = null
	log.SetOutput(io.Discard)
	return func() {
		os.Stderr = stderr
		log.SetOutput(logged)
		_ = null.Close()
	}
}
