// Package balancer is a node's own way to the servers: connections to a local port lead to one that answers.
package balancer

import (
	"encoding/json"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"lab/pki"
)

// Balancer outlives its process in a file; the server that it was first given is asked when all others are gone.
type Balancer struct {
	file  string
	mutex sync.Mutex
	known struct {
		ServerURL       string
		ServerAddresses []string
	}
	open map[net.Conn]string
}

// Start listens at an address of this host. server is the first one's URL.
func Start(file, listen, server string) (*Balancer, error) {
	made := &Balancer{file: file, open: map[net.Conn]string{}}
	if text, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(text, &made.known)
	}
	if made.known.ServerURL != server {
		made.known.ServerURL, made.known.ServerAddresses = server, nil
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go made.serve(connection)
		}
	}()
	return made, nil
}

// Update replaces the servers' addresses (10.0.0.2:6443). Connections to one that is gone end.
func (all *Balancer) Update(addresses []string) {
	if len(addresses) == 0 {
		return
	}
	all.mutex.Lock()
	defer all.mutex.Unlock()
	current := map[string]bool{}
	for _, address := range addresses {
		current[address] = true
	}
	for connection, address := range all.open {
		if !current[address] && address != all.first() {
			connection.Close()
		}
	}
	all.known.ServerAddresses = addresses
	if text, err := json.Marshal(all.known); err == nil {
		_ = pki.WriteFile(all.file, text, 0o600)
	}
}

func (all *Balancer) first() string {
	address, err := url.Parse(all.known.ServerURL)
	if err != nil {
		return ""
	}
	if address.Port() == "" {
		return net.JoinHostPort(address.Hostname(), "443")
	}
	return address.Host
}

func (all *Balancer) serve(client net.Conn) {
	defer client.Close()
	all.mutex.Lock()
	targets := append(append([]string(nil), all.known.ServerAddresses...), all.first())
	all.mutex.Unlock()
	for _, address := range targets {
		server, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err != nil {
			continue
		}
		all.mutex.Lock()
		all.open[client] = address
		all.mutex.Unlock()
		go func() {
			_, _ = io.Copy(server, client)
			server.Close()
		}()
		_, _ = io.Copy(client, server)
		server.Close()
		all.mutex.Lock()
		delete(all.open, client)
		all.mutex.Unlock()
		return
	}
}
