package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"lab/control"
	"lab/etcd"
	"lab/pki"
)

// authorities is what servers share: whoever has their keys is one.
type authorities struct {
	server, client, requestHeader, etcdServer, etcdPeer *pki.Authority
}

// shared is the files that a joining server gets.
var shared = []string{"server-ca.crt", "server-ca.key", "client-ca.crt", "client-ca.key", "request-header-ca.crt",
	"request-header-ca.key", "service.key", "etcd/server-ca.crt", "etcd/server-ca.key", "etcd/peer-ca.crt", "etcd/peer-ca.key"}

func openAuthorities(at layout) (authorities, error) {
	var made authorities
	for _, each := range []struct {
		into       **pki.Authority
		file, name string
	}{
		{&made.server, "server-ca", "k3s-server-ca"}, {&made.client, "client-ca", "k3s-client-ca"},
		{&made.requestHeader, "request-header-ca", "k3s-request-header-ca"},
		{&made.etcdServer, "etcd/server-ca", "etcd-server-ca"}, {&made.etcdPeer, "etcd/peer-ca", "etcd-peer-ca"},
	} {
		authority, err := pki.OpenAuthority(at.tls(each.file), each.name)
		if err != nil {
			return made, err
		}
		*each.into = authority
	}
	return made, pki.ServiceAccountKey(at.tls("service.key"))
}

// writeCertificates issues what is missing, expires, or is not for an address that it should be for.
func (server *clusterServer) writeCertificates() error {
	own := server.authorities
	serviceIP := firstOf(server.or("service-cidr", "10.43.0.0/16"))
	names := append([]string{"127.0.0.1", "::1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc." + server.or("cluster-domain", "cluster.local"), serviceIP, server.address, server.name},
		server.list("tls-san")...)
	if err := server.openServing(names); err != nil {
		return err
	}
	etcdNames := []string{"127.0.0.1", "localhost", server.address, server.name}
	for _, each := range []struct {
		authority *pki.Authority
		file      string
		leaf      pki.Leaf
	}{
		{own.server, server.tls("serving-kube-apiserver"), pki.Leaf{Name: "kube-apiserver", Hosts: []string{"127.0.0.1", "localhost", serviceIP, server.address}}},
		{own.client, server.tls("client-admin"), pki.Leaf{Name: "system:admin", Groups: []string{"system:masters"}}},
		{own.client, server.tls("client-kube-apiserver"), pki.Leaf{Name: "kube-apiserver", Groups: []string{"system:masters"}}},
		// As an administrator it needs no service account for each controller, which would take it ten seconds more.
		{own.client, server.tls("client-controller"), pki.Leaf{Name: "system:kube-controller-manager", Groups: []string{"system:masters"}}},
		{own.client, server.tls("client-scheduler"), pki.Leaf{Name: "system:kube-scheduler"}},
		{own.client, server.tls("client-kube-proxy"), pki.Leaf{Name: "system:kube-proxy"}},
		{own.requestHeader, server.tls("client-auth-proxy"), pki.Leaf{Name: "system:auth-proxy"}},
		{own.etcdServer, server.tls("etcd/server-client"), pki.Leaf{Name: "etcd-server", Hosts: etcdNames}},
		{own.etcdServer, server.tls("etcd/client"), pki.Leaf{Name: "etcd-client"}},
		{own.etcdPeer, server.tls("etcd/peer-server-client"), pki.Leaf{Name: "etcd-peer", Hosts: etcdNames}},
		{own.client, server.agent("client-kubelet"), kubeletClient(server.name)},
		{own.client, server.agent("client-kube-proxy"), pki.Leaf{Name: "system:kube-proxy"}},
		{own.server, server.agent("serving-kubelet"), kubeletServer(server.name, server.address)},
	} {
		if err := each.authority.Renew(each.file, each.leaf); err != nil {
			return err
		}
	}
	for file, kubeconfig := range map[string]string{"client-controller": "controller.kubeconfig", "client-scheduler": "scheduler.kubeconfig"} {
		if err := writeKubeconfig(server.server("cred/"+kubeconfig), "https://127.0.0.1:6444", server.authorities.server.PEM, server.tls(file), 0o600); err != nil {
			return err
		}
	}
	return writeAgentFiles(server.layout, "https://127.0.0.1:6443", own.server.PEM, own.client.PEM)
}

func kubeletClient(node string) pki.Leaf {
	return pki.Leaf{Name: "system:node:" + node, Groups: []string{"system:nodes"}}
}

