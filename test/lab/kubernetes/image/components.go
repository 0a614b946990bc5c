package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	services       = "10.43.0.0/16" // k3s's ranges
	serviceAddress = "10.43.0.1"
	pods           = "10.42.0.0/24"
	pauseImage     = "lab.invalid/pause:1"
	containerd     = "/run/k3s/containerd/containerd.sock"
	agent          = data + "/agent"
)

// bringUp starts everything in the order of who needs whom, and comes back when the API answers.
func bringUp(config config, credentials credentials, children *supervisor) error {
	if err := children.keep("etcd", programs+"/etcd", "--data-dir", data+"/server/db", "--logger=zap",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380"); err != nil {
		return err
	}
	if err := children.keep("kube-apiserver", apiServer(config)...); err != nil {
		return err
	}
	if err := children.keep("containerd", "/usr/bin/containerd", "--config", agent+"/etc/containerd/config.toml"); err != nil {
		return err
	}
	if err := importPause(children); err != nil {
		return err
	}
	// It looks for docker for five seconds before it needs the API.
	if err := children.keep("kubelet", kubelet(config)...); err != nil {
		return err
	}
	if err := untilReady(credentials); err != nil {
		return err
	}
	// These give up when no API answers them soon, so they come last.
	for name, flags := range map[string][]string{
		"kube-controller-manager": {"--kubeconfig=" + secrets + "/kube-controller-manager.kubeconfig", "--leader-elect=false",
			"--bind-address=127.0.0.1", "--root-ca-file=" + secrets + "/ca.crt", "--node-monitor-period=1s",
			"--service-account-private-key-file=" + secrets + "/service-accounts.key",
			"--cluster-signing-cert-file=" + secrets + "/ca.crt", "--cluster-signing-key-file=" + secrets + "/ca.key"},
		"kube-scheduler": {"--kubeconfig=" + secrets + "/kube-scheduler.kubeconfig", "--leader-elect=false", "--bind-address=127.0.0.1"},
		"kube-proxy":     {"--config=" + agent + "/etc/kube-proxy.yaml"},
	} {
		if err := children.keep(name, append([]string{programs + "/" + name}, flags...)...); err != nil {
			return err
		}
	}
	return writeFile(kubeconfig, string(credentials.kubeconfig(credentials.admin)))
}

func apiServer(config config) []string {
	return []string{programs + "/kube-apiserver", "--advertise-address=" + config.nodeIP, "--secure-port=6443",
		"--etcd-servers=http://127.0.0.1:2379", "--service-cluster-ip-range=" + services, "--allow-privileged=true",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--client-ca-file=" + secrets + "/ca.crt",
		"--tls-cert-file=" + secrets + "/apiserver.crt", "--tls-private-key-file=" + secrets + "/apiserver.key",
		"--kubelet-client-certificate=" + secrets + "/apiserver-to-kubelet.crt",
		"--kubelet-client-key=" + secrets + "/apiserver-to-kubelet.key",
		"--kubelet-certificate-authority=" + secrets + "/ca.crt", "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + secrets + "/service-accounts.key",
		"--service-account-signing-key-file=" + secrets + "/service-accounts.key"}
}

func kubelet(config config) []string {
	return []string{programs + "/kubelet", "--kubeconfig=" + secrets + "/kubelet.kubeconfig", "--config=" + agent + "/etc/kubelet.yaml",
		"--root-dir=" + agent + "/kubelet", "--cert-dir=" + agent + "/pki", "--hostname-override=" + config.nodeName,
		"--node-ip=" + config.nodeIP, "--container-runtime=remote", "--container-runtime-endpoint=unix://" + containerd,
		"--containerd=" + containerd, "--pod-infra-container-image=" + pauseImage}
}

// importPause loads the one image that every pod needs and no registry has to be asked for.
func importPause(children *supervisor) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := children.run("ctr", "/usr/bin/ctr", "--address", containerd, "--namespace", "k8s.io", "images", "import", "/usr/share/k3s/pause.tar")
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// untilReady waits until the API server says that it is ready.
func untilReady(credentials credentials) error {
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(credentials.authority)
	pair, err := tls.X509KeyPair(credentials.admin.certificate, credentials.admin.key)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority, Certificates: []tls.Certificate{pair}}}}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		response, err := client.Get("https://127.0.0.1:6443/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("the API server is not ready after two minutes")
}

// writeFile writes a file that its reader never sees half.
func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
