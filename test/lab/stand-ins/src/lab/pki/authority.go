// Package pki makes certificate authorities and what they sign. Elliptic curves: RSA keys alone would take seconds.
package pki

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

// Authority signs certificates. Its files are <path>.crt and <path>.key.
type Authority struct {
	Certificate *x509.Certificate
	PEM         []byte
	key         *ecdsa.PrivateKey
}

// Leaf is what a certificate says: a user, or a server's names and addresses, or both.
type Leaf struct {
	Name   string
	Groups []string
	Hosts  []string
}

// OpenAuthority reads an authority's files, or makes it and them.
func OpenAuthority(path, name string) (*Authority, error) {
	if _, err := os.Stat(path + ".key"); err == nil {
		return readAuthority(path)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0), Subject: pkix.Name{CommonName: fmt.Sprintf("%s@%d", name, now.Unix())},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if err := WriteFile(path+".crt", Encode("CERTIFICATE", signed), 0o644); err != nil {
		return nil, err
	}
	if err := WriteFile(path+".key", EncodeKey(key), 0o600); err != nil {
		return nil, err
	}
	return readAuthority(path)
}

func readAuthority(path string) (*Authority, error) {
	text, err := os.ReadFile(path + ".crt")
	if err != nil {
		return nil, err
	}
	certificate, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s.crt: %w", path, err)
	}
	secret, err := os.ReadFile(path + ".key")
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(secret)
	if block == nil {
		return nil, fmt.Errorf("%s.key: no PEM", path)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s.key: %w", path, err)
	}
	return &Authority{Certificate: certificate, PEM: text, key: key}, nil
}

// Issue signs a certificate for a year and gives it with its key, in PEM.
func (authority *Authority) Issue(leaf Leaf) (certificate, key []byte, err error) {
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: leaf.Name, Organization: leaf.Groups},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	for _, host := range leaf.Hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, authority.Certificate, made.Public(), authority.key)
	if err != nil {
		return nil, nil, err
	}
	return Encode("CERTIFICATE", signed), EncodeKey(made), nil
}

// Write issues a certificate anew, whatever was there: <path>.crt and <path>.key.
func (authority *Authority) Write(path string, leaf Leaf) error {
	certificate, key, err := authority.Issue(leaf)
	if err != nil {
		return err
	}
	if err := WriteFile(path+".crt", certificate, 0o644); err != nil {
		return err
	}
	return WriteFile(path+".key", key, 0o600)
}

// Renew issues a certificate unless the one that is there will do for 120 days more.
func (authority *Authority) Renew(path string, leaf Leaf) error {
	text, err := os.ReadFile(path + ".crt")
	if err == nil {
		if found, err := Parse(text); err == nil && authority.stillGood(found, leaf) {
			return nil
		}
	}
	return authority.Write(path, leaf)
}

func (authority *Authority) stillGood(found *x509.Certificate, leaf Leaf) bool {
	if found.CheckSignatureFrom(authority.Certificate) != nil || time.Until(found.NotAfter) < 120*24*time.Hour {
		return false
	}
	for _, host := range leaf.Hosts {
		if found.VerifyHostname(host) != nil {
			return false
		}
	}
	return found.Subject.CommonName == leaf.Name
}

// Kubeconfig lets a user in at a server.
func Kubeconfig(server, name string, authority, certificate, key []byte) []byte {
	text := base64.StdEncoding.EncodeToString
	return []byte(fmt.Sprintf(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %[3]s
    server: %[1]s
  name: %[2]s
contexts:
- context:
    cluster: %[2]s
    user: %[2]s
  name: %[2]s
current-context: %[2]s
kind: Config
preferences: {}
users:
- name: %[2]s
  user:
    client-certificate-data: %[4]s
    client-key-data: %[5]s
`, server, name, text(authority), text(certificate), text(key)))
}

// Parse reads the first certificate of a PEM text.
func Parse(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// Encode puts bytes into PEM.
func Encode(kind string, bytes []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
}

// EncodeKey puts a private key into PEM.
func EncodeKey(key *ecdsa.PrivateKey) []byte {
	bytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		panic(err) // Only a curve without a name fails, and ours has one.
	}
	return Encode("EC PRIVATE KEY", bytes)
}

// WriteFile writes a file that its reader never sees half, and makes its folder.
func WriteFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", content, mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
