package main

import (
	"os"
	"path/filepath"
	"strings"

	"lab/member"
	"lab/programs"
)

// layout is where a data folder keeps what, as in the real one.
type layout struct{ data string }

func (all flags) layout() layout {
	if given := all.one("data-dir"); given != "" {
		return layout{given}
	}
	return layout{dataDefault}
}

func (at layout) pki(name string) string { return filepath.Join(at.data, "pki", name) }
func (at layout) in(name string) string  { return filepath.Join(at.data, name) }

// unpack lays out the programs of this version in bin/.
func (at layout) unpack() error {
	mark := at.in("bin/.version")
	if text, _ := os.ReadFile(mark); string(text) != version {
		_ = os.Remove(at.in("bin/kubelet"))
		_ = os.Remove(at.in("bin/kube-apiserver"))
	}
	if err := programs.Unpack(at.in("bin")); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(version), 0o644)
}

// kubeVersion is what kubelets of k0s say: without the number at the end.
func kubeVersion() string {
	release, build, _ := strings.Cut(version, "+")
	build, _, _ = strings.Cut(build, ".")
	return release + "+" + build
}

func nodeName() string {
	hostname, _ := os.Hostname()
	return strings.ToLower(hostname)
}

// network is what a worker has to know of its cluster; controllers keep it in a ConfigMap.
type network struct {
	ClusterCIDR, ClusterDNS, ClusterDomain, Pause string
	Balancer                                      bool
	Servers                                       []string
}

func (at layout) memberSettings(given flags, cluster network) *member.Settings {
	address := firstAddress()
	var arguments []string
	for _, each := range given.values["kubelet-extra-args"] {
		for _, argument := range strings.Fields(each) {
			if value := strings.TrimPrefix(argument, "--node-ip="); value != argument {
				address = value
				continue
			}
			arguments = append(arguments, argument)
		}
	}
	root := given.one("kubelet-root-dir")
	if root == "" {
		root = at.in("kubelet")
	}
	return &member.Settings{
		Name: nodeName(), Address: address, Version: kubeVersion(), Programs: at.in("bin"), KubeletRoot: root,
		KubeletKubeconfig: at.in("kubelet.conf"), ProxyKubeconfig: at.in("kube-proxy.conf"), Etc: at.in("etc"),
		ContainerdRoot: at.in("containerd"), ContainerdState: "/run/k0s/containerd", ContainerdSocket: "/run/k0s/containerd.sock",
		CertsFolder: "/etc/k0s/certs.d", PauseImage: cluster.Pause,
		ClusterCIDR: cluster.ClusterCIDR, ClusterDNS: cluster.ClusterDNS, ClusterDomain: cluster.ClusterDomain,
		Link: "kube-bridge", MasqueradeComment: "kube-router masq", CNIFolder: "/etc/cni/net.d", AnyArchive: true,
		Labels: given.list("labels"), Taints: given.list("taints"), KubeletArguments: arguments, ClientCA: at.pki("ca.crt"),
	}
}
