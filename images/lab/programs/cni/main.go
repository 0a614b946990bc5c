// A network for pods, as small as it can be: each node's agent writes the CNI configuration with the node's range of
// addresses, and routes the ranges of the other nodes to those. All nodes have to be on one network.
//
// NODE_NAME comes from the downward API.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	account = "/var/run/secrets/kubernetes.io/serviceaccount"
	config  = "/etc/cni/net.d/10-lab.conflist"
	// How long a new node waits for its routes.
	interval = time.Second
)

type nodeList struct {
	Items []struct {
		Metadata struct{ Name string }
		Spec     struct{ PodCIDR string }
		Status   struct {
			Addresses []struct{ Type, Address string }
		}
	}
}

func main() {
	client, err := apiClient()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	last := ""
	for ; ; time.Sleep(interval) {
		err := step(client, os.Getenv("NODE_NAME"))
		// Each trouble once; what is over is told too.
		if said := fmt.Sprint(err); said != last {
			fmt.Println(time.Now().Format(time.RFC3339), said)
			last = said
		}
	}
}

func apiClient() (*http.Client, error) {
	authority, err := os.ReadFile(account + "/ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
	}, nil
}

func step(client *http.Client, self string) error {
	nodes, err := listNodes(client)
	if err != nil {
		return err
	}
	wanted := map[string]string{}
	for _, node := range nodes.Items {
		if node.Spec.PodCIDR == "" {
			continue
		}
		if node.Metadata.Name == self {
			if err := writeConfig(node.Spec.PodCIDR); err != nil {
				return err
			}
			continue
		}
		for _, address := range node.Status.Addresses {
			if address.Type == "InternalIP" {
				wanted[node.Spec.PodCIDR] = address.Address
			}
		}
	}
	return route(wanted)
}

func listNodes(client *http.Client) (*nodeList, error) {
	// Read each time: it may be renewed.
	token, err := os.ReadFile(account + "/token")
	if err != nil {
		return nil, err
	}
	host := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	// From the cache of the API server: this is asked every second.
	request, err := http.NewRequest("GET", "https://"+host+"/api/v1/nodes?resourceVersion=0", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the API server answers %s", response.Status)
	}
	nodes := &nodeList{}
	return nodes, json.NewDecoder(response.Body).Decode(nodes)
}

func writeConfig(podCIDR string) error {
	content := fmt.Sprintf(`{
  "cniVersion": "0.3.1",
  "name": "lab",
  "plugins": [
    {
      "type": "ptp",
      "mtu": 1500,
      "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam-state", "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, podCIDR)
	if old, err := os.ReadFile(config); err == nil && string(old) == content {
		return nil
	}
	temporary := filepath.Join(filepath.Dir(config), ".10-lab")
	if err := os.WriteFile(temporary, []byte(content), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, config)
}

// What this process has set. A route that an earlier one left leads to a range that nobody has, or is replaced.
var routes = map[string]string{}

func route(wanted map[string]string) error {
	for subnet, gateway := range wanted {
		if routes[subnet] == gateway {
			continue
		}
		if err := ip("route", "replace", subnet, "via", gateway); err != nil {
			return err
		}
		routes[subnet] = gateway
	}
	for subnet := range routes {
		if _, keep := wanted[subnet]; !keep {
			if err := ip("route", "del", subnet); err != nil {
				return err
			}
			delete(routes, subnet)
		}
	}
	return nil
}

func ip(arguments ...string) error {
	if output, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %s", strings.Join(arguments, " "), output)
	}
	return nil
}
