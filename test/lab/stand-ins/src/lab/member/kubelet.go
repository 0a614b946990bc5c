package member

import (
	"path/filepath"
	"strings"

	"lab/children"
	"lab/pki"
	"lab/programs"
)

// Disks of test machines are often nearly full: nothing is evicted or collected for that. No name server answers at
// clusterDNS, but without an address each pod would get a warning about it. The node's second report of its state is the
// one that says Ready, so it comes soon.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: "{client-ca}" }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
failSwapOn: false
clusterDomain: "{domain}"
clusterDNS: ["{dns}"]
evictionHard: { imagefs.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%" }
imageGCHighThresholdPercent: 100
serializeImagePulls: false
nodeStatusUpdateFrequency: 1s
nodeStatusReportFrequency: 1m
maxOpenFiles: 10000
oomScoreAdj: 0
`

// With its address given it need not wait for the node to be registered. Limits of connection tracking belong to the
// machine: 0 leaves them alone.
const proxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: { kubeconfig: "{proxy}" }
mode: iptables
hostnameOverride: "{name}"
bindAddress: "{address}"
healthzBindAddress: 127.0.0.1:10256
clusterCIDR: "{pods}"
conntrack: { maxPerCore: 0, min: 0 }
oomScoreAdj: 0
`

// StartKubelet runs the real kubelet. It looks for docker for five seconds before it asks the API for anything, so it is
// started as soon as its certificates are there.
func (settings Settings) StartKubelet(family *children.Family) error {
	program := filepath.Join(settings.Programs, "kubelet")
	if err := programs.Stamp(programs.Kubernetes("kubelet"), program, settings.Version); err != nil {
		return err
	}
	config := filepath.Join(settings.Etc, "kubelet.yaml")
	if err := pki.WriteFile(config, []byte(settings.fill(kubeletConfig)), 0o600); err != nil {
		return err
	}
	argv := []string{program, "--kubeconfig=" + settings.KubeletKubeconfig, "--config=" + config,
		"--root-dir=" + settings.KubeletRoot, "--cert-dir=" + filepath.Join(settings.KubeletRoot, "pki"),
		"--hostname-override=" + settings.Name, "--node-ip=" + settings.Address, "--container-runtime=remote",
		"--container-runtime-endpoint=unix://" + settings.Socket(), "--containerd=" + settings.Socket(),
		"--pod-infra-container-image=" + settings.PauseImage}
	if settings.ServingCertificate != "" {
		argv = append(argv, "--tls-cert-file="+settings.ServingCertificate+".crt", "--tls-private-key-file="+settings.ServingCertificate+".key")
	}
	if settings.BootstrapKubeconfig != "" {
		argv = append(argv, "--bootstrap-kubeconfig="+settings.BootstrapKubeconfig)
	}
	if len(settings.Labels) > 0 {
		argv = append(argv, "--node-labels="+strings.Join(settings.Labels, ","))
	}
	if len(settings.Taints) > 0 {
		argv = append(argv, "--register-with-taints="+strings.Join(settings.Taints, ","))
	}
	for _, argument := range settings.KubeletArguments {
		argv = append(argv, "--"+strings.TrimPrefix(argument, "--"))
	}
	return family.Keep("kubelet", programs.ContainerEnvironment(settings.Programs), argv...)
}

// StartProxy runs the real kube-proxy. It gives up when no API answers it soon, so it comes late and may come again.
func (settings Settings) StartProxy(family *children.Family) error {
	config := filepath.Join(settings.Etc, "kube-proxy.yaml")
	if err := pki.WriteFile(config, []byte(settings.fill(proxyConfig)), 0o600); err != nil {
		return err
	}
	family.Restart("kube-proxy", nil, programs.Kubernetes("kube-proxy"), "--config="+config)
	return nil
}
