package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// supervisor is the part of another server that is not Kubernetes' API: `https://10.0.0.2:6443/v1-k3s/…`.
type supervisor struct {
	base           string
	authority      []byte
	user, password string
	http           *http.Client
}

// meet asks a server for its authority, which has to be the one that a full token names.
func meet(base, token, user string) (*supervisor, error) {
	hash, tokenUser, password, err := secretOf(token)
	if err != nil {
		return nil, err
	}
	if tokenUser != "" {
		user = tokenUser
	}
	base = strings.TrimSuffix(base, "/")
	unchecked := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := unchecked.Get(base + "/cacerts")
	if err != nil {
		return nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	defer response.Body.Close()
	authority, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("failed to get CA certs: %s: %s", base+"/cacerts", response.Status)
	}
	if found := hashOf(authority); hash != "" && hash != found {
		return nil, fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s", hash, found)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &supervisor{base: base, authority: authority, user: user, password: password,
		http: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}, nil
}

// get reads JSON into something; headers say which node asks.
func (server *supervisor) get(path string, headers map[string]string, into interface{}) error {
	request, err := http.NewRequest("GET", server.base+path, nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(server.user, server.password)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := server.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		if said := strings.TrimSpace(string(text)); response.StatusCode == http.StatusForbidden && said != "" {
			return fmt.Errorf("%s", said)
		}
		return fmt.Errorf("%s: %s", server.base+path, response.Status)
	}
	return json.Unmarshal(text, into)
}
