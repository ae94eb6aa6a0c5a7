// Package egress builds the model from parsed Terraform and Kubernetes objects and
// traces every requirement hop by hop. It knows what each resource and object means; it
// does not know rules, severities or output formats.
package egress
