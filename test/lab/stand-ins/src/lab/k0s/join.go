package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lab/pki"
)

// joinAnswer is what a controller gives one that joins: the authorities' files, and etcd's members with the new one.
type joinAnswer struct {
	Files          map[string][]byte `json:"files,omitempty"`
	InitialCluster string            `json:"initialCluster,omitempty"`
}

type joinQuestion struct {
	Node        string `json:"node"`
	PeerAddress string `json:"peerAddress"`
}

// join makes this a member of the cluster that its token names, unless it is one already; it gives etcd's initial cluster.
func (node *controllerNode) join() (string, error) {
	file := node.one("token-file")
	if file == "" {
		return "", nil
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("failed to read token file %q: %w", file, err)
	}
	if _, err := os.Stat(node.in("etcd/member")); err == nil {
		return "", nil
	}
	token, _, err := readToken(file, controllerUser)
	if err != nil {
		return "", fmt.Errorf("failed to join cluster: %w", err)
	}
	var given joinAnswer
	if err := token.ask("GET", "/v1beta1/ca", nil, &given); err != nil {
		return "", fmt.Errorf("failed to join cluster: failed to sync CA: %w", err)
	}
	for _, name := range shared {
		if err := pki.WriteFile(node.pki(name), given.Files[name], 0o600); err != nil {
			return "", err
		}
	}
	question := joinQuestion{nodeName(), node.config.Spec.Storage.Etcd.PeerAddress}
	if err := token.ask("POST", "/v1beta1/etcd/members", question, &given); err != nil {
		return "", fmt.Errorf("failed to join etcd cluster: %w", err)
	}
	return given.InitialCluster, nil
}

func (made joinToken) ask(method, path string, question, answer interface{}) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(made.Authority)
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	text, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, made.URL+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+made.Secret)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("unexpected response status when trying to join: %s: %s", response.Status, strings.TrimSpace(string(said)))
	}
	return json.Unmarshal(said, answer)
}

// serveJoins is k0s's own API, by which controllers join.
func (node *controllerNode) serveJoins() error {
	pair, err := tls.LoadX509KeyPair(node.pki("k0s-api.crt"), node.pki("k0s-api.key"))
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	guarded := func(work func(question joinQuestion) (joinAnswer, error)) http.HandlerFunc {
		return func(answer http.ResponseWriter, request *http.Request) {
			if !node.mayJoin(strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")) {
				http.Error(answer, "go away", http.StatusUnauthorized)
				return
			}
			var question joinQuestion
			_ = json.NewDecoder(request.Body).Decode(&question)
			given, err := work(question)
			if err != nil {
				http.Error(answer, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(answer).Encode(given)
		}
	}
	routes.HandleFunc("/v1beta1/ca", guarded(node.giveAuthorities))
	routes.HandleFunc("/v1beta1/etcd/members", guarded(node.addMember))
	listening := &http.Server{Addr: fmt.Sprintf(":%d", node.config.Spec.API.K0sAPIPort), Handler: routes, ErrorLog: stdlog.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}
	go func() { node.family.Failed <- listening.ListenAndServeTLS("", "") }()
	return nil
}

func (node *controllerNode) giveAuthorities(joinQuestion) (joinAnswer, error) {
	made := joinAnswer{Files: map[string][]byte{}}
	for _, name := range shared {
		content, err := os.ReadFile(filepath.Join(node.data, "pki", name))
		if err != nil {
			return made, err
		}
		made.Files[name] = content
	}
	return made, nil
}

// addMember announces the new one as a learner and gives it its vote when it is in sync.
func (node *controllerNode) addMember(question joinQuestion) (joinAnswer, error) {
	local, err := node.localEtcd()
	if err != nil {
		return joinAnswer{}, err
	}
	joining := node.member()
	joining.Name, joining.Address = question.Node, question.PeerAddress
	cluster, err := joining.Join(local)
	if err != nil {
		return joinAnswer{}, err
	}
	go func() {
		if err := joining.PromoteWhenInSync(local, 2*time.Minute); err != nil {
			say("%v", err)
		}
	}()
	return joinAnswer{InitialCluster: cluster}, nil
}
