package main

import (
	"crypto/rand"
	"encoding/hex"
	"os"

	"lab/control"
	"lab/pki"
)

// authorities is what controllers share.
type authorities struct{ cluster, frontProxy, etcd *pki.Authority }

// shared is the files that a joining controller gets.
var shared = []string{"ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "etcd/ca.crt", "etcd/ca.key"}

func openAuthorities(at layout) (authorities, error) {
	var made authorities
	for _, each := range []struct {
		into       **pki.Authority
		file, name string
	}{{&made.cluster, "ca", "kubernetes-ca"}, {&made.frontProxy, "front-proxy-ca", "kubernetes-front-proxy-ca"}, {&made.etcd, "etcd/ca", "etcd-ca"}} {
		authority, err := pki.OpenAuthority(at.pki(each.file), each.name)
		if err != nil {
			return made, err
		}
		*each.into = authority
	}
	return made, pki.ServiceAccountKey(at.pki("sa.key"))
}

// writeCertificates issues every leaf anew, as the real one does at each start (pkg/certificate/manager.go).
func (node *controllerNode) writeCertificates() error {
	own, spec := node.api, node.config.Spec
	names := append([]string{"127.0.0.1", "::1", "localhost", nodeName(), "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster", "kubernetes.svc." + spec.Network.ClusterDomain, "kubernetes.default.svc." + spec.Network.ClusterDomain,
		addressIn(spec.Network.ServiceCIDR, 1), spec.API.Address, spec.API.ExternalAddress}, ownAddresses()...)
	names = unique(append(names, spec.API.SANs...))
	etcdNames := unique([]string{"127.0.0.1", "localhost", nodeName(), spec.Storage.Etcd.PeerAddress})
	for _, each := range []struct {
		authority *pki.Authority
		file      string
		leaf      pki.Leaf
	}{
		{own.cluster, "server", pki.Leaf{Name: "kubernetes", Hosts: names}},
		{own.cluster, "k0s-api", pki.Leaf{Name: "k0s-api", Hosts: names}},
		{own.cluster, "admin", pki.Leaf{Name: "kubernetes-admin", Groups: []string{"system:masters"}}},
		{own.cluster, "ccm", pki.Leaf{Name: "system:kube-controller-manager", Groups: []string{"system:masters"}}},
		{own.cluster, "scheduler", pki.Leaf{Name: "system:kube-scheduler"}},
		{own.cluster, "kube-proxy", pki.Leaf{Name: "system:kube-proxy"}},
		{own.cluster, "kubelet", pki.Leaf{Name: "system:node:" + nodeName(), Groups: []string{"system:nodes"}}},
		{own.cluster, "apiserver-kubelet-client", pki.Leaf{Name: "apiserver-kubelet-client", Groups: []string{"system:masters"}}},
		{own.frontProxy, "front-proxy-client", pki.Leaf{Name: "front-proxy-client"}},
		{own.etcd, "apiserver-etcd-client", pki.Leaf{Name: "apiserver-etcd-client"}},
		{own.etcd, "etcd/server", pki.Leaf{Name: "etcd-server", Hosts: etcdNames}},
		{own.etcd, "etcd/peer", pki.Leaf{Name: nodeName(), Hosts: etcdNames}},
	} {
		if err := each.authority.Write(node.pki(each.file), each.leaf); err != nil {
			return err
		}
	}
	for _, name := range []string{"admin", "ccm", "scheduler", "kube-proxy"} {
		if err := node.writeKubeconfig(name, node.pki(name+".conf")); err != nil {
			return err
		}
	}
	return nil
}

func (node *controllerNode) writeKubeconfig(name, file string) error {
	public, err := os.ReadFile(node.pki(name + ".crt"))
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(node.pki(name + ".key"))
	if err != nil {
		return err
	}
	return pki.WriteFile(file, pki.Kubeconfig("https://localhost:6443", "Default", node.api.cluster.PEM, public, secret), 0o600)
}

func (node *controllerNode) plane() control.Plane {
	spec := node.config.Spec
	var arguments []string
	for name, value := range spec.API.ExtraArgs {
		arguments = append(arguments, name+"="+value)
	}
	return control.Plane{
		Name: nodeName(), Address: spec.API.Address, Version: kubeVersion(), Programs: node.in("bin"),
		BindAddress: "0.0.0.0", Port: 6443, EndpointReconciler: "lease", ServiceCIDR: spec.Network.ServiceCIDR, ClusterCIDR: spec.Network.PodCIDR,
		ClientCA: node.pki("ca.crt"), ServerCA: node.pki("ca.crt"), ServingCertificate: node.pki("server"),
		KubeletClient: node.pki("apiserver-kubelet-client"), FrontProxyCA: node.pki("front-proxy-ca.crt"),
		FrontProxyClient: node.pki("front-proxy-client"), ServiceKey: node.pki("sa.key"), EtcdServers: "https://127.0.0.1:2379",
		EtcdCA: node.pki("etcd/ca.crt"), EtcdClient: node.pki("apiserver-etcd-client"), SigningCA: node.pki("ca"),
		ManagerKubeconfig: node.pki("ccm.conf"), SchedulerKubeconfig: node.pki("scheduler.conf"),
		APIServerArguments: append(arguments, spec.API.RawArgs...),
	}
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
