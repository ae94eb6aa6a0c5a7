package egress

// product says how a resource type declares its allow-list. Facts: the
// provider's documentation and source of each type, and the vendor's pages on
// whitelists (collected in docs/products.md).
type product struct {
	kind, name string
	lists      []listArgument
	// attached are resources of their own that add entries.
	attached attachedList
	// templates are arguments that name global groups of entries.
	templates []templateArgument
	// closed products send 127.0.0.1, which admits nobody, when the list is left
	// out; for the others the default is the server's and unknown.
	closed bool
	// partial says why the lists in the files are never all there is.
	partial string
	// unless are arguments that admit sources in ways the files do not decide.
	unless []string
	names  []string // arguments that hold the instance's own name
	prefix []string // arguments that hold the first label of its host name
}

func (p *product) hasPublicList() bool {
	for _, list := range p.lists {
		if list.endpoint == publicEndpoint {
			return true
		}
	}
	return false
}

// listArgument is one argument with allow-list entries: directly, or in the
// argument of that name inside nested blocks.
type listArgument struct {
	block, name string
	endpoint    endpoint
	// when is the argument that must be true for the list to have an effect.
	when string
}

// endpoint says whose connections a list filters.
type endpoint int

const (
	anyEndpoint    endpoint = iota // private ones, and public ones if there is no list for them
	publicEndpoint                 // public ones only
	consoleOnly                    // those to a console, which no pod needs
)

func (l listArgument) String() string {
	if l.block != "" {
		return l.block + "." + l.name
	}
	return l.name
}

// attachedList is a resource type that adds entries to an instance's list.
type attachedList struct {
	typ, owner, list string
	only, value      string // counts only if the argument has the value
}

// templateArgument is an argument that names resources with further entries.
type templateArgument struct{ argument, typ, list string }

var (
	mongoLists = []listArgument{{name: "security_ip_list"}, {block: "security_ip_groups", name: "security_ip_list"}}
	mongoGroup = templateArgument{"global_security_group_list", "alicloud_mongodb_global_security_ip_group", "global_security_ip_list"}
)

