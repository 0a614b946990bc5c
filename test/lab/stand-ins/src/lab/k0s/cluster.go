package main

import (
	"encoding/json"
	"net"
	"sort"
	"time"

	"lab/api"
	"lab/etcd"
)

const (
	etcdMembers  = "/apis/etcd.k0sproject.io/v1beta1/etcdmembers"
	controlNodes = "/apis/autopilot.k0sproject.io/v1beta2/controlnodes"
	rbac         = "/apis/rbac.authorization.k8s.io/v1/"
)

// keepCluster does what k0s's own controllers do, until the process ends: rights of nodes that join, what workers have to
// know, the node's role, objects of etcd's members and of controllers.
func (node *controllerNode) keepCluster() {
	isPrepared := false
	leavingSince := map[string]time.Time{}
	for ; !node.hasLeft; time.Sleep(time.Second) {
		if !isPrepared {
			if err := node.prepareCluster(); err != nil {
				say("Preparing the cluster: %v", err)
				continue
			}
			isPrepared = true
		}
		members, err := node.members()
		if err != nil {
			continue
		}
		node.keepWorkerConfig(members)
		node.keepRole()
		if minor() >= 23 {
			node.keepControlNode()
		}
		if minor() >= 30 {
			node.keepMembers(members, leavingSince)
		}
	}
}

func (node *controllerNode) members() ([]etcd.Member, error) {
	local, err := node.localEtcd()
	if err != nil {
		return nil, err
	}
	return local.Members()
}

func (node *controllerNode) prepareCluster() error {
	binding := func(name, role string, groups ...string) api.Object {
		var subjects []interface{}
		for _, group := range groups {
			subjects = append(subjects, api.Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group})
		}
		return api.Object{"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": api.Object{"name": name}, "kind": "ClusterRoleBinding",
			"roleRef": api.Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}, "subjects": subjects}
	}
	// Kubelets ask for certificates by their tokens, kube-proxies go by the kubelets'.
	for _, each := range []api.Object{
		binding("kubelet-bootstrap", "system:node-bootstrapper", "system:bootstrappers"),
		binding("node-autoapprove-bootstrap", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", "system:bootstrappers"),
		binding("node-autoapprove-certificate-rotation", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", "system:nodes"),
		binding("k0s:node-proxier", "system:node-proxier", "system:nodes"),
	} {
		if err := node.admin.Create(rbac+"clusterrolebindings", each); err != nil {
			return err
		}
	}
	role := api.Object{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": api.Object{"name": "system:bootstrappers:worker-config"},
		"rules": []interface{}{api.Object{"apiGroups": []string{""}, "resources": []string{"configmaps"}, "verbs": []string{"get"},
			"resourceNames": []string{workerConfigName()}}}}
	if err := node.admin.Create(rbac+"namespaces/kube-system/roles", role); err != nil {
		return err
	}
	// Of an older version's name.
	if err := node.admin.Patch(rbac+"namespaces/kube-system/roles/system:bootstrappers:worker-config", api.Object{"rules": role["rules"]}); err != nil {
		return err
	}
	bound := binding("system:bootstrappers:worker-config", "", "system:bootstrappers", "system:nodes")
	bound["kind"] = "RoleBinding"
	bound["roleRef"] = api.Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "system:bootstrappers:worker-config"}
	if err := node.admin.Create(rbac+"namespaces/kube-system/rolebindings", bound); err != nil {
		return err
	}
	if minor() >= 23 {
		if err := node.defineKind("controlnodes", "ControlNode", "controlnode", "autopilot.k0sproject.io", "v1beta2"); err != nil {
			return err
		}
	}
	if minor() >= 30 {
		return node.defineKind("etcdmembers", "EtcdMember", "etcdmember", "etcd.k0sproject.io", "v1beta1")
	}
	return nil
}

func (node *controllerNode) defineKind(plural, kind, singular, group, kindVersion string) error {
	return node.admin.Create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", api.Object{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": api.Object{"name": plural + "." + group},
		"spec": api.Object{"group": group, "scope": "Cluster", "names": api.Object{"plural": plural, "singular": singular, "kind": kind},
			"versions": []interface{}{api.Object{"name": kindVersion, "served": true, "storage": true, "schema": api.Object{
				"openAPIV3Schema": api.Object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}})
}

// keepWorkerConfig tells workers about their cluster, and which API servers there are.
func (node *controllerNode) keepWorkerConfig(members []etcd.Member) {
	cluster := node.network()
	for _, member := range members {
		if member.Name != "" && !member.IsLearner {
			cluster.Servers = append(cluster.Servers, net.JoinHostPort(hostOf(member.PeerURLs[0]), "6443"))
		}
	}
	// Each controller lists members in an order of its own.
	sort.Strings(cluster.Servers)
	text, _ := json.Marshal(cluster)
	const path = "/api/v1/namespaces/kube-system/configmaps"
	found, err := node.admin.Get(path + "/" + workerConfigName())
	switch {
	case api.IsNotFound(err):
		_ = node.admin.Create(path, api.Object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": api.Object{"name": workerConfigName()},
			"data": api.Object{"network": string(text)}})
	case err == nil && api.Text(found, "data", "network") != string(text):
		_ = node.admin.Patch(path+"/"+workerConfigName(), api.Object{"data": api.Object{"network": string(text)}})
	}
}

