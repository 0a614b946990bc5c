package main

import "strings"

// writeComponentFiles writes what the components take from files rather than flags.
func writeComponentFiles(config config) error {
	values := strings.NewReplacer("{agent}", agent, "{secrets}", secrets, "{containerd}", containerd, "{pause}", pauseImage,
		"{pods}", pods, "{address}", config.nodeIP, "{node}", config.nodeName)
	for file, text := range map[string]string{
		agent + "/etc/containerd/config.toml":    containerdConfig,
		agent + "/etc/cni/net.d/10-lab.conflist": podNetwork,
		agent + "/etc/kubelet.yaml":              kubeletConfig,
		agent + "/etc/kube-proxy.yaml":           proxyConfig,
	} {
		if err := writeFile(file, values.Replace(text)); err != nil {
			return err
		}
	}
	return nil
}

// The test machines lack CAP_SYS_RESOURCE, so no score may get lower than our own.
const containerdConfig = `version = 2
root = "{agent}/containerd"
state = "/run/k3s/containerd"
[grpc]
  address = "{containerd}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "{agent}/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{agent}/etc/containerd/certs.d"
`

// Point to point rather than a bridge: what one pod sends to another by a service's address then always passes the
// node's connection tracking, also on a kernel without br_netfilter.
const podNetwork = `{
  "cniVersion": "0.3.1",
  "name": "lab",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/k3s/cni",
        "ranges": [[{ "subnet": "{pods}" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
`

// Disks of test machines are often nearly full: nothing is evicted or collected for that. No name server answers at
// clusterDNS, but without an address each pod would get a warning about it. The node's second report of its state is the
// one that says Ready, so it comes soon.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: "{secrets}/ca.crt" }
authorization: { mode: Webhook }
tlsCertFile: "{secrets}/kubelet.crt"
tlsPrivateKeyFile: "{secrets}/kubelet.key"
cgroupDriver: cgroupfs
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: ["10.43.0.10"]
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
clientConnection: { kubeconfig: "{secrets}/kube-proxy.kubeconfig" }
mode: iptables
hostnameOverride: "{node}"
bindAddress: "{address}"
clusterCIDR: "{pods}"
conntrack: { maxPerCore: 0, min: 0 }
oomScoreAdj: 0
`