// products are the resource types with an allow-list of IP addresses.
var products = map[string]product{
	"alicloud_db_instance": {
		kind: "rds", name: "RDS instance", closed: true,
		lists:     []listArgument{{name: "security_ips"}},
		templates: []templateArgument{{"template_id_list", "alicloud_rds_whitelist_template", "ip_white_list"}},
		unless:    []string{"security_group_ids", "security_group_id"},
		names:     []string{"instance_name"}, prefix: []string{"connection_string_prefix"},
	},
	"alicloud_db_readonly_instance": {
		kind: "rds", name: "read-only RDS instance", // the primary's list may be synchronised to it
		lists: []listArgument{{name: "security_ips"}},
		names: []string{"instance_name"},
	},
	"alicloud_rds_clone_db_instance": {
		kind: "rds", name: "cloned RDS instance", // the source's list is cloned
		lists: []listArgument{{name: "security_ips"}},
		names: []string{"db_instance_description"},
	},
	"alicloud_rds_ddr_instance": {
		kind: "rds", name: "RDS disaster recovery instance", closed: true,
		lists:  []listArgument{{name: "security_ips"}},
		unless: []string{"security_group_ids"},
		names:  []string{"instance_name"},
	},
	"alicloud_kvstore_instance": {
		kind: "redis", name: "Redis instance",
		lists:  []listArgument{{name: "security_ips"}},
		unless: []string{"security_group_id"},
		names:  []string{"db_instance_name", "instance_name"}, prefix: []string{"private_connection_prefix", "connection_string_prefix"},
	},
	"alicloud_redis_tair_instance": {
		kind: "redis", name: "Tair instance",
		lists:  []listArgument{{name: "security_ips"}},
		unless: []string{"security_group_id"},
		names:  []string{"tair_instance_name"}, prefix: []string{"connection_string_prefix"},
	},
	"alicloud_mongodb_instance": {
		kind: "mongodb", name: "MongoDB instance", closed: true,
		lists: mongoLists, templates: []templateArgument{mongoGroup}, unless: []string{"security_group_id"},
		names: []string{"name"},
	},
	"alicloud_mongodb_sharding_instance": {
		kind: "mongodb", name: "MongoDB sharded cluster", closed: true,
		lists: mongoLists, templates: []templateArgument{mongoGroup}, unless: []string{"security_group_id"},
		names: []string{"name"},
	},
	"alicloud_mongodb_serverless_instance": {
		kind: "mongodb", name: "MongoDB serverless instance",
		lists: mongoLists[1:], names: []string{"db_instance_description"},
	},
	"alicloud_polardb_cluster": {
		kind: "polardb", name: "PolarDB cluster",
		lists:     []listArgument{{name: "security_ips"}, {block: "db_cluster_ip_array", name: "security_ips"}},
		templates: []templateArgument{{"global_security_group_list", "alicloud_polardb_global_security_ip_group", "global_ip_list"}},
		unless:    []string{"security_group_ids"},
		names:     []string{"description"},
	},
	"alicloud_adb_db_cluster": {
		kind: "adb", name: "AnalyticDB for MySQL cluster",
		lists: []listArgument{{name: "security_ips"}}, names: []string{"description"},
	},
	"alicloud_adb_db_cluster_lake_version": {
		kind: "adb", name: "AnalyticDB for MySQL cluster",
		lists: []listArgument{{name: "security_ips"}}, names: []string{"db_cluster_description"},
	},
	"alicloud_gpdb_instance": {
		kind: "gpdb", name: "AnalyticDB for PostgreSQL instance", closed: true,
		lists:    []listArgument{{block: "ip_whitelist", name: "security_ip_list"}, {name: "security_ip_list"}},
		attached: attachedList{typ: "alicloud_gpdb_db_instance_ip_array", owner: "db_instance_id", list: "security_ip_list"},
		names:    []string{"description"},
	},
	"alicloud_gpdb_elastic_instance": {
		kind: "gpdb", name: "AnalyticDB for PostgreSQL instance",
		lists: []listArgument{{name: "security_ip_list"}}, names: []string{"db_instance_description"},
	},
	"alicloud_lindorm_instance": {
		kind: "lindorm", name: "Lindorm instance",
		lists: []listArgument{{name: "ip_white_list"}}, names: []string{"instance_name"},
	},
	"alicloud_lindorm_instance_v2": {
		kind: "lindorm", name: "Lindorm instance",
		lists: []listArgument{{block: "white_ip_list", name: "ip_list"}}, names: []string{"instance_alias"},
	},
	"alicloud_hbase_instance": {
		kind: "hbase", name: "HBase instance",
		lists: []listArgument{{name: "ip_white"}}, unless: []string{"security_groups"}, names: []string{"name"},
	},
	"alicloud_cassandra_cluster": {
		kind: "cassandra", name: "Cassandra cluster",
		lists: []listArgument{{name: "ip_white"}}, unless: []string{"security_groups"}, names: []string{"cluster_name"},
	},
	"alicloud_click_house_db_cluster": {
		kind: "clickhouse", name: "ClickHouse cluster",
		lists: []listArgument{{block: "db_cluster_access_white_list", name: "security_ip_list"}}, names: []string{"db_cluster_description"},
	},
	"alicloud_click_house_enterprise_db_cluster": {
		kind: "clickhouse", name: "ClickHouse enterprise cluster",
		lists: []listArgument{{name: "security_ip_list"}},
		attached: attachedList{
			typ: "alicloud_click_house_enterprise_db_cluster_security_ip", owner: "db_instance_id", list: "security_ip_list",
		},
	},
	"alicloud_selectdb_db_instance": {
		kind: "selectdb", name: "SelectDB instance",
		lists: []listArgument{{block: "desired_security_ip_lists", name: "security_ip_list"}}, names: []string{"db_instance_description"},
	},
	"alicloud_graph_database_db_instance": {
		kind: "gdb", name: "Graph Database instance",
		lists: []listArgument{{block: "db_instance_ip_array", name: "security_ips"}}, names: []string{"db_instance_description"},
	},
	"alicloud_elasticsearch_instance": {
		kind: "elasticsearch", name: "Elasticsearch instance", // open inside the VPC unless a list narrows it
		lists: []listArgument{
			{name: "private_whitelist"},
			{name: "public_whitelist", endpoint: publicEndpoint, when: "enable_public"},
			{name: "kibana_whitelist", endpoint: consoleOnly, when: "enable_kibana_public_network"},
			{name: "kibana_private_whitelist", endpoint: consoleOnly, when: "enable_kibana_private_network"},
		},
		names: []string{"description"},
	},
	"alicloud_alikafka_instance": {
		kind: "kafka", name: "Kafka instance",
		lists: []listArgument{{name: "allowed_ip"}},
		attached: attachedList{
			typ: "alicloud_alikafka_instance_allowed_ip_attachment", owner: "instance_id", list: "allowed_ip",
			only: "allowed_type", value: "vpc",
		},
		partial: "the instance's list holds entries of its own from its creation",
		names:   []string{"name"},
	},
	"alicloud_rocketmq_instance": {
		kind: "rocketmq", name: "RocketMQ instance",
		lists: []listArgument{{name: "ip_whitelists", endpoint: publicEndpoint}}, names: []string{"instance_name"},
	},
	"alicloud_mse_cluster": {
		kind: "mse", name: "MSE cluster", // the list filters the public endpoint only
		lists: []listArgument{{name: "acl_entry_list", endpoint: publicEndpoint}}, names: []string{"cluster_alias_name"},
	},
}

// publicConnections are resources that open a public endpoint of an instance
// under a prefix that they name.
var publicConnections = []struct{ typ, instance, prefix string }{
	{"alicloud_db_connection", "instance_id", "connection_prefix"},
	{"alicloud_kvstore_connection", "instance_id", "connection_string_prefix"},
	{"alicloud_adb_connection", "db_cluster_id", "connection_prefix"},
	{"alicloud_gpdb_connection", "instance_id", "connection_prefix"},
}
