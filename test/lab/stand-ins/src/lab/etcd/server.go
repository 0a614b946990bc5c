package etcd

import (
	"fmt"
	"strings"
	"time"

	"lab/programs"
)

// Server is how one member is started. The certificate files are <path>.crt and <path>.key.
type Server struct {
	Name, Address, Data                                  string
	ServerCA, ServerCertificate, PeerCA, PeerCertificate string
	// The members that it joins, itself among them as `name=url`; empty starts a cluster.
	InitialCluster string
	// Begin a cluster of one with the data of an old one.
	ForceNewCluster bool
}

// Arguments is the command that runs it.
func (server Server) Arguments() []string {
	cluster, state := server.InitialCluster, "existing"
	if cluster == "" {
		cluster, state = fmt.Sprintf("%s=%s", server.Name, server.PeerURL()), "new"
	}
	argv := []string{programs.Kubernetes("etcd"), "--name=" + server.Name, "--data-dir=" + server.Data, "--logger=zap",
		"--listen-client-urls=https://127.0.0.1:2379,https://" + server.Address + ":2379",
		"--advertise-client-urls=https://" + server.Address + ":2379",
		"--listen-peer-urls=" + server.PeerURL(), "--initial-advertise-peer-urls=" + server.PeerURL(),
		"--listen-metrics-urls=http://127.0.0.1:2381", "--initial-cluster=" + cluster, "--initial-cluster-state=" + state,
		"--client-cert-auth", "--trusted-ca-file=" + server.ServerCA,
		"--cert-file=" + server.ServerCertificate + ".crt", "--key-file=" + server.ServerCertificate + ".key",
		"--peer-client-cert-auth", "--peer-trusted-ca-file=" + server.PeerCA,
		"--peer-cert-file=" + server.PeerCertificate + ".crt", "--peer-key-file=" + server.PeerCertificate + ".key",
		"--heartbeat-interval=250", "--election-timeout=2500", "--snapshot-count=10000"}
	if server.ForceNewCluster {
		argv = append(argv, "--force-new-cluster")
	}
	return argv
}

// PeerURL is where other members reach it.
func (server Server) PeerURL() string { return "https://" + server.Address + ":2380" }

// Join announces the member to those that are there and gives the list to start with. One that was announced before and
// never came up is taken over; one of the same address that did is in the way.
func (server Server) Join(there *Client) (string, error) {
	members, err := there.Members()
	if err != nil {
		return "", err
	}
	announced := false
	for _, member := range members {
		if member.PeerURLs[0] != server.PeerURL() {
			continue
		}
		if member.Name != "" {
			return "", fmt.Errorf("etcd cluster join failed: duplicate node name found, please use a unique name for this node")
		}
		announced = true
	}
	if !announced {
		// Only one learner at a time, and only a healthy cluster takes one.
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Millisecond) {
			err := there.AddLearner(server.PeerURL())
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				return "", err
			}
		}
		if members, err = there.Members(); err != nil {
			return "", err
		}
	}
	var cluster []string
	for _, member := range members {
		name := member.Name
		if member.PeerURLs[0] == server.PeerURL() {
			name = server.Name
		}
		if name != "" {
			cluster = append(cluster, name+"="+member.PeerURLs[0])
		}
	}
	return strings.Join(cluster, ","), nil
}

// PromoteWhenInSync gives the member its vote as soon as it knows what the others know.
func (server Server) PromoteWhenInSync(there *Client, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(250 * time.Millisecond) {
		members, err := there.Members()
		for _, member := range members {
			if member.PeerURLs[0] != server.PeerURL() || member.Name == "" {
				continue
			}
			if !member.IsLearner {
				return nil
			}
			err = there.Promote(member.ID)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("etcd: the member was not promoted in %s: %v", patience, err)
		}
	}
}

// RemovePeer takes the member with an address out, if it is one.
func RemovePeer(client *Client, address string) (bool, error) {
	members, err := client.Members()
	if err != nil {
		return false, err
	}
	for _, member := range members {
		if member.PeerURLs[0] == "https://"+address+":2380" {
			return true, client.Remove(member.ID)
		}
	}
	return false, nil
}
