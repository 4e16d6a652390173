// The region's resources as plain values, as they are kept in the store.
//
// Names and meanings follow the EC2 API (2016-11-15). Times are milliseconds since the epoch, so that a stored
// document is plain numbers and strings. Every struct is described (Boost.Describe), from which codec.h makes its JSON;
// a member that a stored document lacks keeps its default, so members may be added but never change their meaning.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ginnel::model {

using TimeMs = int64_t;
using TagMap = std::map<std::string, std::string>;

struct AccessKey {
  std::string id, secret;
  friend bool operator==(const AccessKey&, const AccessKey&) = default;
};
BOOST_DESCRIBE_STRUCT(AccessKey, (), (id, secret))

struct Account {
  static constexpr const char* kKind = "account";
  std::string id;  // twelve digits
  std::vector<AccessKey> keys;
  TimeMs created = 0;
  friend bool operator==(const Account&, const Account&) = default;
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, keys, created))

// An IPv6 block of a VPC, out of the region's pool.
struct Ipv6Block {
  std::string association;  // "vpc-cidr-assoc-…"
  std::string cidr;         // a /56
  friend bool operator==(const Ipv6Block&, const Ipv6Block&) = default;
};
BOOST_DESCRIBE_STRUCT(Ipv6Block, (), (association, cidr))

struct Vpc {
  static constexpr const char* kKind = "vpc";
  std::string id, account;
  uint32_t number = 0;           // unique in the region, never given out twice; the data plane's name for it
  std::string cidr_association;  // "vpc-cidr-assoc-…"
  std::string cidr;
  std::vector<Ipv6Block> ipv6_blocks;  // in the order in which they came
  std::string instance_tenancy = "default";
  std::string dhcp_options = "default";
  bool dns_support = true, dns_hostnames = false, network_address_usage_metrics = false;
  TimeMs created = 0;
  friend bool operator==(const Vpc&, const Vpc&) = default;
};
BOOST_DESCRIBE_STRUCT(Vpc, (),
                      (id, account, number, cidr_association, cidr, ipv6_blocks, instance_tenancy, dhcp_options,
                       dns_support, dns_hostnames, network_address_usage_metrics, created))

struct Subnet {
  static constexpr const char* kKind = "subnet";
  std::string id, account, vpc, cidr, zone;  // zone: its name, "ap-northeast-1a"
  std::string ipv6_association;              // "subnet-cidr-assoc-…"; empty: the subnet has IPv4 only
  std::string ipv6_cidr;                     // within one of the VPC's IPv6 blocks
  bool assign_ipv6 = false;                  // new interfaces get an IPv6 address unless the request says otherwise
  bool map_public_ip = false;
  std::string private_dns_hostname_type = "ip-name";
  bool resource_name_dns_a = false, resource_name_dns_aaaa = false;
  TimeMs created = 0;
  friend bool operator==(const Subnet&, const Subnet&) = default;
};
BOOST_DESCRIBE_STRUCT(Subnet, (),
                      (id, account, vpc, cidr, zone, ipv6_association, ipv6_cidr, assign_ipv6, map_public_ip,
                       private_dns_hostname_type, resource_name_dns_a, resource_name_dns_aaaa, created))

struct SecurityGroup {
  static constexpr const char* kKind = "security-group";
  std::string id, account, vpc, name, description;
  uint32_t number = 0;  // unique in the region, never given out twice
  TimeMs created = 0;
  friend bool operator==(const SecurityGroup&, const SecurityGroup&) = default;
};
BOOST_DESCRIBE_STRUCT(SecurityGroup, (), (id, account, vpc, name, description, number, created))

// Exactly one of cidr_ipv4, cidr_ipv6, referenced_group, prefix_list is set.
struct SecurityGroupRule {
  static constexpr const char* kKind = "security-group-rule";
  std::string id, account, group;
  bool egress = false;
  std::string protocol = "-1";           // "tcp", "udp", "icmp", "icmpv6", "-1" or a number as text
  int32_t from_port = -1, to_port = -1;  // ICMP: type and code; -1 is all
  std::string cidr_ipv4, cidr_ipv6, referenced_group, description;
  std::string prefix_list;  // "pl-…"
  TimeMs created = 0;
  friend bool operator==(const SecurityGroupRule&, const SecurityGroupRule&) = default;
};
BOOST_DESCRIBE_STRUCT(SecurityGroupRule, (),
                      (id, account, group, egress, protocol, from_port, to_port, cidr_ipv4, cidr_ipv6, referenced_group,
                       description, prefix_list, created))

struct PrefixListEntry {
  std::string cidr, description;
  friend bool operator==(const PrefixListEntry&, const PrefixListEntry&) = default;
};
BOOST_DESCRIBE_STRUCT(PrefixListEntry, (), (cidr, description))

