package main

import (
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"lab/api"
	"lab/balancer"
	"lab/children"
	"lab/member"
	"lab/pki"
)

const passwordFile = "/etc/rancher/node/password"

// nodePassword is how a node proves that it is the one that had its name before.
func nodePassword() string {
	text, err := os.ReadFile(passwordFile)
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text))
	}
	made := random(16)
	_ = os.MkdirAll("/etc/rancher/node", 0o755)
	_ = pki.WriteFile(passwordFile, []byte(made+"\n"), 0o600)
	return made
}

func agent(arguments []string) error {
	all, err := readOptions(arguments)
	if err != nil {
		return err
	}
	if all.one("token") == "" {
		return errorText("--token is required")
	}
	base := strings.TrimSuffix(all.one("server"), "/")
	if _, err := url.Parse(base); err != nil || base == "" {
		return errorText("--server is required")
	}
	if err := hasDefaultRoute(); err != nil {
		return err
	}
	started := time.Now()
	say("Starting k3s agent %s (00000000)", version)
	at := all.layout()
	family := children.New(at.agent("logs"))
	stopAtSignal(family)
	local := net.JoinHostPort("127.0.0.1", all.or("lb-server-port", "6444"))
	balancing, err := balancer.Start(at.agent("etc/k3s-agent-load-balancer.json"), local, base)
	if err != nil {
		return err
	}
	name, address := all.nodeName(), all.nodeAddress()
	identity, there := all.enlist("https://"+local, name, address)
	for file, content := range map[string][]byte{
		"client-kubelet.crt": identity.KubeletCertificate, "client-kubelet.key": identity.KubeletKey,
		"serving-kubelet.crt": identity.ServingCertificate, "serving-kubelet.key": identity.ServingKey,
		"client-kube-proxy.crt": identity.ProxyCertificate, "client-kube-proxy.key": identity.ProxyKey,
	} {
		if err := pki.WriteFile(at.agent(file), content, 0o600); err != nil {
			return err
		}
	}
	if err := writeAgentFiles(at, "https://"+local, there.authority, identity.ClientCA); err != nil {
		return err
	}
	settings := memberSettings(all, at, name, address)
	settings.ClusterCIDR, settings.ClusterDNS, settings.ClusterDomain = identity.ClusterCIDR, identity.ClusterDNS, identity.ClusterDomain
	go keepServers(balancing, there)
	go func() {
		if err := bringUpAgent(family, settings, all, at, "https://"+local); err != nil {
			family.Failed <- err
			return
		}
		say("k3s agent is up and running after %.1f s", time.Since(started).Seconds())
		children.Notify()
	}()
	return <-family.Failed
}

type errorText string

func (text errorText) Error() string { return string(text) }

// enlist asks for the node's certificates until it gets them. It never gives up, whatever the refusal, as the real one.
func (all options) enlist(base, name, address string) (identityOf, *supervisor) {
	for ; ; time.Sleep(2 * time.Second) {
		there, err := meet(base, all.one("token"), "node")
		if err != nil {
			log("error", "%v", err)
			continue
		}
		var given identityOf
		headers := map[string]string{"k3s-Node-Name": name, "k3s-Node-Password": nodePassword(), "k3s-Node-IP": address}
		if err := there.get("/v1-k3s/agent-identity", headers, &given); err != nil {
			if strings.Contains(err.Error(), "Node password rejected") {
				log("error", "%v", err)
			} else {
				say("Waiting to retrieve agent configuration; server is not ready: %v", err)
			}
			continue
		}
		return given, there
	}
}

func bringUpAgent(family *children.Family, settings member.Settings, all options, at layout, base string) error {
	if err := startNode(family, settings, all, at); err != nil {
		return err
	}
	client, err := api.FromFiles(base, at.agent("server-ca.crt"), at.agent("client-kubelet"))
	if err != nil {
		return err
	}
	if err := settings.StartProxy(family); err != nil {
		return err
	}
	go settings.KeepNetwork(client, "10-flannel.conflist", say)
	return nil
}

// keepServers tells the balancer which servers there are.
func keepServers(balancing *balancer.Balancer, there *supervisor) {
	for ; ; time.Sleep(2 * time.Second) {
		var addresses []string
		if there.get("/v1-k3s/apiservers", nil, &addresses) == nil {
			balancing.Update(addresses)
		}
	}
}

// startNode makes the host a node: mirrors, containerd, images, kubelet.
func startNode(family *children.Family, settings member.Settings, all options, at layout) error {
	if err := settings.PrepareHost(); err != nil {
		return err
	}
	if err := at.unpack(); err != nil {
		return err
	}
	if err := writeRegistries(all, settings.CertsFolder); err != nil {
		return err
	}
	if err := settings.StartContainerd(family, at.agent("etc/containerd/config.toml"), settings.ContainerdConfig()); err != nil {
		return err
	}
	settings.ImportImages(at.agent("images"), say)
	return settings.StartKubelet(family)
}

func (server *clusterServer) startNode(settings member.Settings) error {
	return startNode(server.family, settings, server.options, server.layout)
}

func (server *clusterServer) memberSettings() member.Settings {
	return memberSettings(server.options, server.layout, server.name, server.address)
}

func memberSettings(all options, at layout, name, address string) member.Settings {
	serviceCIDR := all.or("service-cidr", "10.43.0.0/16")
	return member.Settings{
		Name: name, Address: address, Version: version, Programs: at.programs(), KubeletRoot: "/var/lib/kubelet",
		Certificates: at.agent(""), KubeletKubeconfig: at.agent("kubelet.kubeconfig"), ProxyKubeconfig: at.agent("kubeproxy.kubeconfig"),
		Etc: at.agent("etc"), ContainerdRoot: at.agent("containerd"), ContainerdState: "/run/k3s/containerd",
		CertsFolder: at.agent("etc/containerd/certs.d"), PauseImage: all.or("pause-image", "docker.io/rancher/mirrored-pause:3.1"),
		ClusterCIDR: all.or("cluster-cidr", "10.42.0.0/16"), ClusterDNS: all.or("cluster-dns", tenthOf(serviceCIDR)),
		ClusterDomain: all.or("cluster-domain", "cluster.local"), Link: "flannel.1", MasqueradeComment: "flanneld masq", CNIFolder: at.agent("etc/cni/net.d"),
		Labels: all.list("node-label"), Taints: all.list("node-taint"), KubeletArguments: all.list("kubelet-arg"),
		ServingCertificate: at.agent("serving-kubelet"), ClientCA: at.agent("client-ca.crt"),
	}
}
