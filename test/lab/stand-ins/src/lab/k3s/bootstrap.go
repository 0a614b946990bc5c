package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"sort"
	"strings"

	"lab/etcd"
	"lab/pki"
)

// bootstrap is what a server gives one that joins it: the authorities' files, and what all have to have in common.
type bootstrap struct {
	Files    map[string][]byte `json:"files"`
	Critical map[string]string `json:"critical"`
	// Etcd is empty where the data is not etcd's to share.
	Etcd []string `json:"etcd"`
}

// critical is the values that must be the same on all servers (k3s docs, "Critical Configuration Values").
func (all options) critical() map[string]string {
	made := map[string]string{
		"ClusterIPRange": all.or("cluster-cidr", "10.42.0.0/16"), "ServiceIPRange": all.or("service-cidr", "10.43.0.0/16"),
		"ClusterDNS": all.or("cluster-dns", tenthOf(all.or("service-cidr", "10.43.0.0/16"))), "ClusterDomain": all.or("cluster-domain", "cluster.local"),
		"FlannelBackend": all.or("flannel-backend", "vxlan"), "EgressSelectorMode": all.or("egress-selector-mode", "agent"),
		"AgentToken": all.one("agent-token"),
	}
	for _, name := range []string{"disable-cloud-controller", "disable-helm-controller", "disable-network-policy", "embedded-registry",
		"flannel-external-ip", "flannel-ipv6-masq", "secrets-encryption"} {
		made[name] = fmt.Sprint(all.is(name))
	}
	for _, component := range all.list("disable") {
		if component == "servicelb" {
			made["DisableServiceLB"] = "true"
		}
	}
	return made
}

// fetchBootstrap gets the authorities from the server that is joined, and refuses to be unlike it.
func (server *clusterServer) fetchBootstrap(token string) error {
	there, err := meet(server.one("server"), token, "server")
	if err != nil {
		return err
	}
	var given bootstrap
	if err := there.get("/v1-k3s/server-bootstrap", nil, &given); err != nil {
		return fmt.Errorf("failed to get bootstrap data: %w", err)
	}
	if differences := compare(given.Critical, server.critical()); len(differences) > 0 {
		log("error", "critical configuration mismatched: %s", strings.Join(differences, ", "))
		return fmt.Errorf("failed to validate server configuration: critical configuration value mismatch between servers")
	}
	if len(given.Etcd) == 0 {
		return fmt.Errorf("failed to validate server configuration: cannot join %s: it does not run embedded etcd (cluster-init)", server.one("server"))
	}
	for _, file := range shared {
		mode := os.FileMode(0o600)
		if strings.HasSuffix(file, ".crt") {
			mode = 0o644
		}
		if err := pki.WriteFile(server.tls(file), given.Files[file], mode); err != nil {
			return err
		}
	}
	return nil
}

func compare(theirs, ours map[string]string) []string {
	var differences []string
	for name, value := range theirs {
		if ours[name] != value {
			differences = append(differences, name)
		}
	}
	for name := range ours {
		if _, known := theirs[name]; !known {
			differences = append(differences, name)
		}
	}
	sort.Strings(differences)
	return differences
}

// joined is etcd on the server that is joined.
func (server *clusterServer) joined() (*etcd.Client, error) {
	address, err := url.Parse(server.one("server"))
	if err != nil {
		return nil, err
	}
	host := address.Hostname()
	// The server may be a balancer's or another name: any of its members will do.
	there, err := meet(server.one("server"), server.one("token"), "server")
	if err != nil {
		return nil, err
	}
	var given bootstrap
	if err := there.get("/v1-k3s/server-bootstrap", nil, &given); err != nil {
		return nil, err
	}
	if len(given.Etcd) > 0 {
		host = given.Etcd[0]
	}
	return etcd.NewClient("https://"+net.JoinHostPort(host, "2379"), server.tls("etcd/server-ca.crt"), server.tls("etcd/client"))
}

func firstOf(cidr string) string { return addressIn(cidr, 1) }
func tenthOf(cidr string) string { return addressIn(cidr, 10) }

func addressIn(cidr string, number byte) string {
	_, network, err := net.ParseCIDR(strings.Split(cidr, ",")[0])
	if err != nil || network.IP.To4() == nil {
		return ""
	}
	ip := network.IP.To4()
	ip[3] += number
	return ip.String()
}
