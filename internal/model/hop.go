package model

// Names of hops, in the order in which a packet meets them.
const (
	HopDNS                 = "dns"
	HopLoadBalancer        = "load-balancer"
	HopNetworkPolicy       = "network-policy"
	HopSecurityGroup       = "security-group"
	HopNetworkACL          = "network-acl"
	HopIPv6                = "ipv6"
	HopNAT                 = "nat"
	HopWhitelist           = "whitelist"
	HopTargetACL           = "target-acl"
	HopTargetSecurityGroup = "target-security-group"
	HopBucketPolicy        = "bucket-policy"
)

// HopNames are the names of all hops, in that order.
func HopNames() []string {
	return []string{
		HopDNS, HopLoadBalancer, HopNetworkPolicy, HopSecurityGroup, HopNetworkACL, HopIPv6, HopNAT,
		HopWhitelist, HopTargetACL, HopTargetSecurityGroup, HopBucketPolicy,
	}
}
