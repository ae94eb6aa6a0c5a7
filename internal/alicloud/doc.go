// Package alicloud knows what the resources of the Terraform provider aliyun/alicloud
// say about packets: which networks there are, what translates addresses, where routes
// lead, what filters let pass. It makes facts of them and judges nothing; what the files
// do not decide stays unknown, with the reason.
//
// It also holds the provider's schema, from which Terraform configurations are completed.
package alicloud
