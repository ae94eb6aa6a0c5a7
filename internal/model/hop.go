package model

// Names of hops, in the order in which a packet meets them.
const (
	HopDNS                 = "dns"
	HopService             = "service"
	HopLoadBalancer        = "load-balancer"
	HopEgressPolicy        = "egress-policy"
	HopSecurityGroup       = "security-group"
	HopNetworkACL          = "network-acl"
	HopRoute               = "route"
	HopIPv6                = "ipv6"
	HopNAT                 = "nat"
	HopWhitelist           = "whitelist"
	HopTargetACL           = "target-acl"
	HopTargetSecurityGroup = "target-security-group"
	HopBucketPolicy        = "bucket-policy"
	HopIngressPolicy       = "ingress-policy"
)

// HopNames are the names of all hops, in that order.
func HopNames() []string {
	return []string{
		HopDNS, HopService, HopLoadBalancer, HopEgressPolicy, HopSecurityGroup, HopNetworkACL, HopRoute, HopIPv6, HopNAT,
		HopWhitelist, HopTargetACL, HopTargetSecurityGroup, HopBucketPolicy, HopIngressPolicy,
	}
}
