package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lab/api"
	"lab/pki"
)

const servingSecret = "/api/v1/namespaces/kube-system/secrets/k3s-serving"

// serving is the listener's certificate, which all servers share by a secret: a name that one was told is soon in
// all. It keeps the names that it had; a new beginning needs both its file and the secret gone.
type serving struct {
	file    string
	names   []string
	mutex   sync.Mutex
	current *tls.Certificate
}

// openServing reads the certificate or makes it, for the names that it is to be for and those that it was for.
func (server *clusterServer) openServing(names []string) error {
	file := server.tls("dynamic-cert")
	if !exists(file + ".json") {
		_ = os.Remove(file + ".crt")
	}
	server.serving = &serving{file: file, names: unique(names)}
	if text, err := os.ReadFile(file + ".crt"); err == nil {
		if old, err := pki.Parse(text); err == nil {
			names = append(names, namesOf(old)...)
		}
	}
	if err := server.authorities.server.Renew(file, pki.Leaf{Name: "k3s", Groups: []string{"k3s"}, Hosts: unique(names)}); err != nil {
		return err
	}
	return server.serving.load()
}

func (made *serving) load() error {
	pair, err := tls.LoadX509KeyPair(made.file+".crt", made.file+".key")
	if err != nil {
		return err
	}
	made.mutex.Lock()
	made.current = &pair
	made.mutex.Unlock()
	return os.WriteFile(made.file+".json", []byte("{}"), 0o600)
}

// get is what a handshake asks for.
func (made *serving) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	made.mutex.Lock()
	defer made.mutex.Unlock()
	return made.current, nil
}

func namesOf(certificate *x509.Certificate) []string {
	names := append([]string(nil), certificate.DNSNames...)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// keepServing brings the file and the secret to say the same, until the process ends.
func (server *clusterServer) keepServing() {
	for ; ; time.Sleep(2 * time.Second) {
		if err := server.settleServing(); err != nil && !api.Exists(err) {
			log("warning", "Unable to keep the certificate of the listener: %v", err)
		}
	}
}

func (server *clusterServer) settleServing() error {
	file := server.serving.file
	own, err := os.ReadFile(file + ".crt")
	if err != nil {
		return err
	}
	found, err := server.admin.Get(servingSecret)
	if api.IsNotFound(err) {
		key, err := os.ReadFile(file + ".key")
		if err != nil {
			return err
		}
		return server.admin.Create(filepath.Dir(servingSecret), api.Object{"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
			"metadata": api.Object{"name": "k3s-serving"}, "data": api.Object{"tls.crt": own, "tls.key": key}})
	}
	if err != nil {
		return err
	}
	shared := decoded(found, "tls.crt")
	certificate, err := pki.Parse([]byte(shared))
	if err != nil {
		return err
	}
	missing := certificate.CheckSignatureFrom(server.authorities.server.Certificate) != nil
	mine, err := pki.Parse(own)
	if err != nil {
		return err
	}
	wanted := append(namesOf(mine), server.serving.names...)
	for _, name := range wanted {
		missing = missing || certificate.VerifyHostname(name) != nil
	}
	if missing {
		names := unique(append(namesOf(certificate), wanted...))
		if err := server.authorities.server.Write(file, pki.Leaf{Name: "k3s", Groups: []string{"k3s"}, Hosts: names}); err != nil {
			return err
		}
		fresh, err := os.ReadFile(file + ".crt")
		if err != nil {
			return err
		}
		key, err := os.ReadFile(file + ".key")
		if err != nil {
			return err
		}
		text := base64.StdEncoding.EncodeToString
		if err := server.admin.Patch(servingSecret, api.Object{"data": api.Object{"tls.crt": text(fresh), "tls.key": text(key)}}); err != nil {
			return err
		}
		return server.serving.load()
	}
	if shared == string(own) {
		return nil
	}
	if err := pki.WriteFile(file+".key", []byte(decoded(found, "tls.key")), 0o600); err != nil {
		return err
	}
	if err := pki.WriteFile(file+".crt", []byte(shared), 0o644); err != nil {
		return err
	}
	return server.serving.load()
}
