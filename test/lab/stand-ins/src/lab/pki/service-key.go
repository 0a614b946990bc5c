package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
)

// ServiceAccountKey makes the key that signs service accounts' tokens, unless it is there.
func ServiceAccountKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return WriteFile(path, EncodeKey(key), 0o600)
}
