package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"

	"lab/api"
)

// serveSupervisor listens at 6443: our own endpoints, and everything else is the API server's. That one hears who a
// client's certificate names by the headers of an authenticating proxy, or gets the bearer token as it is.
func (server *clusterServer) serveSupervisor() error {
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(server.authorities.client.PEM)
	forward, err := server.toAPIServer()
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/ping", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, "pong") })
	routes.HandleFunc("/cacerts", func(answer http.ResponseWriter, _ *http.Request) { answer.Write(server.authorities.server.PEM) })
	routes.HandleFunc("/v1-k3s/", server.serveMembers)
	routes.HandleFunc("/db/info", server.serveMembers)
	routes.Handle("/", forward)
	port := server.or("https-listen-port", "6443")
	listener, err := net.Listen("tcp", net.JoinHostPort(server.or("bind-address", "0.0.0.0"), port))
	if err != nil {
		return err
	}
	listening := &http.Server{Handler: routes, ErrorLog: stdlog.New(io.Discard, "", 0), TLSConfig: &tls.Config{
		GetCertificate: server.serving.get, ClientCAs: clients, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}}
	go func() { server.family.Failed <- listening.ServeTLS(listener, "", "") }()
	return nil
}

func (server *clusterServer) toAPIServer() (http.Handler, error) {
	pair, err := tls.LoadX509KeyPair(server.tls("client-auth-proxy.crt"), server.tls("client-auth-proxy.key"))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(server.authorities.server.PEM)
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(server.authorities.client.PEM)
	target := &url.URL{Scheme: "https", Host: "127.0.0.1:6444"}
	proxy := func(certificates ...tls.Certificate) *httputil.ReverseProxy {
		made := httputil.NewSingleHostReverseProxy(target)
		made.FlushInterval = -1
		made.ErrorLog = stdlog.New(io.Discard, "", 0)
		// HTTP/1.1 only: connections that become streams (exec, port-forward) can be no part of HTTP/2.
		made.Transport = &http.Transport{MaxIdleConnsPerHost: 64, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
			TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: certificates}}
		made.ErrorHandler = func(answer http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(answer, "apiserver not ready", http.StatusServiceUnavailable)
		}
		return made
	}
	asUser, asIs := proxy(pair), proxy()
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		for name := range request.Header {
			if strings.HasPrefix(name, "X-Remote-") {
				request.Header.Del(name)
			}
		}
		if len(request.TLS.PeerCertificates) == 0 {
			asIs.ServeHTTP(answer, request)
			return
		}
		subject := request.TLS.PeerCertificates[0]
		if _, err := subject.Verify(x509.VerifyOptions{Roots: clients, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			http.Error(answer, "Unauthorized", http.StatusUnauthorized)
			return
		}
		request.Header.Del("Authorization")
		request.Header.Set("X-Remote-User", subject.Subject.CommonName)
		for _, group := range subject.Subject.Organization {
			request.Header.Add("X-Remote-Group", group)
		}
		asUser.ServeHTTP(answer, request)
	}), nil
}

// identityOf is what an agent gets: its certificates, signed once its password was found right.
type identityOf struct {
	ClientCA                               []byte
	KubeletCertificate, KubeletKey         []byte
	ServingCertificate, ServingKey         []byte
	ProxyCertificate, ProxyKey             []byte
	ClusterCIDR, ClusterDNS, ClusterDomain string
}

// serveMembers answers servers and agents that join, by their token.
func (server *clusterServer) serveMembers(answer http.ResponseWriter, request *http.Request) {
	user, password, _ := request.BasicAuth()
	isServer := user == "server" && password == server.password
	isAgent := isServer || user == "node" && (password == server.password && server.one("agent-token") == "" || password == server.one("agent-token") && password != "") ||
		server.isBootstrapToken(password)
	forServers := request.URL.Path == "/v1-k3s/server-bootstrap" || request.URL.Path == "/db/info"
	if forServers && !isServer || !isAgent {
		http.Error(answer, "Unauthorized", http.StatusUnauthorized)
		return
	}
	var given interface{}
	var err error
	switch request.URL.Path {
	case "/v1-k3s/server-bootstrap":
		given, err = server.giveBootstrap()
	case "/db/info":
		given, err = server.giveMembers()
	case "/v1-k3s/agent-identity":
		given, err = server.giveIdentity(request.Header.Get("k3s-Node-Name"), request.Header.Get("k3s-Node-Password"), request.Header.Get("k3s-Node-IP"))
	case "/v1-k3s/apiservers":
		given, err = server.apiServers()
	default:
		http.NotFound(answer, request)
		return
	}
	if err != nil {
		status := http.StatusServiceUnavailable
		if strings.Contains(err.Error(), "Node password rejected") {
			status = http.StatusForbidden
		}
		http.Error(answer, err.Error(), status)
		return
	}
	_ = json.NewEncoder(answer).Encode(given)
}

