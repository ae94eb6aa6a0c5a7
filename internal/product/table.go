package product

// Products are all that egresslint knows. Facts: the provider's documentation and source
// of each resource type (arguments, connection attributes, what an id is), the vendor's
// pages on whitelists, and the forms of host names and ports in its help pages; collected
// in docs/products.md.
var Products = Table{
	{
		Kind: "rds", Declared: true, Engine: "engine",
		Hosts: []Host{
			{Labels: "rwlb.rds", Reach: Unsaid},
			{Labels: "mysql.rds", Engine: "MySQL", Port: 3306, Reach: Unsaid},
			{Labels: "mariadb.rds", Engine: "MariaDB", Port: 3306, Reach: Unsaid},
			{Labels: "sqlserver.rds", Engine: "SQLServer", Port: 1433, Reach: Unsaid},
			{Labels: "pg.rds", Engine: "PostgreSQL", Port: 5432, Reach: Unsaid},
			{Labels: "ppas.rds", Engine: "PPAS", Port: 1521, Reach: Unsaid},
		},
		Types: []Type{
			{
				Resource: "alicloud_db_instance", Name: "RDS instance",
				Lists: []List{{Argument: "security_ips"}}, Closed: true,
				Templates: []Template{{"template_id_list", "alicloud_rds_whitelist_template", "ip_white_list"}},
				Unless:    []string{"security_group_ids", "security_group_id"},
				Names:     []string{"instance_name"}, Prefixes: []string{"connection_string_prefix"},
				Hosts: []string{"connection_string", "private_ip_address"}, PlainID: true, Owned: []string{"connection_string"},
			},
			{
				Resource: "alicloud_db_readonly_instance", Name: "read-only RDS instance", // the primary's list may be synchronised to it
				Lists: []List{{Argument: "security_ips"}}, Names: []string{"instance_name"},
				Hosts: []string{"connection_string"}, PlainID: true, Owned: []string{"connection_string"},
			},
			{
				Resource: "alicloud_rds_clone_db_instance", Name: "cloned RDS instance", // the source's list is cloned
				Lists: []List{{Argument: "security_ips"}}, Names: []string{"db_instance_description"},
				Hosts: []string{"connection_string", "private_ip_address"},
			},
			{
				Resource: "alicloud_rds_ddr_instance", Name: "RDS disaster recovery instance",
				Lists: []List{{Argument: "security_ips"}}, Closed: true, Unless: []string{"security_group_ids"},
				Names: []string{"instance_name"}, Hosts: []string{"connection_string", "private_ip_address"},
			},
		},
		Connections: []Connection{{
			Resource: "alicloud_db_connection", Instance: "instance_id", Prefix: "connection_prefix",
			Hosts: []string{"connection_string", "ip_address"},
		}},
	},
	{
		Kind: "redis", Declared: true, Port: 6379,
		Hosts: []Host{
			{Labels: "redis.rds", Reach: Unsaid},
			{Labels: "tairpena.rds", Reach: Unsaid},
			{Labels: "kvstore", Reach: Unsaid},
		},
		Types: []Type{
			{
				Resource: "alicloud_kvstore_instance", Name: "Redis instance",
				Lists: []List{{Argument: "security_ips"}}, Unless: []string{"security_group_id"},
				Names:    []string{"db_instance_name", "instance_name"},
				Prefixes: []string{"private_connection_prefix", "connection_string_prefix"},
				Hosts:    []string{"connection_domain", "connection_string", "private_ip"}, PlainID: true, Owned: []string{"connection_domain"},
			},
			{
				Resource: "alicloud_redis_tair_instance", Name: "Tair instance",
				Lists: []List{{Argument: "security_ips"}}, Unless: []string{"security_group_id"},
				Names: []string{"tair_instance_name"}, Prefixes: []string{"connection_string_prefix"}, Hosts: []string{"connection_domain"},
			},
		},
		Connections: []Connection{{
			Resource: "alicloud_kvstore_connection", Instance: "instance_id", Prefix: "connection_string_prefix",
			Hosts: []string{"connection_string"},
		}},
	},
	{
		Kind: "memcached", Port: 11211,
		Hosts: []Host{{Labels: "memcache.rds", Reach: Unsaid}},
	},
	{
		Kind: "mongodb", Declared: true, Port: 3717,
		Hosts: []Host{{Labels: "mongodb.rds", Reach: Unsaid}},
		Types: []Type{
			{
				Resource: "alicloud_mongodb_instance", Name: "MongoDB instance",
				Lists: mongoLists, Closed: true, Templates: mongoTemplates, Unless: []string{"security_group_id"},
				Names: []string{"name"}, PlainID: true,
			},
			{
				Resource: "alicloud_mongodb_sharding_instance", Name: "MongoDB sharded cluster",
				Lists: mongoLists, Closed: true, Templates: mongoTemplates, Unless: []string{"security_group_id"},
				Names: []string{"name"}, PlainID: true,
			},
			{
				Resource: "alicloud_mongodb_serverless_instance", Name: "MongoDB serverless instance",
				Lists: mongoLists[1:], Names: []string{"db_instance_description"},
			},
		},
	},
	{
		Kind: "polardb", Declared: true, Engine: "db_type",
		Hosts: []Host{
			{Labels: "mysql.polardb.rds", Engine: "MySQL", Port: 3306, Reach: Unsaid},
			{Labels: "pg.polardb.rds", Engine: "PostgreSQL", Port: 5432, Reach: Unsaid},
			{Labels: "o.polardb.rds", Engine: "Oracle", Port: 1521, Reach: Unsaid},
			{Labels: "polardb.rds", Reach: Unsaid},
		},
		Types: []Type{{
			Resource: "alicloud_polardb_cluster", Name: "PolarDB cluster",
			Lists:     []List{{Argument: "security_ips"}, {Block: "db_cluster_ip_array", Argument: "security_ips"}},
			Templates: []Template{{"global_security_group_list", "alicloud_polardb_global_security_ip_group", "global_ip_list"}},
			Unless:    []string{"security_group_ids"}, Names: []string{"description"},
			Hosts: []string{"connection_string"}, PlainID: true, Owned: []string{"connection_string"},
		}},
	},
	{
		Kind:  "polardb-x",
		Hosts: []Host{{Labels: "polarx.rds", Port: 3306, Reach: Unsaid}, {Labels: "drds", Port: 3306, Reach: Unsaid}},
	},
	{
		Kind: "adb", Declared: true, Port: 3306,
		Hosts: []Host{{Labels: "ads", Port: 3306, Reach: Unsaid}},
		Types: []Type{
			{
				Resource: "alicloud_adb_db_cluster", Name: "AnalyticDB for MySQL cluster",
				Lists: []List{{Argument: "security_ips"}}, Names: []string{"description"}, Hosts: []string{"connection_string"},
			},
			{
				Resource: "alicloud_adb_db_cluster_lake_version", Name: "AnalyticDB for MySQL cluster",
				Lists: []List{{Argument: "security_ips"}}, Names: []string{"db_cluster_description"}, Hosts: []string{"connection_string"},
			},
		},
		Connections: []Connection{{
			Resource: "alicloud_adb_connection", Instance: "db_cluster_id", Prefix: "connection_prefix",
			Hosts: []string{"connection_string", "ip_address"},
		}},
	},
	{
		Kind: "gpdb", Declared: true, Port: 5432,
		Hosts: []Host{{Labels: "gpdb.rds", Port: 5432, Reach: Unsaid}},
		Types: []Type{
			{
				Resource: "alicloud_gpdb_instance", Name: "AnalyticDB for PostgreSQL instance",
				Lists: []List{{Block: "ip_whitelist", Argument: "security_ip_list"}, {Argument: "security_ip_list"}}, Closed: true,
				Attached: Attached{Resource: "alicloud_gpdb_db_instance_ip_array", Owner: "db_instance_id", List: "security_ip_list"},
				Names:    []string{"description"}, Hosts: []string{"connection_string", "private_ip_address"}, PlainID: true,
			},
			{
				Resource: "alicloud_gpdb_elastic_instance", Name: "AnalyticDB for PostgreSQL instance",
				Lists: []List{{Argument: "security_ip_list"}}, Names: []string{"db_instance_description"}, Hosts: []string{"connection_string"},
			},
		},
		Connections: []Connection{{
			Resource: "alicloud_gpdb_connection", Instance: "instance_id", Prefix: "connection_prefix",
			Hosts: []string{"connection_string", "ip_address"},
		}},
	},
	{
		Kind: "lindorm", Declared: true,
		Hosts: []Host{{Labels: "lindorm.rds", Engines: []Engine{
			{"-proxy-sql-lindorm", 33060}, {"-proxy-lindorm", 30020}, {"-proxy-tsdb", 8242}, {"-proxy-search", 30070},
		}, Reach: Unsaid}},
		Types: []Type{
			{
				Resource: "alicloud_lindorm_instance", Name: "Lindorm instance",
				Lists: []List{{Argument: "ip_white_list"}}, Names: []string{"instance_name"},
			},
			{
				Resource: "alicloud_lindorm_instance_v2", Name: "Lindorm instance",
				Lists: []List{{Block: "white_ip_list", Argument: "ip_list"}}, Names: []string{"instance_alias"},
			},
		},
	},
	{
		Kind: "hbase", Declared: true, Port: 2181,
		Hosts: []Host{{Labels: "hbase.rds", Port: 2181, Reach: Unsaid}},
		Types: []Type{{
			Resource: "alicloud_hbase_instance", Name: "HBase instance",
			Lists: []List{{Argument: "ip_white"}}, Unless: []string{"security_groups"}, Names: []string{"name"},
		}},
	},
	{
		Kind: "cassandra",
		Types: []Type{{
			Resource: "alicloud_cassandra_cluster", Name: "Cassandra cluster",
			Lists: []List{{Argument: "ip_white"}}, Unless: []string{"security_groups"}, Names: []string{"cluster_name"},
		}},
	},
	{
		Kind: "clickhouse", Declared: true,
		Hosts: []Host{{Labels: "clickhouse.ads", Reach: Unsaid}},
		Types: []Type{
			{
				Resource: "alicloud_click_house_db_cluster", Name: "ClickHouse cluster",
				Lists: []List{{Block: "db_cluster_access_white_list", Argument: "security_ip_list"}},
				Names: []string{"db_cluster_description"},
				Hosts: []string{"connection_string"}, PublicHosts: []string{"public_connection_string"},
			},
			{
				Resource: "alicloud_click_house_enterprise_db_cluster", Name: "ClickHouse enterprise cluster",
				Lists: []List{{Argument: "security_ip_list"}},
				Attached: Attached{
					Resource: "alicloud_click_house_enterprise_db_cluster_security_ip", Owner: "db_instance_id", List: "security_ip_list",
				},
			},
		},
	},
	{
		Kind: "selectdb",
		Types: []Type{{
			Resource: "alicloud_selectdb_db_instance", Name: "SelectDB instance",
			Lists: []List{{Block: "desired_security_ip_lists", Argument: "security_ip_list"}}, Names: []string{"db_instance_description"},
		}},
	},
	{
		Kind: "gdb", Port: 8182,
		Hosts: []Host{{Labels: "graphdb.rds", Port: 8182, Reach: Unsaid}},
		Types: []Type{{
			Resource: "alicloud_graph_database_db_instance", Name: "Graph Database instance",
			Lists: []List{{Block: "db_instance_ip_array", Argument: "security_ips"}}, Names: []string{"db_instance_description"},
			Hosts: []string{"connection_string"},
		}},
	},
	{
		Kind: "elasticsearch", Declared: true, Port: 9200,
		Hosts: []Host{{Labels: "elasticsearch", Port: 9200, Reach: Unsaid}},
		Types: []Type{{
			Resource: "alicloud_elasticsearch_instance", Name: "Elasticsearch instance", // open inside the VPC unless a list narrows it
			Lists: []List{
				{Argument: "private_whitelist"},
				{Argument: "public_whitelist", Endpoint: Public, When: "enable_public"},
				{Argument: "kibana_whitelist", Endpoint: Console, When: "enable_kibana_public_network"},
				{Argument: "kibana_private_whitelist", Endpoint: Console, When: "enable_kibana_private_network"},
			},
			Names: []string{"description"}, Hosts: []string{"domain"}, PublicHosts: []string{"public_domain"}, PlainID: true,
		}},
	},
	{Kind: "kibana", Hosts: []Host{{Labels: "kibana.elasticsearch", Port: 5601, Reach: Unsaid}}},
	{
		Kind: "kafka", Declared: true,
		// 9092 is the plain-text port inside the VPC, 9093 the SSL port of the public endpoint.
		Hosts: []Host{{Labels: "alikafka", Port: 9093, VPCPort: 9092}},
		Types: []Type{{
			Resource: "alicloud_alikafka_instance", Name: "Kafka instance",
			Lists: []List{{Argument: "allowed_ip"}},
			Attached: Attached{
				Resource: "alicloud_alikafka_instance_allowed_ip_attachment", Owner: "instance_id", List: "allowed_ip",
				Only: "allowed_type", Value: "vpc",
			},
			Partial: "the instance's list holds entries of its own from its creation",
			Names:   []string{"name"}, Hosts: []string{"end_point", "domain_endpoint", "ssl_endpoint"}, PlainID: true,
		}},
	},
	{
		Kind: "rocketmq", Declared: true, Port: 8080,
		Hosts: []Host{{Labels: "rmq", Port: 8080}, {Labels: "mq"}},
		Types: []Type{{
			Resource: "alicloud_rocketmq_instance", Name: "RocketMQ instance",
			Lists: []List{{Argument: "ip_whitelists", Endpoint: Public}}, Names: []string{"instance_name"},
		}},
	},
	{Kind: "rabbitmq", Declared: true, Hosts: []Host{{Labels: "mq-amqp", Port: 5672}}},
	{
		Kind: "mse", Declared: true,
		Hosts: []Host{
			{Labels: "nacos-ans.mse", Port: 8848, Reach: Unsaid},
			{Labels: "eureka.mse", Port: 8761, Reach: Unsaid},
			{Labels: "zk.mse", Port: 2181, Reach: Unsaid},
			{Labels: "mse", Reach: Unsaid},
		},
		Types: []Type{{
			Resource: "alicloud_mse_cluster", Name: "MSE cluster", // the list filters the public endpoint only
			Lists: []List{{Argument: "acl_entry_list", Endpoint: Public}}, Names: []string{"cluster_alias_name"},
		}},
	},
	{Kind: "hologres", Hosts: []Host{{Labels: "hologres", Port: 80}}},
	{Kind: "ots", Hosts: []Host{{Labels: "tablestore", Port: 443}, {Labels: "ots", Port: 443}}},
	{Kind: "sls", Hosts: []Host{{Labels: "log", Port: 443}}},
	{Kind: "registry", Hosts: []Host{{Labels: "registry", Form: First, Port: 443}, {Labels: "cr", Port: 443}}},
	{Kind: "nas", Declared: true, Hosts: []Host{{Labels: "nas", Port: 2049, Reach: InVPC}}},
	{Kind: "mns", Hosts: []Host{{Labels: "mns", Port: 443}}},
	{Kind: "fc", Hosts: []Host{{Labels: "fc", Port: 443}, {Labels: "fcapp", Port: 443}}},
	{Kind: "privatelink", Hosts: []Host{{Labels: "privatelink", Reach: InVPC}}},
	{
		Kind: "oss", Declared: true,
		Hosts: []Host{{Labels: "oss", Form: Service, Port: 443}},
		Types: []Type{{
			Resource: "alicloud_oss_bucket", Name: "OSS bucket", Names: []string{"bucket"}, Prefixes: []string{"bucket"},
			Hosts: []string{"intranet_endpoint"}, PublicHosts: []string{"extranet_endpoint"},
		}},
	},
	{
		Kind: "slb", Declared: true,
		Hosts: []Host{{Labels: "slb", Reach: Unsaid}},
		Types: []Type{{
			Resource: "alicloud_slb_load_balancer", Name: "CLB instance", Names: []string{"load_balancer_name", "name"},
			Addresses: []string{"address"}, Hosts: []string{"address"}, PlainID: true,
		}},
	},
	{
		Kind: "alb", Declared: true,
		Hosts: []Host{{Labels: "alb", Reach: Unsaid}},
		Types: []Type{{
			Resource: "alicloud_alb_load_balancer", Name: "ALB instance", Names: []string{"load_balancer_name"},
			Hosts: []string{"dns_name"}, PlainID: true,
		}},
	},
	{
		Kind: "nlb", Declared: true,
		Hosts: []Host{{Labels: "nlb", Reach: Unsaid}},
		Types: []Type{{
			Resource: "alicloud_nlb_load_balancer", Name: "NLB instance", Names: []string{"load_balancer_name"},
			Groups: []string{"security_group_ids"}, Hosts: []string{"dns_name"}, PlainID: true,
		}},
	},
	{
		Kind: "ecs", Declared: true,
		Types: []Type{
			{
				Resource: "alicloud_instance", Name: "ECS instance", Names: []string{"instance_name"},
				Addresses: []string{"private_ip"}, Groups: []string{"security_groups"},
				Hosts: []string{"private_ip", "primary_ip_address"}, PlainID: true,
			},
			{
				Resource: "alicloud_ecs_network_interface", Name: "elastic network interface",
				Names:     []string{"network_interface_name", "name"},
				Addresses: []string{"primary_ip_address", "private_ip"}, Groups: []string{"security_group_ids", "security_groups"},
				Hosts: []string{"private_ip", "primary_ip_address"}, PlainID: true,
			},
		},
	},
}

var (
	mongoLists     = []List{{Argument: "security_ip_list"}, {Block: "security_ip_groups", Argument: "security_ip_list"}}
	mongoTemplates = []Template{{"global_security_group_list", "alicloud_mongodb_global_security_ip_group", "global_security_ip_list"}}
)
