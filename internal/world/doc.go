// Package world binds what Kubernetes objects say to what cloud resources say: which
// clusters there are, what runs on each, where its packets come from, and what it needs to
// reach. It decides a cluster's network once, from all that runs there, before anything is
// traced.
package world
