package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"lab/api"
	"lab/etcd"
	"lab/pki"
	"lab/programs"
)

const (
	finalizer     = "wrangler.cattle.io/managed-etcd-controller"
	etcdRole      = "node-role.kubernetes.io/etcd"
	nodeName      = "etcd.k3s.cattle.io/node-name"
	nodeAddress   = "etcd.k3s.cattle.io/node-address"
	removalAsked  = "etcd.k3s.cattle.io/remove"
	removedMember = "etcd.k3s.cattle.io/removed-node-name"
)

// hasManagedEtcd: without cluster-init or a server to join, the real one keeps its data in SQLite, and nobody can join.
func (server *clusterServer) hasManagedEtcd() bool {
	return server.is("cluster-init") || server.one("server") != "" || exists(filepath.Join(server.etcd(), "managed"))
}

// keepCluster does what k3s's own controllers do, until the process ends: roles, annotations, etcd members that are to
// go, secrets of nodes that are gone, and the endpoints of the API itself.
func (server *clusterServer) keepCluster() {
	if server.hasManagedEtcd() {
		_ = pki.WriteFile(filepath.Join(server.etcd(), "managed"), nil, 0o600)
	}
	names := map[string]bool{}
	for ; ; time.Sleep(700 * time.Millisecond) {
		nodes, err := server.admin.List("/api/v1/nodes")
		if err != nil {
			continue
		}
		current := map[string]bool{}
		for _, node := range nodes {
			name := api.Text(node, "metadata", "name")
			current[name] = true
			if name == server.name {
				server.keepOwnNode(node)
			}
			if err := server.keepMember(node); err != nil {
				log("error", "error syncing '%s': handler managed-etcd-controller: %v, requeuing", name, err)
			}
		}
		for name := range names {
			if !current[name] {
				_ = server.admin.Delete("/api/v1/namespaces/kube-system/secrets/" + name + ".node-password.k3s")
			}
		}
		names = current
		server.keepEndpoints(nodes)
	}
}

func (server *clusterServer) keepOwnNode(node api.Object) {
	metadata, _ := node["metadata"].(api.Object)
	if metadata["deletionTimestamp"] != nil {
		return
	}
	labels := api.Object{"node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/master": "true"}
	annotations := api.Object{"k3s.io/hostname": server.name, "k3s.io/internal-ip": server.address, "k3s.io/node-args": nodeArguments(os.Args[1:])}
	change := api.Object{"labels": labels, "annotations": annotations}
	isMember := server.hasManagedEtcd() && api.Text(node, "metadata", "annotations", removedMember) == ""
	if server.hasManagedEtcd() {
		labels[etcdRole] = "true"
	}
	if isMember && api.Text(node, "metadata", "annotations", removalAsked) != "true" {
		annotations[nodeName], annotations[nodeAddress] = server.member().Name, server.address
		if !hasFinalizer(metadata) {
			all, _ := metadata["finalizers"].([]interface{})
			change["finalizers"] = append(all, finalizer)
		}
	}
	if covers(metadata, change) {
		return
	}
	if err := server.admin.Patch("/api/v1/nodes/"+server.name, api.Object{"metadata": change}); err != nil {
		log("error", "Unable to set control-plane role label: %v", err)
	}
}

// covers tells whether all labels and annotations are there already and no finalizer is to come.
func covers(metadata, change api.Object) bool {
	for _, kind := range []string{"labels", "annotations"} {
		wanted, _ := change[kind].(api.Object)
		for key, value := range wanted {
			if api.Text(metadata, kind, key) != value {
				return false
			}
		}
	}
	return change["finalizers"] == nil
}

func hasFinalizer(metadata api.Object) bool {
	all, _ := metadata["finalizers"].([]interface{})
	for _, each := range all {
		if each == finalizer {
			return true
		}
	}
	return false
}

