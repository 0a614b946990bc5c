package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lab/api"
	"lab/children"
	"lab/control"
	"lab/etcd"
	"lab/pki"
)

// clusterServer is one `k3s server`.
type clusterServer struct {
	options
	layout
	name, address string
	password      string
	family        *children.Family
	admin         *api.Client
	authorities   authorities
	serving       *serving
	isReady       bool
}

func server(arguments []string) error {
	all, err := readOptions(arguments)
	if err != nil {
		return err
	}
	started := time.Now()
	say("Starting k3s %s (00000000)", version)
	if err := hasDefaultRoute(); err != nil {
		return err
	}
	made := &clusterServer{options: all, layout: all.layout(), name: all.nodeName(), address: all.nodeAddress()}
	made.family = children.New(made.agent("logs"))
	if all.is("cluster-reset") {
		return made.clusterReset()
	}
	if err := made.identify(); err != nil {
		return fmt.Errorf("starting kubernetes: preparing server: %w", err)
	}
	stopAtSignal(made.family)
	if err := made.serveSupervisor(); err != nil {
		return err
	}
	go func() {
		if err := made.bringUp(); err != nil {
			made.family.Failed <- err
			return
		}
		say("k3s is up and running after %.1f s", time.Since(started).Seconds())
		made.isReady = true
		children.Notify()
	}()
	return <-made.family.Failed
}

// stopAtSignal ends our programs in order; containers stay, as their shims are systemd's to keep (KillMode=process).
func stopAtSignal(family *children.Family) {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-terminated
		say("Shutdown request received")
		family.Stop()
		os.Exit(0)
	}()
}

// identify finds the authorities: from a time before, from the server that is joined, or new ones.
func (server *clusterServer) identify() error {
	if err := server.leaveTombstone(); err != nil {
		return err
	}
	hasData := exists(filepath.Join(server.etcd(), "member"))
	token := server.one("token")
	if !hasData && server.one("server") != "" {
		if err := server.fetchBootstrap(token); err != nil {
			return err
		}
	}
	var err error
	if server.authorities, err = openAuthorities(server.layout); err != nil {
		return err
	}
	if err := server.settleToken(token, hasData); err != nil {
		return err
	}
	return server.writeCertificates()
}

// leaveTombstone moves the data of a member that was removed aside: it joins anew.
func (server *clusterServer) leaveTombstone() error {
	if !exists(filepath.Join(server.etcd(), "tombstone")) {
		return nil
	}
	aside := fmt.Sprintf("%s-old-%d", server.etcd(), time.Now().Unix())
	say("Cluster member was removed; moving %s to %s", server.etcd(), aside)
	return os.Rename(server.etcd(), aside)
}

// settleToken keeps the password, and refuses another one than the data was made with.
func (server *clusterServer) settleToken(token string, hasData bool) error {
	kept, _ := os.ReadFile(server.server("token"))
	_, _, old, _ := secretOf(string(kept))
	if token == "" {
		token = string(kept)
	}
	if token == "" {
		token = random(16)
	}
	hash, _, password, err := secretOf(token)
	if err != nil {
		return err
	}
	if own := hashOf(server.authorities.server.PEM); hash != "" && hash != own {
		return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s", hash, own)
	}
	if hasData && old != "" && old != password {
		return fmt.Errorf("bootstrap data already found and encrypted with different token")
	}
	server.password = password
	full := fullToken(server.authorities.server.PEM, "server", password)
	if err := pki.WriteFile(server.server("token"), []byte(full), 0o600); err != nil {
		return err
	}
	agentToken := server.server("agent-token")
	_ = os.Remove(agentToken)
	_ = os.Remove(server.server("node-token"))
	if err := os.Symlink(server.server("token"), server.server("node-token")); err != nil {
		return err
	}
	if own := server.one("agent-token"); own != "" {
		return pki.WriteFile(agentToken, []byte(fullToken(server.authorities.server.PEM, "node", own)), 0o600)
	}
	return os.Symlink(server.server("token"), agentToken)
}

// bringUp starts everything in the order of who needs whom and comes back when the API answers and the node is known.
func (server *clusterServer) bringUp() error {
	settings := server.memberSettings()
	errs := make(chan error, 1)
	go func() { errs <- server.startNode(settings) }()
	if err := server.startEtcd(); err != nil {
		return err
	}
	plane := server.plane()
	if err := plane.StartAPIServer(server.family); err != nil {
		return err
	}
	client, err := api.FromFiles("https://127.0.0.1:6444", server.tls("server-ca.crt"), server.tls("client-admin"))
	if err != nil {
		return err
	}
	if err := control.UntilReady(client, 3*time.Minute); err != nil {
		return err
	}
	server.admin = client
	plane.StartControllers(server.family, client)
	if err := server.writeKubeconfig(); err != nil {
		return err
	}
	if err := <-errs; err != nil {
		return err
	}
	if err := settings.StartProxy(server.family); err != nil {
		return err
	}
	if err := server.keepNodePassword(server.name, nodePassword()); err != nil {
		return err
	}
	go server.keepCluster()
	go server.keepServing()
	go server.keepManifests()
	node, err := api.FromFiles("https://127.0.0.1:6444", server.tls("server-ca.crt"), server.agent("client-kubelet"))
	if err != nil {
		return err
	}
	go settings.KeepNetwork(node, "10-flannel.conflist", say)
	return nil
}

// startEtcd runs this server's member: the one it was, one that joins, or the first.
func (server *clusterServer) startEtcd() error {
	member := server.member()
	hasData := exists(filepath.Join(server.etcd(), "member"))
	var there *etcd.Client
	if base := server.one("server"); !hasData && base != "" {
		var err error
		if there, err = server.joined(); err != nil {
			return err
		}
		if member.InitialCluster, err = member.Join(there); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(server.etcd(), 0o700); err != nil {
		return err
	}
	ended := func(state *os.ProcessState) {
		tail := string(server.family.Tail("etcd", 40))
		if strings.Contains(tail, "permanently removed") || strings.Contains(tail, "has been removed") || strings.Contains(tail, "removed from the cluster") {
			_ = os.WriteFile(filepath.Join(server.etcd(), "tombstone"), []byte{}, 0o600)
			server.family.Failed <- fmt.Errorf("this node has been removed from the cluster please restart k3s to rejoin the cluster")
			return
		}
		server.family.Failed <- fmt.Errorf("etcd %s; its last lines:\n%s", state, tail)
	}
	// What it says belongs to this start alone.
	_ = os.Remove(server.family.LogFile("etcd"))
	if err := server.family.Watch("etcd", member.Arguments(), ended); err != nil {
		return err
	}
	if there != nil {
		if err := member.PromoteWhenInSync(there, time.Minute); err != nil {
			return err
		}
	}
	local, err := server.localEtcd()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(2 * time.Minute); !local.IsHealthy(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("etcd has no majority after two minutes:\n%s", server.family.Tail("etcd", 10))
		}
	}
	return server.serveEtcdGateway()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