func (node *controllerNode) keepRole() {
	const label = "node-role.kubernetes.io/control-plane"
	path := "/api/v1/nodes/" + nodeName()
	found, err := node.admin.Get(path)
	if err == nil && node.is("enable-worker") && api.Text(found, "metadata", "labels", label) != "true" {
		_ = node.admin.Patch(path, api.Object{"metadata": api.Object{"labels": api.Object{label: "true"}}})
	}
}

func (node *controllerNode) keepControlNode() {
	if _, err := node.admin.Get(controlNodes + "/" + nodeName()); !api.IsNotFound(err) {
		return
	}
	_ = node.admin.Create(controlNodes, api.Object{"apiVersion": "autopilot.k0sproject.io/v1beta2", "kind": "ControlNode",
		"metadata": api.Object{"name": nodeName(), "labels": api.Object{"kubernetes.io/hostname": nodeName()}},
		"status":   api.Object{"addresses": []interface{}{api.Object{"type": "InternalIP", "address": node.config.Spec.API.Address}}}})
}

// keepMembers writes this member's object, and takes those out that are to leave, unless they are us: somebody else does
// that (pkg/component/controller/etcd_member_reconciler.go).
func (node *controllerNode) keepMembers(members []etcd.Member, leavingSince map[string]time.Time) {
	objects, err := node.admin.List(etcdMembers)
	if err != nil {
		return
	}
	known := map[string]api.Object{}
	for _, object := range objects {
		known[api.Text(object, "metadata", "name")] = object
	}
	own := node.config.Spec.Storage.Etcd.PeerAddress
	for _, member := range members {
		if member.Name != nodeName() || hostOf(member.PeerURLs[0]) != own {
			continue
		}
		object, exists := known[nodeName()]
		isJoined := exists && joined(object) == "True" && api.Text(object, "status", "memberID") == member.ID
		if !exists {
			_ = node.admin.Create(etcdMembers, api.Object{"apiVersion": "etcd.k0sproject.io/v1beta1", "kind": "EtcdMember",
				"metadata": api.Object{"name": nodeName()}, "spec": api.Object{"leave": false}, "status": memberStatus(own, member.ID, "True", "")})
		} else if !isJoined && !(joined(object) == "True" && api.At(object, "spec", "leave") == true) {
			_ = node.admin.Patch(etcdMembers+"/"+nodeName(), api.Object{"spec": api.Object{"leave": false}, "status": memberStatus(own, member.ID, "True", "")})
		}
	}
	for name, object := range known {
		address := api.Text(object, "status", "peerAddress")
		if api.At(object, "spec", "leave") != true || joined(object) == "False" || address == "" {
			delete(leavingSince, name)
			continue
		}
		if address == own {
			if len(members) == 1 {
				_ = node.admin.Patch(etcdMembers+"/"+name, api.Object{"status": api.Object{"reconcileStatus": "Failed",
					"message": "The only active controller cannot leave the etcd cluster"}})
			}
			continue
		}
		if _, known := leavingSince[name]; !known {
			leavingSince[name] = time.Now()
		}
		// One that does not answer may only be restarting: its lease is waited for.
		if !answers(address) && time.Since(leavingSince[name]) < 5*time.Minute {
			continue
		}
		local, err := node.localEtcd()
		if err != nil {
			continue
		}
		if _, err := etcd.RemovePeer(local, address); err == nil {
			_ = node.admin.Patch(etcdMembers+"/"+name, api.Object{"status": memberStatus(address, api.Text(object, "status", "memberID"), "False", "Success")})
		}
	}
}

func memberStatus(address, id, isJoined, reconciled string) api.Object {
	return api.Object{"peerAddress": address, "memberID": id, "reconcileStatus": reconciled, "conditions": []interface{}{api.Object{
		"type": "Joined", "status": isJoined, "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)}}}
}

func joined(object api.Object) string {
	conditions, _ := api.At(object, "status", "conditions").([]interface{})
	for _, each := range conditions {
		if condition, is := each.(api.Object); is && condition["type"] == "Joined" {
			return api.Text(condition, "status")
		}
	}
	return ""
}

func answers(address string) bool {
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(address, "2380"), 2*time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}