// A managed prefix list. What rules that name it mean is its entries as they are now.
struct PrefixList {
  static constexpr const char* kKind = "prefix-list";
  std::string id;  // "pl-…"
  std::string account, name;
  std::string address_family = "IPv4";  // or "IPv6"
  int32_t max_entries = 0;
  int64_t version = 1;                   // counts the changes of the entries
  std::vector<PrefixListEntry> entries;  // by the text of the CIDR
  std::string last_change = "create";    // "create", "modify", "restore"
  std::vector<std::string> pending;      // VPCs in which this version is not in force yet
  TimeMs created = 0;
  friend bool operator==(const PrefixList&, const PrefixList&) = default;
};
BOOST_DESCRIBE_STRUCT(PrefixList, (),
                      (id, account, name, address_family, max_entries, version, entries, last_change, pending, created))

// The entries that a prefix list had.
struct PrefixListVersion {
  static constexpr const char* kKind = "prefix-list-version";
  std::string id;  // PREFIX-LIST|VERSION
  std::string prefix_list;
  int64_t version = 1;
  std::vector<PrefixListEntry> entries;
  friend bool operator==(const PrefixListVersion&, const PrefixListVersion&) = default;
};
BOOST_DESCRIBE_STRUCT(PrefixListVersion, (), (id, prefix_list, version, entries))

// What carries a network interface of its own on this host, by the operator's `ginnel attach`.
struct PortAttachment {
  std::string kind;          // "netns", "tap", "device"; empty: nothing does
  std::string netns;         // of a netns: its path
  uint64_t netns_inode = 0;  // of a netns: only this one may stand there; 0: any
  std::string device;        // the device's name; of a netns: inside it
  uint32_t owner = 0;        // of a tap: the user who may open it
  std::string container;     // NETWORK/CONTAINER/DEVICE, where the interface was made for it and goes with it
  TimeMs attached = 0;
  friend bool operator==(const PortAttachment&, const PortAttachment&) = default;
};
BOOST_DESCRIBE_STRUCT(PortAttachment, (), (kind, netns, netns_inode, device, owner, container, attached))

struct NetworkInterface {
  static constexpr const char* kKind = "network-interface";
  std::string id, account, vpc, subnet, zone;
  std::string address;   // its private IPv4 address
  std::string address6;  // its IPv6 address, or empty
  std::string mac;
  std::vector<std::string> groups;
  std::string description;
  std::string type = "interface";  // or "vpc_endpoint", "network_load_balancer"
  bool requester_managed = false, source_dest_check = true;
  std::string instance;       // of an attached instance, or empty
  std::string endpoint;       // of the endpoint that owns it, or empty
  std::string load_balancer;  // ARN of the load balancer that owns it, or empty
  std::string attachment;     // "eni-attach-…", or empty
  PortAttachment port;        // of one that has no other owner
  bool delete_on_termination = true;
  TimeMs created = 0;
  friend bool operator==(const NetworkInterface&, const NetworkInterface&) = default;
};
BOOST_DESCRIBE_STRUCT(NetworkInterface, (),
                      (id, account, vpc, subnet, zone, address, address6, mac, groups, description, type,
                       requester_managed, source_dest_check, instance, endpoint, load_balancer, attachment, port,
                       delete_on_termination, created))

// An instance is a network namespace of its own on a host, wired to one network interface.
struct Instance {
  static constexpr const char* kKind = "instance";
  std::string id, account, reservation, vpc, subnet, interface;
  std::string image = "ami-00000000000000000", type = "t3.micro", key_name;
  std::string state = "pending";  // pending, running, shutting-down, terminated
  std::string state_reason_code, state_reason;
  int32_t launch_index = 0;
  std::string client_token, user_data;  // user_data: base64, kept and shown, not run
  TimeMs launched = 0, terminated = 0;
  friend bool operator==(const Instance&, const Instance&) = default;
};
BOOST_DESCRIBE_STRUCT(Instance, (),
                      (id, account, reservation, vpc, subnet, interface, image, type, key_name, state,
                       state_reason_code, state_reason, launch_index, client_token, user_data, launched, terminated))