func (server *clusterServer) giveBootstrap() (bootstrap, error) {
	if !server.isReady {
		return bootstrap{}, fmt.Errorf("server is not ready")
	}
	made := bootstrap{Files: map[string][]byte{}, Critical: server.critical()}
	for _, file := range shared {
		content, err := os.ReadFile(server.tls(file))
		if err != nil {
			return made, err
		}
		made.Files[file] = content
	}
	if server.hasManagedEtcd() {
		made.Etcd = []string{server.address}
	}
	return made, nil
}

// giveMembers lists etcd's members, as servers that join ask for them.
func (server *clusterServer) giveMembers() (map[string]interface{}, error) {
	local, err := server.localEtcd()
	if err != nil {
		return nil, err
	}
	members, err := local.Members()
	return map[string]interface{}{"members": members}, err
}

func (server *clusterServer) giveIdentity(node, password, address string) (identityOf, error) {
	if server.admin == nil {
		return identityOf{}, fmt.Errorf("apiserver not ready")
	}
	if err := server.keepNodePassword(node, password); err != nil {
		return identityOf{}, err
	}
	made := identityOf{ClientCA: server.authorities.client.PEM, ClusterCIDR: server.or("cluster-cidr", "10.42.0.0/16"),
		ClusterDNS: server.critical()["ClusterDNS"], ClusterDomain: server.or("cluster-domain", "cluster.local")}
	var err error
	if made.KubeletCertificate, made.KubeletKey, err = server.authorities.client.Issue(kubeletClient(node)); err != nil {
		return made, err
	}
	if made.ServingCertificate, made.ServingKey, err = server.authorities.server.Issue(kubeletServer(node, address)); err != nil {
		return made, err
	}
	proxy, err := os.ReadFile(server.tls("client-kube-proxy.crt"))
	if err != nil {
		return made, err
	}
	made.ProxyCertificate = proxy
	made.ProxyKey, err = os.ReadFile(server.tls("client-kube-proxy.key"))
	return made, err
}

// apiServers lists the servers that are Ready, as agents balance over them.
func (server *clusterServer) apiServers() ([]string, error) {
	if server.admin == nil {
		return nil, fmt.Errorf("apiserver not ready")
	}
	nodes, err := server.admin.List("/api/v1/nodes?labelSelector=node-role.kubernetes.io%2Fcontrol-plane")
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, node := range nodes {
		if api.NodeIsReady(node) {
			addresses = append(addresses, net.JoinHostPort(api.NodeAddress(node), server.or("https-listen-port", "6443")))
		}
	}
	return addresses, nil
}

// serveEtcdGateway gives etcd's JSON API at 127.0.0.1:2382, where the real one has it; the client's certificate is
// checked as etcd does.
func (server *clusterServer) serveEtcdGateway() error {
	pair, err := tls.LoadX509KeyPair(server.tls("etcd/client.crt"), server.tls("etcd/client.key"))
	if err != nil {
		return err
	}
	own, err := tls.LoadX509KeyPair(server.tls("etcd/server-client.crt"), server.tls("etcd/server-client.key"))
	if err != nil {
		return err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(server.authorities.etcdServer.PEM)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: "127.0.0.1:2379"})
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{pair}}}
	listener, err := net.Listen("tcp", "127.0.0.1:2382")
	if err != nil {
		return err
	}
	listening := &http.Server{Handler: proxy, ErrorLog: stdlog.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert}}
	go func() { server.family.Failed <- listening.ServeTLS(listener, "", "") }()
	return nil
}
