// Package control runs the control plane: the real API server, controller manager and scheduler.
package control

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lab/api"
	"lab/children"
	"lab/programs"
)

// Plane says where a control plane keeps what. Each certificate is <path>.crt and <path>.key.
type Plane struct {
	Name, Address, Version, Programs string
	// Where the API server listens, and what it tells others; EndpointReconciler `none` leaves that to us.
	BindAddress        string
	Port               int
	EndpointReconciler string
	ServiceCIDR        string
	ClusterCIDR        string
	ClientCA           string
	ServerCA           string
	ServingCertificate string
	KubeletClient      string
	FrontProxyCA       string
	FrontProxyClient   string
	ServiceKey         string
	EtcdServers        string
	EtcdCA             string
	EtcdClient         string
	// A CA whose key signs kubelets' requests; empty: none are signed.
	SigningCA           string
	ManagerKubeconfig   string
	SchedulerKubeconfig string
	APIServerArguments  []string
	ManagerArguments    []string
	SchedulerArguments  []string
}

// StartAPIServer runs the API server; it is ready some seconds later.
func (plane Plane) StartAPIServer(family *children.Family) error {
	program := filepath.Join(plane.Programs, "kube-apiserver")
	if err := programs.Stamp(programs.Kubernetes("kube-apiserver"), program, plane.Version); err != nil {
		return err
	}
	argv := []string{program, "--advertise-address=" + plane.Address, "--bind-address=" + plane.BindAddress,
		fmt.Sprintf("--secure-port=%d", plane.Port), "--endpoint-reconciler-type=" + plane.EndpointReconciler,
		"--service-cluster-ip-range=" + plane.ServiceCIDR, "--allow-privileged=true", "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--enable-bootstrap-token-auth", "--client-ca-file=" + plane.ClientCA,
		"--tls-cert-file=" + plane.ServingCertificate + ".crt", "--tls-private-key-file=" + plane.ServingCertificate + ".key",
		"--kubelet-client-certificate=" + plane.KubeletClient + ".crt", "--kubelet-client-key=" + plane.KubeletClient + ".key",
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + plane.FrontProxyCA, "--requestheader-allowed-names=system:auth-proxy,front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User", "--proxy-client-cert-file=" + plane.FrontProxyClient + ".crt",
		"--proxy-client-key-file=" + plane.FrontProxyClient + ".key",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + plane.ServiceKey, "--service-account-signing-key-file=" + plane.ServiceKey,
		"--etcd-servers=" + plane.EtcdServers, "--etcd-cafile=" + plane.EtcdCA, "--etcd-certfile=" + plane.EtcdClient + ".crt",
		"--etcd-keyfile=" + plane.EtcdClient + ".key"}
	return family.Keep("kube-apiserver", nil, append(argv, dashed(plane.APIServerArguments)...)...)
}

// StartControllers runs the rest. They give up when no API answers them soon or a lease is lost, and are started again.
func (plane Plane) StartControllers(family *children.Family, client *api.Client) {
	// What our own process held when it ended would have to run out first: 15 seconds without controllers.
	for _, lease := range []string{"kube-controller-manager", "kube-scheduler"} {
		path := "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/" + lease
		hostname, _ := os.Hostname()
		held, err := client.Get(path)
		if err == nil && strings.HasPrefix(api.Text(held, "spec", "holderIdentity"), hostname+"_") {
			_ = client.Delete(path)
		}
	}
	manager := []string{programs.Kubernetes("kube-controller-manager"), "--kubeconfig=" + plane.ManagerKubeconfig,
		"--leader-elect-resource-lock=leases", "--bind-address=127.0.0.1", "--port=0", "--root-ca-file=" + plane.ServerCA,
		"--node-monitor-period=1s", "--node-monitor-grace-period=20s", "--allocate-node-cidrs", "--cluster-cidr=" + plane.ClusterCIDR,
		"--service-cluster-ip-range=" + plane.ServiceCIDR, "--controllers=*,bootstrapsigner,tokencleaner",
		"--service-account-private-key-file=" + plane.ServiceKey}
	if plane.SigningCA != "" {
		manager = append(manager, "--cluster-signing-cert-file="+plane.SigningCA+".crt", "--cluster-signing-key-file="+plane.SigningCA+".key")
	}
	family.Restart("kube-controller-manager", nil, append(manager, dashed(plane.ManagerArguments)...)...)
	family.Restart("kube-scheduler", nil, append([]string{programs.Kubernetes("kube-scheduler"), "--kubeconfig=" + plane.SchedulerKubeconfig,
		"--leader-elect-resource-lock=leases", "--bind-address=127.0.0.1", "--port=0"}, dashed(plane.SchedulerArguments)...)...)
}

// UntilReady waits for the API server's own word.
func UntilReady(client *api.Client, patience time.Duration) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if client.IsReady() {
			return nil
		}
	}
	return fmt.Errorf("the API server is not ready after %s", patience)
}

func dashed(arguments []string) []string {
	var made []string
	for _, argument := range arguments {
		made = append(made, "--"+strings.TrimPrefix(argument, "--"))
	}
	return made
}