struct VpcEndpoint {
  static constexpr const char* kKind = "vpc-endpoint";
  std::string id, account, vpc;
  uint32_t number = 0;       // of its links; unique in the region, never given out twice
  std::string service_name;  // "com.amazonaws.REGION.ec2"
  std::string type = "Interface";
  std::string state = "pending";  // pendingAcceptance pending available deleting deleted rejected failed expired
  std::vector<std::string> subnets, groups, interfaces;  // subnets and interfaces in the same order
  bool private_dns = true;
  std::string dns_hash;                     // the HASH8 of its names
  std::string policy_document;              // empty: the default, full access
  std::string ip_address_type = "ipv4";     // ipv4, ipv6, dualstack
  std::string dns_record_ip_type = "ipv4";  // likewise, or service-defined
  std::string failure_reason;
  // Of an endpoint for a service of another VPC (EndpointService); empty for the region's own services.
  std::string service;        // "vpce-svc-…"
  std::string load_balancer;  // ARN; the one of the service's load balancers that serves this endpoint, for its life
  std::string connection;     // "vpce-con-…"
  TimeMs created = 0;
  friend bool operator==(const VpcEndpoint&, const VpcEndpoint&) = default;
};
BOOST_DESCRIBE_STRUCT(VpcEndpoint, (),
                      (id, account, vpc, number, service_name, type, state, subnets, groups, interfaces, private_dns,
                       dns_hash, policy_document, ip_address_type, dns_record_ip_type, failure_reason, service,
                       load_balancer, connection, created))

// A load balancer's presence in one zone.
struct LoadBalancerNode {
  std::string subnet, zone, interface;
  bool chosen = false;  // its address was named by the request
  friend bool operator==(const LoadBalancerNode&, const LoadBalancerNode&) = default;
};
BOOST_DESCRIBE_STRUCT(LoadBalancerNode, (), (subnet, zone, interface, chosen))

// A network load balancer (ELBv2 2015-12-01).
struct LoadBalancer {
  static constexpr const char* kKind = "load-balancer";
  std::string id;  // its ARN
  std::string account, vpc, name;
  std::string state = "provisioning";    // provisioning, active
  std::string dns_hash;                  // "NAME-HASH.elb.REGION.SUFFIX" is its name
  std::vector<LoadBalancerNode> nodes;   // by zone
  std::vector<std::string> groups;       // none: nothing is filtered at the load balancer
  bool judge_private_link = true;        // EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic
  std::string ip_address_type = "ipv4";  // or "dualstack": its nodes have IPv6 addresses too
  TagMap attributes;                     // those that were set; the others have their defaults
  TimeMs created = 0;
  friend bool operator==(const LoadBalancer&, const LoadBalancer&) = default;
};
BOOST_DESCRIBE_STRUCT(LoadBalancer, (),
                      (id, account, vpc, name, state, dns_hash, nodes, groups, judge_private_link, ip_address_type,
                       attributes, created))

struct HealthCheck {
  std::string protocol = "TCP";       // TCP, HTTP, HTTPS
  std::string port = "traffic-port";  // or a number as text
  std::string path;                   // HTTP, HTTPS
  std::string matcher;                // HTTP, HTTPS: "200-399", "200,202"
  int32_t interval_s = 30, timeout_s = 10;
  int32_t healthy_threshold = 5, unhealthy_threshold = 2;
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};
BOOST_DESCRIBE_STRUCT(HealthCheck, (),
                      (protocol, port, path, matcher, interval_s, timeout_s, healthy_threshold, unhealthy_threshold))

struct TargetGroup {
  static constexpr const char* kKind = "target-group";
  std::string id;  // its ARN
  std::string account, vpc, name;
  std::string protocol = "TCP";  // TCP, UDP, TCP_UDP
  int32_t port = 0;
  std::string target_type = "instance";  // or "ip"
  std::string ip_address_type = "ipv4";  // or "ipv6": of its targets' addresses
  HealthCheck health_check;
  TagMap attributes;  // as of a load balancer
  TimeMs created = 0;
  friend bool operator==(const TargetGroup&, const TargetGroup&) = default;
};
BOOST_DESCRIBE_STRUCT(TargetGroup, (),
                      (id, account, vpc, name, protocol, port, target_type, ip_address_type, health_check, attributes,
                       created))

// A registered target. What the probes found is kept with it, so that a restart does not begin from "initial".
struct Target {
  static constexpr const char* kKind = "target";
  std::string id;      // GROUP-ARN|TARGET:PORT
  std::string group;   // ARN of the target group
  std::string target;  // instance id or address
  int32_t port = 0;
  std::string zone;                // as registered: a zone's name, "all", or empty
  uint32_t number = 0;             // of this registration; unique in the region, never given out twice
  std::string health = "initial";  // initial, healthy, unhealthy
  std::string reason;              // "Target.FailedHealthChecks", …; empty when healthy
  std::string description;
  TimeMs health_changed = 0;
  TimeMs deregistered = 0;  // it drains since then; 0: it is registered
  TimeMs created = 0;
  friend bool operator==(const Target&, const Target&) = default;
};
BOOST_DESCRIBE_STRUCT(Target, (),
                      (id, group, target, port, zone, number, health, reason, description, health_changed, deregistered,
                       created))