// keepMember takes a node out of etcd when its annotation asks for it or it is deleted (pkg/etcd/member_controller.go).
func (server *clusterServer) keepMember(node api.Object) error {
	metadata, _ := node["metadata"].(api.Object)
	name, path := api.Text(metadata, "name"), "/api/v1/nodes/"+api.Text(metadata, "name")
	if api.Text(metadata, "labels", etcdRole) != "true" {
		return nil
	}
	isLeaving := metadata["deletionTimestamp"] != nil && hasFinalizer(metadata)
	isAsked := api.Text(metadata, "annotations", removalAsked) == "true"
	removed := api.Text(metadata, "annotations", removedMember)
	if !isLeaving && (!isAsked || removed != "") {
		return nil
	}
	if removed == "" {
		member, address := api.Text(metadata, "annotations", nodeName), api.Text(metadata, "annotations", nodeAddress)
		if member == "" || address == "" {
			return fmt.Errorf("node name annotation for node %s not found", name)
		}
		local, err := server.localEtcd()
		if err != nil {
			return err
		}
		if _, err := etcd.RemovePeer(local, address); err != nil && !strings.Contains(err.Error(), "not found") {
			return err
		}
		say("Removed node %s from etcd cluster", member)
		if !isLeaving {
			return server.admin.Patch(path, api.Object{"metadata": api.Object{"annotations": api.Object{
				removedMember: member, nodeName: nil, nodeAddress: nil}}})
		}
	}
	var left []interface{}
	all, _ := metadata["finalizers"].([]interface{})
	for _, each := range all {
		if each != finalizer {
			left = append(left, each)
		}
	}
	err := server.admin.Patch(path, api.Object{"metadata": api.Object{"finalizers": left}})
	if api.IsNotFound(err) {
		return nil
	}
	return err
}

// keepEndpoints says where the API is: the API server itself listens where nobody else gets.
func (server *clusterServer) keepEndpoints(nodes []api.Object) {
	var addresses []interface{}
	for _, node := range nodes {
		if api.Text(node, "metadata", "labels", "node-role.kubernetes.io/control-plane") == "true" && api.NodeIsReady(node) {
			addresses = append(addresses, api.Object{"ip": api.NodeAddress(node)})
		}
	}
	if len(addresses) == 0 {
		return
	}
	subsets := []interface{}{api.Object{"addresses": addresses, "ports": []interface{}{api.Object{"name": "https", "port": 6443.0, "protocol": "TCP"}}}}
	const path = "/api/v1/namespaces/default/endpoints"
	found, err := server.admin.Get(path + "/kubernetes")
	if api.IsNotFound(err) {
		_ = server.admin.Create(path, api.Object{"apiVersion": "v1", "kind": "Endpoints", "metadata": api.Object{"name": "kubernetes"}, "subsets": subsets})
		return
	}
	if err != nil || asJSON(found["subsets"]) == asJSON(subsets) {
		return
	}
	_ = server.admin.Patch(path+"/kubernetes", api.Object{"subsets": subsets})
}

// keepNodePassword remembers the password by which a node's name is known, and refuses another.
func (server *clusterServer) keepNodePassword(node, password string) error {
	const path = "/api/v1/namespaces/kube-system/secrets"
	sum := sha256.Sum256([]byte(node + password))
	hash := base64.StdEncoding.EncodeToString([]byte("$1:" + hex.EncodeToString(sum[:])))
	found, err := server.admin.Get(path + "/" + node + ".node-password.k3s")
	if api.IsNotFound(err) {
		immutable := true
		return server.admin.Create(path, api.Object{"apiVersion": "v1", "kind": "Secret", "immutable": immutable,
			"metadata": api.Object{"name": node + ".node-password.k3s"}, "data": api.Object{"hash": hash}})
	}
	if err != nil {
		return err
	}
	if api.Text(found, "data", "hash") != hash {
		return fmt.Errorf("Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag")
	}
	return nil
}

// keepManifests applies what lies in server/manifests, at first and whenever a file changes.
func (server *clusterServer) keepManifests() {
	folder := server.server("manifests")
	_ = os.MkdirAll(folder, 0o700)
	applied := map[string]time.Time{}
	for ; ; time.Sleep(2 * time.Second) {
		files, _ := filepath.Glob(filepath.Join(folder, "*"))
		for _, file := range files {
			about, err := os.Stat(file)
			extension := filepath.Ext(file)
			if err != nil || extension != ".yaml" && extension != ".yml" && extension != ".json" || exists(file+".skip") || applied[file].Equal(about.ModTime()) {
				continue
			}
			command := exec.Command(programs.Kubernetes("kubectl"), "--kubeconfig", server.server("cred/admin.kubeconfig"), "apply", "-f", file)
			if said, err := command.CombinedOutput(); err != nil {
				log("error", "Failed to process config: failed to process %s: %s", file, strings.TrimSpace(string(said)))
				continue
			}
			applied[file] = about.ModTime()
			say("Applied manifest %s", file)
		}
	}
}

// nodeArguments is the annotation's list of flags, secrets blanked.
func nodeArguments(arguments []string) string {
	shown := append([]string(nil), arguments...)
	for i, each := range shown {
		if strings.Contains(each, "token") && i+1 < len(shown) && !strings.Contains(each, "=") {
			shown[i+1] = "********"
		}
	}
	return asJSON(shown)
}

func asJSON(value interface{}) string {
	text, _ := json.Marshal(value)
	return string(text)
}
