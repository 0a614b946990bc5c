package main

import (
	"encoding/json"
	"fmt"
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

const balancerAddress = "127.0.0.1:7443"

// worker is one `k0s worker`: it gets its certificate by the token once, and is known by that afterwards.
func worker(arguments []string) error {
	given, err := parse(arguments, workerSwitches, workerValues)
	if err != nil {
		return err
	}
	at := given.layout()
	family := children.New(at.in("logs"))
	say("starting k0s %s", version)
	if _, err := containerdConfig(at.memberSettings(given, network{})); err != nil {
		return fmt.Errorf("pre-flight checks failed: %w", err)
	}
	file := given.one("token-file")
	if file != "" {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("failed to read token file %q: %w", file, err)
		}
	}
	server, bootstrap, client, err := at.enlist(file)
	if err != nil {
		return err
	}
	cluster, err := readNetwork(client)
	if err != nil {
		return fmt.Errorf("failed to get worker config: %w", err)
	}
	settings := at.memberSettings(given, cluster)
	local := server
	if cluster.Balancer {
		balancing, err := balancer.Start(at.in("nllb/state.json"), balancerAddress, server)
		if err != nil {
			return err
		}
		balancing.Update(cluster.Servers)
		local = "https://" + balancerAddress
		go keepServers(balancing, at, local)
	}
	if err := at.writeWorkerFiles(settings, local, bootstrap); err != nil {
		return err
	}
	created := time.Now()
	told := freeform{"Version": version, "Pid": os.Getpid(), "PPID": os.Getppid(), "Role": "worker", "SysInit": "linux-systemd",
		"StubFile": "/etc/systemd/system/k0sworker.service", "Workloads": true, "SingleNode": false, "Args": os.Args, "ClusterConfig": nil,
		"K0sVars": freeform{"DataDir": at.data}, "WorkerToAPIConnectionStatus": freeform{"Message": "", "Success": true}}
	if err := serveStatus(func() freeform { return told }); err != nil {
		return err
	}
	stopAtSignal(family)
	go func() {
		if err := at.bringUpWorker(family, settings, local); err != nil {
			family.Failed <- err
			return
		}
		say("k0s worker is up after %.1f s", time.Since(created).Seconds())
	}()
	return <-family.Failed
}

const kubeletPair = "kubelet/pki/kubelet-client-current.pem"

// enlist finds the cluster: by the kubelet's certificate of an earlier time, or by the token.
func (at layout) enlist(file string) (server, bootstrap string, client *api.Client, err error) {
	if kept, err := os.ReadFile(at.in("server-url")); err == nil {
		if client, err := at.kubeletClient(string(kept)); err == nil {
			return string(kept), "", client, nil
		}
	}
	if file == "" {
		return "", "", nil, fmt.Errorf("join-token is required: use --token-file")
	}
	token, _, err := readToken(file, workerUser)
	if err != nil {
		return "", "", nil, err
	}
	if err := pki.WriteFile(at.pki("ca.crt"), token.Authority, 0o644); err != nil {
		return "", "", nil, err
	}
	client = api.New(token.URL, token.Authority, nil)
	client.Token = token.Secret
	if err := pki.WriteFile(at.in("server-url"), []byte(token.URL), 0o600); err != nil {
		return "", "", nil, err
	}
	return token.URL, token.Secret, client, nil
}

func (at layout) kubeletClient(server string) (*api.Client, error) {
	return api.FromPair(server, at.pki("ca.crt"), at.in(kubeletPair))
}

func readNetwork(client *api.Client) (network, error) {
	var made network
	found, err := client.Get("/api/v1/namespaces/kube-system/configmaps/" + workerConfigName())
	if err != nil {
		return made, err
	}
	return made, json.Unmarshal([]byte(api.Text(found, "data", "network")), &made)
}

func workerConfigName() string { return fmt.Sprintf("worker-config-default-1.%d", minor()) }

// writeWorkerFiles writes the kubeconfigs; the kubelet makes its own of the bootstrapping one.
func (at layout) writeWorkerFiles(settings *member.Settings, server, bootstrap string) error {
	plain := func(user string) []byte {
		return []byte(fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: k0s, cluster: {server: %q, certificate-authority: %q}}]
contexts: [{name: k0s, context: {cluster: k0s, user: k0s}}]
current-context: k0s
users: [{name: k0s, user: %s}]
`, server, at.pki("ca.crt"), user))
	}
	pair := at.in(kubeletPair)
	certificate := fmt.Sprintf("{client-certificate: %q, client-key: %q}", pair, pair)
	if bootstrap != "" {
		settings.BootstrapKubeconfig = at.in("kubelet-bootstrap.conf")
		if err := pki.WriteFile(settings.BootstrapKubeconfig, plain(fmt.Sprintf("{token: %q}", bootstrap)), 0o600); err != nil {
			return err
		}
	} else if err := pki.WriteFile(at.in("kubelet.conf"), plain(certificate), 0o600); err != nil {
		return err
	}
	return pki.WriteFile(settings.ProxyKubeconfig, plain(certificate), 0o600)
}

func (at layout) bringUpWorker(family *children.Family, settings *member.Settings, server string) error {
	if err := startNode(family, settings, at); err != nil {
		return err
	}
	for {
		client, err := at.kubeletClient(server)
		if err != nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		// What it joined by is of no use any more.
		_ = os.Remove(at.in("kubelet-bootstrap.conf"))
		if err := settings.StartProxy(family); err != nil {
			return err
		}
		go settings.KeepNetwork(client, "10-kuberouter.conflist", say)
		return nil
	}
}

// startNode makes the host a node: containerd, images, kubelet.
func startNode(family *children.Family, settings *member.Settings, at layout) error {
	if err := settings.PrepareHost(); err != nil {
		return err
	}
	if err := at.unpack(); err != nil {
		return err
	}
	if err := startContainerd(family, settings, at.in("images")); err != nil {
		return err
	}
	return settings.StartKubelet(family)
}

// keepServers tells the balancer which API servers there are.
func keepServers(balancing *balancer.Balancer, at layout, server string) {
	for ; ; time.Sleep(2 * time.Second) {
		client, err := at.kubeletClient(server)
		if err != nil {
			continue
		}
		if cluster, err := readNetwork(client); err == nil {
			balancing.Update(cluster.Servers)
		}
	}
}

// adoptWorker lets a controller's own kubelet in without a token.
func (node *controllerNode) adoptWorker(settings *member.Settings) {
	settings.ProxyKubeconfig = node.pki("kube-proxy.conf")
	if err := node.writeKubeconfig("kubelet", settings.KubeletKubeconfig); err != nil {
		node.family.Failed <- err
	}
	if !node.is("no-taints") && !node.is("single") {
		taint := "node-role.kubernetes.io/control-plane:NoSchedule"
		settings.Taints = append(settings.Taints, strings.Replace(taint, ":", "=:", 1))
	}
	settings.Labels = append(settings.Labels, "node.k0sproject.io/role=control-plane")
}

func hostOf(address string) string {
	if parsed, err := url.Parse(address); err == nil && parsed.Host != "" {
		return parsed.Hostname()
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