// Of a network load balancer; it has one action: forward everything to one target group.
struct Listener {
  static constexpr const char* kKind = "listener";
  std::string id;                                    // its ARN
  std::string account, load_balancer, target_group;  // ARNs
  uint32_t number = 0;           // unique in the region, never given out twice; at most kMaxListenerNumber
  std::string protocol = "TCP";  // TCP, UDP, TCP_UDP
  int32_t port = 0;
  TagMap attributes;  // "tcp.idle_timeout.seconds"
  TimeMs created = 0;
  friend bool operator==(const Listener&, const Listener&) = default;
};
BOOST_DESCRIBE_STRUCT(Listener, (),
                      (id, account, load_balancer, target_group, number, protocol, port, attributes, created))

// What a provider offers (VpcEndpointServiceConfiguration).
struct EndpointService {
  static constexpr const char* kKind = "endpoint-service";
  std::string id;  // "vpce-svc-…"
  std::string account;
  std::vector<std::string> load_balancers;  // ARNs
  std::vector<std::string> zones;           // of the load balancers, as of the last create or modify; by name
  bool acceptance_required = true;
  std::string private_dns_name;
  std::string private_dns_state = "pendingVerification";  // pendingVerification, verified, failed
  std::string txt_name, txt_value;                        // of the record that verifies the name
  TimeMs verification_asked = 0;                          // a look-up of the record is wanted since then; 0: none is
  std::string payer_responsibility;                       // "ServiceOwner" once it was set
  bool ipv4 = true, ipv6 = false;                         // the address types of endpoints that it supports
  TimeMs created = 0;
  friend bool operator==(const EndpointService&, const EndpointService&) = default;
};
BOOST_DESCRIBE_STRUCT(EndpointService, (),
                      (id, account, load_balancers, zones, acceptance_required, private_dns_name, private_dns_state,
                       txt_name, txt_value, verification_asked, payer_responsibility, ipv4, ipv6, created))

// Who may make endpoints for a service.
struct ServicePermission {
  static constexpr const char* kKind = "endpoint-service-permission";
  std::string id;  // "vpce-svc-perm-…"
  std::string account, service;
  std::string principal;  // "*", or an ARN
  TimeMs created = 0;
  friend bool operator==(const ServicePermission&, const ServicePermission&) = default;
};
BOOST_DESCRIBE_STRUCT(ServicePermission, (), (id, account, service, principal, created))

struct ConnectionNotification {
  static constexpr const char* kKind = "connection-notification";
  std::string id;  // "vpce-nfn-…"
  std::string account;
  std::string service, endpoint;    // exactly one of them
  std::string topic;                // ARN
  std::vector<std::string> events;  // Connect, Accept, Reject, Delete
  TimeMs created = 0;
  friend bool operator==(const ConnectionNotification&, const ConnectionNotification&) = default;
};
BOOST_DESCRIBE_STRUCT(ConnectionNotification, (), (id, account, service, endpoint, topic, events, created))

// A notification that is yet to be delivered: made in the same Change as what it tells of, deleted when it arrived.
struct OutboxMessage {
  static constexpr const char* kKind = "outbox-message";
  std::string id;  // the MessageId: a UUID
  std::string account, topic;
  std::string message;  // the Message of the SNS form
  TimeMs created = 0;
  friend bool operator==(const OutboxMessage&, const OutboxMessage&) = default;
};
BOOST_DESCRIBE_STRUCT(OutboxMessage, (), (id, account, topic, message, created))

// The tags of one resource.
struct Tags {
  static constexpr const char* kKind = "tags";
  std::string id;  // of the resource
  std::string account;
  std::string resource_type;  // "vpc", "subnet", "security-group", … as DescribeTags names it
  TagMap tags;
  friend bool operator==(const Tags&, const Tags&) = default;
};
BOOST_DESCRIBE_STRUCT(Tags, (), (id, account, resource_type, tags))

// The answer that was given for a ClientToken, so that the same call gets the same answer.
struct ClientToken {
  static constexpr const char* kKind = "client-token";
  std::string id;  // ACCOUNT/ACTION/TOKEN
  std::string account;
  std::string parameters_hash;  // SHA-256, hexadecimal
  std::string answer;           // the XML inside the answer's root, without the request id
  TimeMs created = 0;
  friend bool operator==(const ClientToken&, const ClientToken&) = default;
};
BOOST_DESCRIBE_STRUCT(ClientToken, (), (id, account, parameters_hash, answer, created))

// The next free number of a kind ("vpc", "security-group", "vpc-endpoint"); numbers are never given out twice.
struct Counter {
  static constexpr const char* kKind = "counter";
  std::string id;
  uint32_t next = 1;
  friend bool operator==(const Counter&, const Counter&) = default;
};
BOOST_DESCRIBE_STRUCT(Counter, (), (id, next))

}  // namespace ginnel::model
