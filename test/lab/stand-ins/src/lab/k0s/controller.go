package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"lab/api"
	"lab/children"
	"lab/control"
	"lab/etcd"
)

// controllerNode is one `k0s controller`.
type controllerNode struct {
	flags
	layout
	config clusterConfig
	family *children.Family
	admin  *api.Client
	api    authorities
	// Whether etcd goes on without us: we wait to be ended then.
	hasLeft bool
}

func controller(arguments []string) error {
	given, err := parse(arguments, controllerSwitches, controllerValues)
	if err != nil {
		return err
	}
	file := given.one("config")
	if file == "" {
		file = defaultConfig
	}
	made := &controllerNode{flags: given, layout: given.layout()}
	if made.config, err = readConfig(file); err != nil {
		return fmt.Errorf("failed to load config: %w", err)
	}
	say("starting k0s %s", version)
	made.family = children.New(made.in("logs"))
	if _, err := containerdConfig(made.memberSettings(given, made.network())); err != nil && given.is("enable-worker") {
		return fmt.Errorf("pre-flight checks failed: %w", err)
	}
	created := time.Now()
	if err := serveStatus(func() freeform { return made.status(created) }); err != nil {
		return err
	}
	initialCluster, err := made.join()
	if err != nil {
		return err
	}
	if made.api, err = openAuthorities(made.layout); err != nil {
		return err
	}
	if err := made.writeCertificates(); err != nil {
		return err
	}
	stopAtSignal(made.family)
	go func() {
		if err := made.bringUp(initialCluster); err != nil {
			made.family.Failed <- err
			return
		}
		say("k0s controller is up after %.1f s", time.Since(created).Seconds())
	}()
	return <-made.family.Failed
}

func stopAtSignal(family *children.Family) {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-terminated
		say("Shutting down k0s")
		family.Stop()
		_ = os.Remove(statusSocket)
		os.Exit(0)
	}()
}

func (node *controllerNode) status(created time.Time) freeform {
	role := "controller"
	if node.is("enable-worker") || node.is("single") {
		role = "controller+worker"
	}
	name, _ := installed()
	file := "/etc/systemd/system/" + name + ".service"
	return freeform{"Version": version, "Pid": os.Getpid(), "PPID": os.Getppid(), "Role": role, "SysInit": "linux-systemd", "StubFile": file,
		"Workloads": role != "controller", "SingleNode": node.is("single"), "Args": os.Args, "DynamicConfig": node.is("enable-dynamic-config"),
		"ClusterConfig": node.config, "K0sVars": freeform{"DataDir": node.data}, "Output": "", "StartTime": created,
		"WorkerToAPIConnectionStatus": freeform{"Message": "", "Success": node.admin != nil}}
}

func (node *controllerNode) network() network {
	spec := node.config.Spec.Network
	return network{ClusterCIDR: spec.PodCIDR, ClusterDNS: addressIn(spec.ServiceCIDR, 10), ClusterDomain: spec.ClusterDomain,
		Pause: node.config.pause(), Balancer: spec.NLLB.Enabled}
}

// bringUp starts everything in the order of who needs whom.
func (node *controllerNode) bringUp(initialCluster string) error {
	errs := make(chan error, 1)
	runsPods := node.is("enable-worker") || node.is("single")
	settings := node.memberSettings(node.flags, node.network())
	if runsPods {
		node.adoptWorker(settings)
		go func() { errs <- startNode(node.family, settings, node.layout) }()
	}
	if err := node.startEtcd(initialCluster); err != nil {
		return err
	}
	if err := node.unpack(); err != nil {
		return err
	}
	plane := node.plane()
	if err := plane.StartAPIServer(node.family); err != nil {
		return err
	}
	client, err := api.FromFiles("https://127.0.0.1:6443", node.pki("ca.crt"), node.pki("admin"))
	if err != nil {
		return err
	}
	if err := control.UntilReady(client, 3*time.Minute); err != nil {
		return err
	}
	node.admin = client
	plane.StartControllers(node.family, client)
	if err := node.serveJoins(); err != nil {
		return err
	}
	go node.keepCluster()
	if !runsPods {
		return nil
	}
	if err := <-errs; err != nil {
		return err
	}
	if err := settings.StartProxy(node.family); err != nil {
		return err
	}
	go settings.KeepNetwork(client, "10-kuberouter.conflist", say)
	return nil
}

func (node *controllerNode) member() etcd.Server {
	return etcd.Server{Name: nodeName(), Address: node.config.Spec.Storage.Etcd.PeerAddress, Data: node.in("etcd"),
		ServerCA: node.pki("etcd/ca.crt"), ServerCertificate: node.pki("etcd/server"), PeerCA: node.pki("etcd/ca.crt"), PeerCertificate: node.pki("etcd/peer")}
}

func (node *controllerNode) localEtcd() (*etcd.Client, error) { return localEtcd(node.layout) }

func localEtcd(at layout) (*etcd.Client, error) {
	return etcd.NewClient("https://127.0.0.1:2379", at.pki("etcd/ca.crt"), at.pki("apiserver-etcd-client"))
}

// startEtcd runs this controller's member. One that has left the cluster leaves the process waiting for its end.
func (node *controllerNode) startEtcd(initialCluster string) error {
	member := node.member()
	member.InitialCluster = initialCluster
	_ = os.Remove(node.family.LogFile("etcd"))
	var ended func(*os.ProcessState)
	ended = func(state *os.ProcessState) {
		tail := string(node.family.Tail("etcd", 40))
		if strings.Contains(tail, "permanently removed") || strings.Contains(tail, "has been removed") || strings.Contains(tail, "removed from the cluster") {
			say("etcd has left the cluster; waiting for termination")
			node.hasLeft = true
			node.family.Release("kube-apiserver")
			return
		}
		say("etcd %s; starting it again", state)
		time.Sleep(time.Second)
		if err := node.family.Watch("etcd", member.Arguments(), ended); err != nil {
			node.family.Failed <- err
		}
	}
	if err := node.family.Watch("etcd", member.Arguments(), ended); err != nil {
		return err
	}
	local, err := node.localEtcd()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(2 * time.Minute); !local.IsHealthy(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("etcd has no majority after two minutes:\n%s", node.family.Tail("etcd", 10))
		}
	}
	return nil
}
