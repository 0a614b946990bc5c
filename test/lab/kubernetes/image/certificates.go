package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const secrets = data + "/server/tls"

// identity is a certificate and its key, in PEM.
type identity struct {
	certificate, key []byte
}

// credentials is what the program itself needs of what was made; the rest lies in files below secrets.
type credentials struct {
	authority []byte
	admin     identity
}

// makeCredentials makes one authority and all that it signs. Elliptic curves: RSA keys alone would take seconds.
func makeCredentials(config config) (credentials, error) {
	now := time.Now()
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return credentials{}, err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return credentials{}, err
	}
	made := credentials{authority: encode("CERTIFICATE", signed)}

	serial := int64(1)
	issue := func(file, name, group string, hosts []string) (identity, error) {
		serial++
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		}
		if group != "" {
			leaf.Subject.Organization = []string{group}
		}
		for _, host := range hosts {
			if address := net.ParseIP(host); address != nil {
				leaf.IPAddresses = append(leaf.IPAddresses, address)
			} else {
				leaf.DNSNames = append(leaf.DNSNames, host)
			}
		}
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return identity{}, err
		}
		certificate, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
		if err != nil {
			return identity{}, err
		}
		pair := identity{certificate: encode("CERTIFICATE", certificate), key: encodeKey(key)}
		if err := writeSecret(file+".crt", pair.certificate); err != nil {
			return identity{}, err
		}
		return pair, writeSecret(file+".key", pair.key)
	}

	apiNames := append([]string{config.nodeIP, config.nodeName, serviceAddress, "127.0.0.1", "localhost", "kubernetes",
		"kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}, config.names...)
	if _, err := issue("apiserver", "kube-apiserver", "", apiNames); err != nil {
		return credentials{}, err
	}
	if _, err := issue("kubelet", config.nodeName, "", []string{config.nodeIP, config.nodeName}); err != nil {
		return credentials{}, err
	}
	if _, err := issue("apiserver-to-kubelet", "kube-apiserver", "system:masters", nil); err != nil {
		return credentials{}, err
	}
	if made.admin, err = issue("admin", "admin", "system:masters", nil); err != nil {
		return credentials{}, err
	}
	for _, user := range []struct{ program, name, group string }{
		// As an administrator it needs no service account for each controller, which would take it ten seconds more.
		{"kube-controller-manager", "system:kube-controller-manager", "system:masters"},
		{"kube-scheduler", "system:kube-scheduler", ""},
		{"kube-proxy", "system:kube-proxy", ""},
		{"kubelet", "system:node:" + config.nodeName, "system:nodes"},
	} {
		pair, err := issue(user.program+"-client", user.name, user.group, nil)
		if err != nil {
			return credentials{}, err
		}
		if err := writeSecret(user.program+".kubeconfig", made.kubeconfig(pair)); err != nil {
			return credentials{}, err
		}
	}
	accounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return credentials{}, err
	}
	if err := writeSecret("service-accounts.key", encodeKey(accounts)); err != nil {
		return credentials{}, err
	}
	if err := writeSecret("ca.key", encodeKey(authorityKey)); err != nil {
		return credentials{}, err
	}
	return made, writeSecret("ca.crt", made.authority)
}

// kubeconfig lets a user in, by the API server's address on this machine as in k3s's own.
func (made credentials) kubeconfig(user identity) []byte {
	text := base64.StdEncoding.EncodeToString
	return []byte(fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    certificate-authority-data: %s
    server: https://127.0.0.1:6443
contexts:
- name: default
  context:
    cluster: default
    user: default
current-context: default
preferences: {}
users:
- name: default
  user:
    client-certificate-data: %s
    client-key-data: %s
`, text(made.authority), text(user.certificate), text(user.key)))
}

func encode(kind string, bytes []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
}

func encodeKey(key *ecdsa.PrivateKey) []byte {
	bytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		panic(err) // Only a curve without a name fails, and ours has one.
	}
	return encode("EC PRIVATE KEY", bytes)
}

func writeSecret(name string, content []byte) error {
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(secrets, name), content, 0o600)
}
