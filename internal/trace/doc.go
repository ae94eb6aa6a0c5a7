// Package trace follows what workloads need hop by hop, as packets go, and judges what can
// stop them. It reads the facts of worlds; it does not know where they stood in Terraform
// or YAML but as origins, nor rules, severities and output formats.
package trace
