package requirement

import (
	"strings"

	"github.com/egresslint/egresslint/internal/product"
)

// cloud is what the name of an Alibaba Cloud service tells.
type cloud struct {
	product         string // its kind; empty if the name does not tell
	port            int    // the product's default; 0 if the name does not decide it
	private, public bool
	engine, region  string // empty if the name does not tell
}

// cloudDomains are the domains of Alibaba Cloud's services. The last two belong to
// the load balancers (ALB and NLB, Chinese and international).
var cloudDomains = []string{".aliyuncs.com", ".aliyuncsslb.com", ".aliyuncsslbintl.com"}

// cloudService reads the name of an Alibaba Cloud service: a label or more in
// front of one of the cloud's domains.
func cloudService(name string) (cloud, bool) {
	for _, domain := range cloudDomains {
		if rest, ok := strings.CutSuffix(name, domain); ok && rest != "" {
			return readCloudName(rest), true
		}
	}
	return cloud{}, false
}

// readCloudName takes the labels before the cloud's domain.
func readCloudName(rest string) cloud {
	labels := strings.Split(rest, ".")
	private := isInternalEndpoint(labels)
	row, host := product.Products.Host(labels)
	if host == nil {
		c := cloud{private: private, public: !private}
		if len(labels) <= 2 {
			c.port = 443 // SERVICE[.REGION] is the OpenAPI of a product, which speaks HTTPS
		}
		return c
	}
	c := cloud{product: row.Kind, port: row.PortOf(host, labels[0], private), engine: host.Engine, region: host.Region(labels)}
	switch {
	case private, host.Reach == product.InVPC:
		c.private = true
	case host.Reach == product.ByMarker, isPublicEndpoint(labels):
		c.public = true
	}
	return c
}

// isInternalEndpoint reports the marks of endpoints inside the VPC: -internal,
// -vpc, -intranet, vpc100-, and a label vpc, internal or intranet.
func isInternalEndpoint(labels []string) bool {
	for _, label := range labels {
		switch {
		case label == "vpc" || label == "internal" || label == "intranet",
			strings.HasSuffix(label, "-internal"), strings.HasSuffix(label, "-intranet"),
			strings.HasSuffix(label, "-vpc"), strings.Contains(label, "-vpc-"),
			strings.HasPrefix(label, "vpc100-"):
			return true
		}
	}
	return false
}

// isPublicEndpoint reports the marks that products with two kinds of endpoints
// put into the public one: -pub (MongoDB, Lindorm) and public (Elasticsearch,
// ClickHouse).
func isPublicEndpoint(labels []string) bool {
	for _, label := range labels {
		if label == "public" || strings.HasSuffix(label, "-pub") {
			return true
		}
	}
	return false
}