func kubeletServer(node, address string) pki.Leaf {
	return pki.Leaf{Name: node, Hosts: []string{node, "127.0.0.1", "localhost", address}}
}

// writeAgentFiles writes what kubelet and kube-proxy read beside their certificates.
func writeAgentFiles(at layout, base string, serverCA, clientCA []byte) error {
	for file, content := range map[string][]byte{"server-ca.crt": serverCA, "client-ca.crt": clientCA} {
		if err := pki.WriteFile(at.agent(file), content, 0o644); err != nil {
			return err
		}
	}
	if err := writeKubeconfig(at.agent("kubelet.kubeconfig"), base, serverCA, at.agent("client-kubelet"), 0o600); err != nil {
		return err
	}
	return writeKubeconfig(at.agent("kubeproxy.kubeconfig"), base, serverCA, at.agent("client-kube-proxy"), 0o600)
}

func writeKubeconfig(file, base string, authority []byte, certificate string, mode os.FileMode) error {
	public, err := os.ReadFile(certificate + ".crt")
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(certificate + ".key")
	if err != nil {
		return err
	}
	return pki.WriteFile(file, pki.Kubeconfig(base, "default", authority, public, secret), mode)
}

func (server *clusterServer) writeKubeconfig() error {
	mode := os.FileMode(0o600)
	if given, err := strconv.ParseUint(server.one("write-kubeconfig-mode"), 8, 32); err == nil {
		mode = os.FileMode(given)
	}
	file := server.or("write-kubeconfig", "/etc/rancher/k3s/k3s.yaml")
	if err := writeKubeconfig(file, "https://127.0.0.1:6443", server.authorities.server.PEM, server.tls("client-admin"), mode); err != nil {
		return err
	}
	return writeKubeconfig(server.server("cred/admin.kubeconfig"), "https://127.0.0.1:6443", server.authorities.server.PEM, server.tls("client-admin"), 0o600)
}

func (server *clusterServer) plane() control.Plane {
	return control.Plane{
		Name: server.name, Address: server.address, Version: version, Programs: server.programs(),
		BindAddress: "127.0.0.1", Port: 6444, EndpointReconciler: "none",
		ServiceCIDR: server.or("service-cidr", "10.43.0.0/16"), ClusterCIDR: server.or("cluster-cidr", "10.42.0.0/16"),
		ClientCA: server.tls("client-ca.crt"), ServerCA: server.tls("server-ca.crt"),
		ServingCertificate: server.tls("serving-kube-apiserver"), KubeletClient: server.tls("client-kube-apiserver"),
		FrontProxyCA: server.tls("request-header-ca.crt"), FrontProxyClient: server.tls("client-auth-proxy"),
		ServiceKey: server.tls("service.key"), EtcdServers: "https://127.0.0.1:2379", EtcdCA: server.tls("etcd/server-ca.crt"),
		EtcdClient: server.tls("etcd/client"), SigningCA: server.tls("client-ca"),
		ManagerKubeconfig: server.server("cred/controller.kubeconfig"), SchedulerKubeconfig: server.server("cred/scheduler.kubeconfig"),
		APIServerArguments: server.list("kube-apiserver-arg"), ManagerArguments: server.list("kube-controller-manager-arg"),
		SchedulerArguments: server.list("kube-scheduler-arg"),
	}
}

// member is this server's etcd; its name is made once: `<node>-<8 hex>`.
func (server *clusterServer) member() etcd.Server {
	file := filepath.Join(server.etcd(), "name")
	name, err := os.ReadFile(file)
	if err != nil {
		name = []byte(fmt.Sprintf("%s-%s", server.name, random(4)))
		_ = pki.WriteFile(file, name, 0o600)
	}
	return etcd.Server{Name: string(name), Address: server.address, Data: server.etcd(),
		ServerCA: server.tls("etcd/server-ca.crt"), ServerCertificate: server.tls("etcd/server-client"),
		PeerCA: server.tls("etcd/peer-ca.crt"), PeerCertificate: server.tls("etcd/peer-server-client")}
}

func (server *clusterServer) localEtcd() (*etcd.Client, error) {
	return etcd.NewClient("https://127.0.0.1:2379", server.tls("etcd/server-ca.crt"), server.tls("etcd/client"))
}

func random(bytes int) string {
	made := make([]byte, bytes)
	if _, err := rand.Read(made); err != nil {
		panic(err)
	}
	return hex.EncodeToString(made)
}

func unique(all []string) []string {
	seen := map[string]bool{}
	var made []string
	for _, each := range all {
		if each != "" && !seen[each] {
			seen[each] = true
			made = append(made, each)
		}
	}
	return made
}
